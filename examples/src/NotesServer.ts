/**
 * A protected MCP server: notes that belong to the caller that writes them.
 *
 * The pipe at the end configures authorization. The tools only declare that they need the caller, and which permissions
 * the caller needs.
 */
import * as AuthInfo from "@effect-mcp-auth/core/AuthInfo"
import * as AuthorizationServer from "@effect-mcp-auth/core/AuthorizationServer"
import * as McpAuth from "@effect-mcp-auth/core/McpAuth"
import * as Policy from "@effect-mcp-auth/core/Policy"
import * as TokenVerifier from "@effect-mcp-auth/core/TokenVerifier"
import * as McpProtocol from "effect/ai/McpProtocol"
import * as McpServer from "effect/ai/McpServer"
import * as Tool from "effect/ai/Tool"
import * as Toolkit from "effect/ai/Toolkit"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"

const WhoAmI = Tool.make("WhoAmI", {
  description: "Returns the caller of the token",
  success: Schema.Struct({ subject: Schema.String, client: Schema.String, scopes: Schema.Array(Schema.String) }),
  dependencies: [AuthInfo.AuthInfo]
})

const AddNote = Tool.make("AddNote", {
  description: "Writes a note",
  parameters: Schema.Struct({ text: Schema.String }),
  success: Schema.Struct({ count: Schema.Int }),
  dependencies: [AuthInfo.AuthInfo]
})

/** A tool that needs more than authentication declares its policy. */
const ClearNotes = Policy.tool(Policy.scopes("notes:write"))(Tool.make("ClearNotes", {
  description: "Deletes all notes",
  success: Schema.Struct({ count: Schema.Int })
}))

const Notes = Toolkit.make(WhoAmI, AddNote, ClearNotes)

const handlers = Notes.toLayer(Effect.gen(function*() {
  const notes = yield* Ref.make<Readonly<Record<string, ReadonlyArray<string>>>>({})
  return {
    WhoAmI: () =>
      Effect.map(AuthInfo.AuthInfo, ({ clientId, scopes, subject }) => ({
        subject: subject ?? "unknown",
        client: clientId ?? "unknown",
        scopes: [...scopes]
      })),
    AddNote: ({ text }) =>
      Effect.gen(function*() {
        const owner = AuthInfo.principal(yield* AuthInfo.AuthInfo)
        const mine = yield* Ref.modify(notes, (all) => {
          const mine = [...all[owner] ?? [], text]
          return [mine, { ...all, [owner]: mine }]
        })
        return { count: mine.length }
      }),
    ClearNotes: () =>
      Effect.gen(function*() {
        const owner = AuthInfo.principal(yield* AuthInfo.AuthInfo)
        yield* Ref.update(notes, (all) => ({ ...all, [owner]: [] }))
        return { count: 0 }
      })
  }
}))

/** Options for the server. */
export interface Options {
  /** The URL of the server, as clients write it. */
  readonly resource: string
  readonly issuer: string
  /** More issuers whose tokens are accepted. */
  readonly otherIssuers?: ReadonlyArray<string> | undefined
  /** How tokens are verified. Default: as JWTs, by the keys of their issuers. */
  readonly verifier?: TokenVerifier.Method | undefined
  /** Where the server is on its host. Default: `/mcp`. */
  readonly path?: `/${string}` | undefined
  /** The web origins that may call the server. Default: none. */
  readonly allowedOrigins?: ReadonlyArray<string> | undefined
  /** The allowed clock skew between the provider and this program. Default: 30 seconds. */
  readonly clockTolerance?: Duration.Input | undefined
}

/** The server as a layer, for any HTTP server. */
export const layer = (
  { allowedOrigins = [], clockTolerance, issuer, otherIssuers = [], path = "/mcp", resource, verifier }: Options
) =>
  McpServer.layerHttp({
    name: "notes",
    version: "1.0.0",
    path,
    // The server itself refuses pages of other origins, so what it lets in is said to both.
    allowedOrigins,
    protocols: [
      McpProtocol.v2026_07_28,
      McpProtocol.v2025_11_25,
      McpProtocol.v2025_06_18,
      McpProtocol.v2025_03_26
    ],
    registrations: McpServer.toolkit(Notes).pipe(Layer.provide(handlers))
  }).pipe(
    McpAuth.protect({
      resource,
      authorizationServers: [issuer, ...otherIssuers].map((issuer) =>
        AuthorizationServer.discover(issuer, { allowInsecureLoopback: true })
      ),
      scopesSupported: ["notes:read", "notes:write"],
      requiredScopes: ["notes:read"],
      // Clients see what more scopes would open, and can ask for them.
      visibility: "locked",
      verifier: verifier ?? TokenVerifier.jwt({ clockTolerance }),
      allowedOrigins,
      // Both are on this machine and without TLS, which must be said.
      allowInsecureLoopback: true
    })
  )
