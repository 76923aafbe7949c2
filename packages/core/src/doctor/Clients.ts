/**
 * The MCP clients that the doctor knows, by generation: what their code, their vendors and reports say about them.
 *
 * @since 0.2.0
 */

/**
 * The steps of a connection, in order.
 *
 * @category models
 * @since 0.2.0
 */
export const steps = [
  "reach",
  "challenge",
  "resource",
  "discovery",
  "registration",
  "authorization",
  "token",
  "call"
] as const

/**
 * A step of a connection.
 *
 * @category models
 * @since 0.2.0
 */
export type Step = (typeof steps)[number]

/**
 * What a client does in each step, and which party answers.
 *
 * @category constants
 * @since 0.2.0
 */
export const stepTitles: { readonly [S in Step]: { readonly title: string; readonly party: "provider" | "server" } } = {
  reach: { title: "Reach the server", party: "server" },
  challenge: { title: "Get a 401 with a challenge", party: "server" },
  resource: { title: "Fetch and compare the metadata of the resource", party: "server" },
  discovery: { title: "Fetch and compare the metadata of the provider", party: "provider" },
  registration: { title: "Register, or use a client ID", party: "provider" },
  authorization: { title: "Log in at the authorization endpoint", party: "provider" },
  token: { title: "Exchange the code for a token", party: "provider" },
  call: { title: "Call the server with the token", party: "server" }
}

/**
 * How well a fact is known: read in the code, documented by the vendor, reported by users, or inferred.
 *
 * @category models
 * @since 0.2.0
 */
export type Confidence = "code" | "documented" | "inferred" | "reported"

/**
 * A client, or one generation of it.
 *
 * @category models
 * @since 0.2.0
 */
export interface Client {
  /** Stable: rules and reports name the client by it. */
  readonly id: string
  readonly name: string
  /** The versions that behave in this way. */
  readonly versions: string
  /** How well its behavior is known. `unknown`: no fact was found, so no prediction is made. */
  readonly confidence: Confidence | "unknown"
}

const client = (id: string, name: string, versions: string, confidence: Client["confidence"]): Client => ({
  id,
  name,
  versions,
  confidence
})

/**
 * The clients, with libraries first. State of November 2026.
 *
 * @category constants
 * @since 0.2.0
 */
export const clients = [
  client("ts-1.12", "TypeScript SDK 1.x", "1.12", "code"),
  client("ts-1.13", "TypeScript SDK 1.x", "1.13 to 1.19", "code"),
  client("ts-1.20", "TypeScript SDK 1.x", "1.20 to 1.22", "code"),
  client("ts-1.23", "TypeScript SDK 1.x", "1.23 to 1.30", "code"),
  client("ts-1.31", "TypeScript SDK 1.x", "1.31 to 1.32", "code"),
  client("ts-2", "TypeScript SDK 2.x (@modelcontextprotocol/client)", "2.0 to 2.4", "code"),
  client("python-1.22", "Python SDK 1.x", "1.12 to 1.22", "code"),
  client("python-1", "Python SDK 1.x", "1.23 to 1.28", "code"),
  client("python-1.29", "Python SDK 1.x", "1.29", "code"),
  client("python-2", "Python SDK 2.x", "2.3", "code"),
  client("rmcp", "Rust SDK (rmcp)", "3.1", "code"),
  client("csharp", "C# SDK", "2.2", "code"),
  client("go", "Go SDK", "1.7", "code"),
  client("spring", "Spring mcp-security", "0.1.10", "code"),
  client("ai-sdk", "Vercel AI SDK (@ai-sdk/mcp)", "2.0", "code"),
  client("mastra", "Mastra", "2.0", "code"),
  client("mcp-remote", "mcp-remote", "0.15", "code"),
  client("inspector", "MCP Inspector", "2.12", "code"),
  client("claude-web", "Claude (web, desktop, mobile)", "2026-11", "documented"),
  client("claude-code", "Claude Code", "2.1", "reported"),
  client("chatgpt", "ChatGPT", "2026-11", "documented"),
  client("codex", "OpenAI Codex", "0.153", "reported"),
  client("codex-0.146", "OpenAI Codex", "0.142 to 0.146", "reported"),
  client("codex-desktop", "OpenAI Codex Desktop", "2026-09", "reported"),
  client("vscode", "Visual Studio Code", "2025-10 and later", "code"),
  client("copilot-cli", "GitHub Copilot CLI", "1.0.79 and later", "reported"),
  client("cursor", "Cursor", "2026-09", "reported"),
  client("gemini-0.59", "Gemini CLI", "before 0.60", "code"),
  client("gemini", "Gemini CLI", "0.60 and later", "code"),
  client("zed", "Zed", "2026-08", "code"),
  client("goose", "Goose", "2026-08", "code"),
  client("librechat", "LibreChat", "2026-04", "code"),
  client("browser", "A client in a web page", "any", "inferred"),
  client("windsurf", "Windsurf", "2026-07", "unknown"),
  client("jetbrains", "JetBrains AI Assistant", "2026-11", "unknown")
] as const satisfies ReadonlyArray<Client>

/**
 * The ID of a client of this module.
 *
 * @category models
 * @since 0.2.0
 */
export type ClientId = (typeof clients)[number]["id"]
