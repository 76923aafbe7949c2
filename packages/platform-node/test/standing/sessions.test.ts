import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { askChild, freePort, start } from "./soak/children.ts"
import { beginSessions, wrongAnswers } from "./soak/sessions.ts"
import type { Health } from "./soak/settings.ts"

const megabyte = 1024 * 1024

describe("a public server", () => {
  it.live("keeps a flat heap under a flood of anonymous sessions", () =>
    Effect.gen(function*() {
      const [port, providerPort] = [yield* freePort, yield* freePort]
      const server = yield* start("server", [port, providerPort])
      const url = `http://127.0.0.1:${port}/mcp`
      // Code that is loaded and compiled at first, and as many sessions as the server keeps, are there before.
      assert.deepStrictEqual(wrongAnswers(yield* beginSessions(url)), [])
      const before = yield* askChild<Health>(server)
      assert.deepStrictEqual(wrongAnswers(yield* beginSessions(url)), [])
      const after = yield* askChild<Health>(server)
      assert.isBelow((after.heapUsed - before.heapUsed) / megabyte, 16)
      // As much as the process needs to run, and less than what was sent.
      assert.isBelow(after.heapUsed / megabyte, 100)
      assert.deepStrictEqual(after.troubles, [])
    }).pipe(Effect.scoped), 300_000)
})
