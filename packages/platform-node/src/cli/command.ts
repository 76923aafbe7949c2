import * as Command from "effect/cli/Command"
import { checkCommand } from "./checkCommand.ts"
import { explainCommand } from "./explainCommand.ts"

/** The `mcp-auth` command. */
export const command = Command.make("mcp-auth").pipe(
  Command.withDescription("OAuth for MCP servers: check what a provider publishes, and explain what a token may do"),
  Command.withSubcommands([checkCommand, explainCommand])
)
