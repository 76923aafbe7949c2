/**
 * Which addresses a server may connect to.
 *
 * A URL that somebody else wrote, such as the `jwks_uri` of a metadata document, can lead to the machine itself, to its
 * neighbours, or to the metadata service of its cloud. Unless allowed, only globally reachable addresses are connected
 * to. The ranges are those of the IANA special-purpose address registries (RFC 6890), and multicast.
 *
 * **Example** (Judging addresses)
 *
 * ```ts import.meta.vitest
 * import * as AddressPolicy from "@effect-mcp-auth/platform-node/AddressPolicy"
 * import * as Option from "effect/Option"
 *
 * AddressPolicy.refusedRange(AddressPolicy.publicOnly, "169.254.169.254") // => Option.some("link-local")
 * AddressPolicy.refusedRange(AddressPolicy.publicOnly, "8.8.8.8") // => Option.none()
 * ```
 *
 * @since 0.1.0
 */
export * as AddressPolicy from "./AddressPolicy.ts"

/**
 * What `mcp-auth check --format json` prints.
 *
 * The schema is the documentation of that form: members are only ever added, and `version` says when that is not so.
 *
 * **Example** (Reading a report)
 *
 * ```ts import.meta.vitest
 * import * as CheckReport from "@effect-mcp-auth/platform-node/CheckReport"
 * import * as Schema from "effect/Schema"
 *
 * const read = Schema.decodeUnknownSync(Schema.fromJsonString(CheckReport.CheckReport))
 * const report = read(`{"version":1,"asked":"https://as.test","verdict":"unavailable","attempts":[]}`)
 *
 * CheckReport.exitCode(report) // => 2
 * ```
 *
 * @since 0.1.0
 */
export * as CheckReport from "./CheckReport.ts"

/**
 * What `mcp-auth explain --format json` prints: what a server would do with a token, and why. The token is not in it.
 *
 * **Example** (Reading a report)
 *
 * ```ts import.meta.vitest
 * import * as ExplainReport from "@effect-mcp-auth/platform-node/ExplainReport"
 * import * as Schema from "effect/Schema"
 *
 * const read = Schema.decodeUnknownSync(Schema.fromJsonString(ExplainReport.ExplainReport))
 * const report = read(`{"version":1,"verdict":"permitted","policy":"authenticated"}`)
 *
 * ExplainReport.exitCode(report) // => 0
 * ```
 *
 * @since 0.1.0
 */
export * as ExplainReport from "./ExplainReport.ts"

/**
 * Authentication for servers that do not use Effect: Express, Hono, the MCP TypeScript SDK.
 *
 * The same verification as everywhere, behind one function that answers with a promise.
 *
 * **Example** (Guarding a fetch handler)
 *
 * ```ts import.meta.vitest
 * import * as AuthorizationServer from "@effect-mcp-auth/core/AuthorizationServer"
 * import * as NodeFetchAuth from "@effect-mcp-auth/platform-node/NodeFetchAuth"
 *
 * const auth = await NodeFetchAuth.start({
 *   resource: "https://api.example.com/mcp",
 *   authorizationServers: [AuthorizationServer.discover("https://auth.example.com")]
 * })
 *
 * const handler = async (request: Request): Promise<Response> => {
 *   const outcome = await auth.authenticate(request)
 *   if (outcome._tag === "Answered") return outcome.response
 *   return new Response(outcome.info.subject, { headers: outcome.headers })
 * }
 *
 * const { status } = await handler(new Request("https://api.example.com/mcp", { method: "POST" }))
 * await auth.close()
 * status // => 401
 * ```
 *
 * @since 0.1.0
 */
export * as NodeFetchAuth from "./NodeFetchAuth.ts"

/**
 * Signatures and digests by `node:crypto`, which answers at once: a key is read once, and a token that is verified by it
 * waits for nobody. `NodeMcpAuth.layer` has this in it.
 *
 * **Example** (Verifying with a prepared key)
 *
 * ```ts import.meta.vitest
 * import * as NodeJws from "@effect-mcp-auth/platform-node/NodeJws"
 * import * as Effect from "effect/Effect"
 * import { generateKeyPairSync, sign } from "node:crypto"
 *
 * const { privateKey, publicKey } = generateKeyPairSync("ed25519")
 * const signingInput = "eyJhbGciOiJFZERTQSJ9.e30"
 * const signature = sign(null, Buffer.from(signingInput), privateKey).toString("base64url")
 *
 * const verify = Effect.runSync(NodeJws.nodeCrypto.prepare(publicKey.export({ format: "jwk" }), "EdDSA"))
 *
 * verify({ compact: "", signingInput, signature }) // => true
 * ```
 *
 * @since 0.1.0
 */
export * as NodeJws from "./NodeJws.ts"

/**
 * What a Node program gives to `@effect-mcp-auth/core`: an HTTP client that is fit to ask strangers.
 *
 * It is undici with bounded connections, without redirects, cookies and proxies of its own, and with a guard: addresses
 * that are not globally reachable are refused at connect time, after name resolution, so that a name that changes its
 * mind (DNS rebinding) does not help. A refusal is the reason `RefusedAddress` of a `MetadataFetchError`. The layers also
 * keep tokens that clients put into URLs out of Effect's traces, and verify signatures by `node:crypto` (`NodeJws`).
 *
 * **Example** (A server's layer)
 *
 * ```ts import.meta.vitest
 * import * as Discovery from "@effect-mcp-auth/core/Discovery"
 * import * as NodeMcpAuth from "@effect-mcp-auth/platform-node/NodeMcpAuth"
 * import * as Effect from "effect/Effect"
 *
 * const program = Discovery.fetchServerConfig("https://127.0.0.1:1").pipe(
 *   Effect.flip,
 *   Effect.map((error) => error._tag === "DiscoveryFailed" ? error.outcome : error._tag),
 *   Effect.provide(NodeMcpAuth.layer)
 * )
 *
 * await Effect.runPromise(program) // => "Refused"
 * ```
 *
 * @since 0.1.0
 */
export * as NodeMcpAuth from "./NodeMcpAuth.ts"
