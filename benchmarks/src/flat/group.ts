/** Whether the cost of a request is independent of the number of issuers, tools and known tokens. */
import * as Effect from "effect/Effect"
import type { ChildFailed } from "../harness/Child.ts"
import type { GroupResult } from "../report/model.ts"
import { issuers } from "./issuers.ts"
import { memory } from "./memory.ts"
import { tools } from "./tools.ts"

export const flat = (tokens: number): Effect.Effect<GroupResult, ChildFailed> =>
  Effect.gen(function*() {
    const byIssuers = yield* issuers
    const byTools = yield* tools
    const byTokens = yield* memory(tokens)
    return {
      tables: [byIssuers.table, ...byTools.tables, byTokens.table],
      targets: [...byIssuers.targets, byTools.target, byTokens.target]
    }
  })
