/** One group, in a process of its own, so that none finds what another left in memory or in the compiler. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import { GroupOptions, runGroup } from "./groups.ts"
import { optionsOf, tell } from "./harness/parent.ts"

NodeRuntime.runMain(
  Effect.flatMap(Effect.scoped(runGroup(optionsOf(GroupOptions))), (result) => Effect.sync(() => tell(result)))
)
