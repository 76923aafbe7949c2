import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { command } from "./command.ts"
import { wrongUsage } from "./exit.ts"
import { version } from "./version.ts"

Command.run(command, { version }).pipe(
  // `--help` exits with 0 by itself. This error means that the arguments were invalid.
  Effect.catchTag("ShowHelp", () => wrongUsage),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain
)
