/** Shared by the resilience tests: table cells in words, and responses that are timed by the clock of the test. */
import { assert } from "@effect/vitest"
import { Duration, Effect } from "effect"
import type { Answer } from "../server/harness.ts"
import { elapse } from "../time.ts"

/** The content of a table cell: the status, the maximum number of seconds, and the `Retry-After` if it is exact. */
export type Stated = `${200 | 401 | 503} in ${number} s` | `503 in ${number} s, retry after ${number} s`

interface Expected {
  readonly status: number
  readonly seconds: number
  readonly retryAfter: string | undefined
}

const expectedOf = (stated: Stated): Expected => {
  const [status = 0, seconds = 0, retryAfter] = stated.match(/\d+/g)?.map(Number) ?? []
  return { status, seconds, retryAfter: retryAfter === undefined ? undefined : String(retryAfter) }
}

/** Compares a response with its table cell, and returns its Retry-After, if any, in seconds. */
export const assertStated = Effect.fnUntraced(function*<R>(
  request: Effect.Effect<Answer, never, R>,
  stated: Stated,
  what: string
) {
  const expected = expectedOf(stated)
  const [took, { body, headers, status }] = yield* Effect.timed(elapse(request, expected.seconds))
  const challenge = headers.get("www-authenticate")
  const retryAfter = headers.get("retry-after")
  assert.strictEqual(status, expected.status, `${what}: ${body} ${challenge}`)
  assert.isAtMost(Duration.toSeconds(took), expected.seconds, what)
  if (status === 503) {
    assert.match(retryAfter ?? "", /^[1-9][0-9]*$/, what)
    assert.isNull(challenge, what)
    assert.notInclude(body, "invalid_token")
    if (expected.retryAfter !== undefined) assert.strictEqual(retryAfter, expected.retryAfter, what)
  }
  if (status === 401) assert.include(challenge, "Bearer", what)
  return Number(retryAfter ?? "0")
})
