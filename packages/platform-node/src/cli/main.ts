#!/usr/bin/env node
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { command, wrongUsage } from "./command.ts"
import { version } from "./version.ts"

Command.run(command, { version }).pipe(
  // Help that was asked for is no failure; help that was needed is wrong usage.
  Effect.catchTag("ShowHelp", (help) => help.errors.length === 0 ? Effect.void : wrongUsage),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain
)
