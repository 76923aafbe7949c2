import * as Command from "effect/cli/Command"
import { checkCommand } from "./checkCommand.ts"
import { explainCommand } from "./explainCommand.ts"

/** The `mcp-auth` command. */
export const command = Command.make("mcp-auth").pipe(
  Command.withDescription(
    "OAuth for MCP servers: check the metadata of a provider, and explain the decision about a token"
  ),
  Command.withSubcommands([checkCommand, explainCommand])
)
