import type { Evidence } from "../Evidence.ts"

/** TypeScript SDK 1.x. */
export const ts1 = ["ts-1.12", "ts-1.13", "ts-1.20", "ts-1.23", "ts-1.31"] as const

/** TypeScript SDK 2.x, and what is built on it. */
export const ts2 = ["ts-2", "mastra", "mcp-remote", "inspector"] as const

/** The generations of the TypeScript SDK that compare `resource` by origin and path prefix. */
export const prefix = ["ts-1.13", "ts-1.20", "ts-1.23", "ts-1.31", ...ts2] as const

/** The generations of the Python SDK that compare `resource`. */
export const python = ["python-1.29", "python-2"] as const

/** The Rust SDK, and what is built on it. */
export const rust = ["rmcp", "codex", "codex-0.146", "codex-desktop", "goose"] as const

/** Clients that compare `resource` with the whole URL. */
export const exact = ["vscode", "gemini", "gemini-0.59", "claude-web"] as const

/** Clients that take the origin of the MCP server as authorization server if there is no metadata of the resource. */
export const falling = [
  "ts-1.12",
  ...prefix,
  "python-1.22",
  "python-1",
  ...python,
  ...rust,
  "csharp",
  "go",
  "ai-sdk",
  "vscode",
  "claude-web",
  "claude-code",
  "copilot-cli",
  "cursor",
  "gemini",
  "gemini-0.59",
  "librechat"
] as const

/** Whether the origin of the MCP server does not describe an authorization server. */
export const withoutOriginProvider = ({ server }: Evidence): boolean => server?.originProvider?.document === undefined
