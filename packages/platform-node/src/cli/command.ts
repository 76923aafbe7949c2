import * as Command from "effect/cli/Command"
import { apiKeyCommand } from "./apiKeyCommand.ts"
import { checkCommand } from "./checkCommand.ts"
import { doctorCommand } from "./doctorCommand.ts"
import { explainCommand } from "./explainCommand.ts"
import { loginCommand, logoutCommand } from "./loginCommand.ts"
import { tokenCommand } from "./tokenCommand.ts"
import { tokensCommand } from "./tokensCommand.ts"

/** The `mcp-auth` command. */
export const command = Command.make("mcp-auth").pipe(
  Command.withDescription(
    "OAuth for MCP servers: find out why clients do not connect, check the metadata of a provider, explain the decision " +
      "about a token, generate API keys, get a token for development, log in to an MCP server"
  ),
  Command.withSubcommands([
    doctorCommand,
    checkCommand,
    explainCommand,
    apiKeyCommand,
    tokenCommand,
    loginCommand,
    logoutCommand,
    tokensCommand
  ])
)
