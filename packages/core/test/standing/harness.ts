/** What the tests of standing share: cells of tables in words, and answers that are measured by the clock of the test. */
import { assert } from "@effect/vitest"
import { Clock, Effect, Fiber } from "effect"
import type { Answer } from "../server/harness.ts"
import { pass, settled } from "../time.ts"

/**
 * What a cell of a table states: the status, after how many seconds at most it is there, and the `Retry-After` where it
 * is a certain one.
 */
export type Stated = `${200 | 401 | 503} in ${number} s` | `503 in ${number} s, come again in ${number} s`

interface Expected {
  readonly status: number
  readonly seconds: number
  readonly retryAfter: string | undefined
}

const expectedOf = (stated: Stated): Expected => {
  const [status = 0, seconds = 0, retryAfter] = stated.match(/\d+/g)?.map(Number) ?? []
  return { status, seconds, retryAfter: retryAfter === undefined ? undefined : String(retryAfter) }
}

/** An answer, and how many seconds of the test's clock went by. The clock goes no further than it must. */
const timed = Effect.fnUntraced(function*<R>(request: Effect.Effect<Answer, never, R>, most: number) {
  const start = yield* Clock.currentTimeMillis
  const fiber = yield* Effect.forkChild(request)
  yield* settled
  for (let second = 0; fiber.pollUnsafe() === undefined && second < most; second++) yield* pass(1)
  // By now the answer must be there without the clock: a request that hangs fails its test.
  const answer = yield* Fiber.join(fiber)
  return { answer, seconds: ((yield* Clock.currentTimeMillis) - start) / 1000 }
})

/** Holds an answer to what is stated of it, and says when to come again, in seconds, if it does. */
export const assertStated = Effect.fnUntraced(function*<R>(
  request: Effect.Effect<Answer, never, R>,
  stated: Stated,
  what: string
) {
  const expected = expectedOf(stated)
  const { answer: { body, headers, status }, seconds } = yield* timed(request, expected.seconds)
  const challenge = headers.get("www-authenticate")
  const retryAfter = headers.get("retry-after")
  assert.strictEqual(status, expected.status, `${what}: ${body} ${challenge}`)
  assert.isAtMost(seconds, expected.seconds, what)
  if (status === 503) {
    assert.match(retryAfter ?? "", /^[1-9][0-9]*$/, what)
    assert.isNull(challenge, what)
    assert.notInclude(body, "invalid_token")
    if (expected.retryAfter !== undefined) assert.strictEqual(retryAfter, expected.retryAfter, what)
  }
  if (status === 401) assert.include(challenge, "Bearer", what)
  return Number(retryAfter ?? "0")
})
