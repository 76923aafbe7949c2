import { UserAgent } from "@effect-mcp-auth/core"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Queue, Terminal } from "effect"

class Person extends Context.Service<Person, { readonly answer: string }>()(
  "@effect-mcp-auth/core/test/client/UserAgent.test/Person"
) {}

const page = new URL("https://as.test/authorize?state=s1&code_challenge=c")

/** A terminal with a user who types one line. */
const terminalOf = (line: Effect.Effect<string, Terminal.QuitError>, shown: Array<string> = []) =>
  Layer.succeed(
    Terminal.Terminal,
    Terminal.make({
      columns: Effect.succeed(80),
      rows: Effect.succeed(24),
      size: Queue.unbounded(),
      readInput: Effect.never,
      readLine: line,
      display: (text) => Effect.sync(() => void shown.push(text))
    })
  )

const paste = (line: Effect.Effect<string, Terminal.QuitError>, shown?: Array<string>) =>
  Effect.gen(function*() {
    const session = yield* (yield* UserAgent.UserAgent).open()
    return [session.redirectUri, [...yield* session.authorize(page)]] as const
  }).pipe(Effect.scoped, Effect.provide(Layer.provide(UserAgent.layerPaste(), terminalOf(line, shown))))

describe("UserAgent.layerHeadless", () => {
  it.effect("runs an effect with the services of its layer", () =>
    Effect.gen(function*() {
      const session = yield* (yield* UserAgent.UserAgent).open("http://127.0.0.1:9/other")
      assert.strictEqual(session.redirectUri, "https://app.test/callback")
      assert.strictEqual((yield* session.authorize(page)).get("answer"), "yes")
    }).pipe(
      Effect.scoped,
      Effect.provide(
        UserAgent.layerHeadless({
          redirectUri: "https://app.test/callback",
          authorize: () => Effect.map(Person, (person) => new URLSearchParams({ ...person }))
        }).pipe(Layer.provide(Layer.succeed(Person, { answer: "yes" })))
      )
    ))
})

describe("UserAgent.layerPaste", () => {
  it.effect("prints the page, and reads the URL or the query that the user pastes, duplicates included", () =>
    Effect.gen(function*() {
      const shown: Array<string> = []
      const [redirectUri, answer] = yield* paste(
        Effect.succeed("  http://127.0.0.1:33418/callback?code=c&state=s1&iss=a&iss=b \n"),
        shown
      )
      assert.strictEqual(redirectUri, "http://127.0.0.1:33418/callback")
      assert.deepStrictEqual(answer, [["code", "c"], ["state", "s1"], ["iss", "a"], ["iss", "b"]])
      assert.include(shown.join(""), page.href)
      assert.deepStrictEqual((yield* paste(Effect.succeed("?state=s1&code=c")))[1], [["state", "s1"], ["code", "c"]])
    }))

  it.effect("fails without a part of the answer in its text", () =>
    Effect.gen(function*() {
      const unreadable = yield* Effect.flip(paste(Effect.succeed("code=s3cret")))
      assert.strictEqual(unreadable.reason, "unreadable-answer")
      assert.notInclude(unreadable.message, "s3cret")
      const quit = yield* Effect.flip(paste(Effect.fail(new Terminal.QuitError({}))))
      assert.strictEqual(quit.reason, "cancelled")
    }))
})
