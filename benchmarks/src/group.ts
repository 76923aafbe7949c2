/** Runs one group in its own process, so that groups do not share memory or compiled code. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import { GroupOptions, runGroup } from "./groups.ts"
import { optionsOf, tell } from "./harness/parent.ts"

NodeRuntime.runMain(
  Effect.flatMap(Effect.scoped(runGroup(optionsOf(GroupOptions))), (result) => Effect.sync(() => tell(result)))
)
