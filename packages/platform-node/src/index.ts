/**
 * Policies for the IP addresses that a server may connect to.
 *
 * An untrusted URL, such as the `jwks_uri` of a metadata document, can lead to the machine itself, to its internal
 * network, or to the metadata service of its cloud (server-side request forgery). By default, only connections to
 * globally reachable addresses are allowed. The ranges are those of the IANA special-purpose address registries (RFC
 * 6890), and multicast.
 *
 * **Example** (Checking addresses)
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
 * The JSON output of `mcp-auth check --format json`.
 *
 * The schema documents the format. New members can be added; every other change increases `version`.
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
 * The JSON output of `mcp-auth explain --format json`: how a server would respond to a token, and why. It does not
 * contain the token.
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
 * A forward proxy, for networks in which programs reach the internet only through one.
 *
 * Requests to https origins go through a tunnel (CONNECT: RFC 9110, section 9.3.6), so TLS is still between this program
 * and the provider. Requests to http origins, which are allowed only inside the own network, and to loopback hosts never go
 * to a proxy.
 *
 * The proxy resolves the names of hosts, so this program cannot check their addresses. Therefore it checks the address of
 * the proxy, and the name of each host: IP addresses that the address policy refuses, and names of local networks, are
 * refused. A proxy must itself refuse names that resolve to addresses of the internal network.
 *
 * **Example** (A proxy with credentials)
 *
 * ```ts import.meta.vitest
 * import * as NodeMcpAuth from "@effect-mcp-auth/platform-node/NodeMcpAuth"
 * import * as Layer from "effect/Layer"
 * import * as Redacted from "effect/Redacted"
 *
 * const layer = NodeMcpAuth.layerWith({
 *   proxy: {
 *     url: "http://proxy.internal:3128",
 *     credentials: { username: "notes", password: Redacted.make("secret") }
 *   }
 * })
 *
 * Layer.isLayer(layer) // => true
 * ```
 *
 * @since 0.1.0
 */
export * as ForwardProxy from "./ForwardProxy.ts"

/**
 * Keeps the credentials of clients in files of the user.
 *
 * Each entry is a file with mode 0600 in a directory with mode 0700. It is replaced as a whole (a new file, renamed), so that
 * a crash leaves the old or the new entry. Several processes can share the directory: a lock file makes them refresh a token
 * once. The lock of a process that has ended is taken over.
 *
 * **Details**
 *
 * The entries are plain text unless the option `secret` encrypts them. Plain text protects against other users of the
 * machine, and not against programs of the same user. The directory must be on a local file system.
 *
 * **Example** (A client whose login outlives the program)
 *
 * ```ts import.meta.vitest
 * import * as CredentialStore from "@effect-mcp-auth/core/CredentialStore"
 * import * as NodeCredentialStore from "@effect-mcp-auth/platform-node/NodeCredentialStore"
 * import * as Effect from "effect/Effect"
 * import { mkdtempSync } from "node:fs"
 * import { tmpdir } from "node:os"
 *
 * const directory = `${mkdtempSync(`${tmpdir()}/notes-`)}/credentials`
 * const store = NodeCredentialStore.layerFile({ directory })
 *
 * const write = Effect.flatMap(CredentialStore.CredentialStore, (store) =>
 *   store.setRegistration({ issuer: "https://as.example.com", clientId: "c1" }))
 * await Effect.runPromise(Effect.provide(write, store))
 *
 * const read = Effect.flatMap(CredentialStore.CredentialStore, (store) => store.registrations("https://as.example.com"))
 * const found = await Effect.runPromise(Effect.provide(read, store))
 * found.map(({ clientId }) => clientId) // => ["c1"]
 * ```
 *
 * @since 0.2.0
 */
export * as NodeCredentialStore from "./NodeCredentialStore.ts"

/**
 * Authentication for servers that do not use Effect: Express, Hono, the MCP TypeScript SDK.
 *
 * The same verification as in Effect programs, as one function that returns a promise.
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
 * Signature verification and digests with `node:crypto`. A key is imported once, and verification is synchronous.
 * `NodeMcpAuth.layer` includes it.
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
 * The services that a Node program provides to `@effect-mcp-auth/core`: an HTTP client that is safe for untrusted URLs.
 *
 * It is undici with bounded connections, and without automatic redirects and cookies. It uses a proxy only if the option
 * `proxy` says so. It refuses addresses that are not globally reachable at connect time, after name resolution, which also
 * prevents DNS rebinding. A refusal is the reason `RefusedAddress` of a `MetadataFetchError`. `McpAuth.development` also allows loopback hosts. The layers
 * also keep tokens in URLs out of Effect's traces, verify signatures with `node:crypto` (`NodeJws`), and contain the presets
 * that `MCP_AUTH_PRESET` can name (`Presets`).
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

/**
 * The user agent of a program on the user's own machine: a browser, and a server on loopback that receives the answer
 * (RFC 8252, sections 7.3 and 8.3).
 *
 * The server listens on `127.0.0.1` only, while a login runs, and accepts one answer. The answer must be a GET request with
 * the exact `Host` header, the path, and the `state` of the login: other web pages, other names for the address (DNS
 * rebinding) and repetitions are rejected. A page is opened only if its URL is https, or http on a loopback host. It is an
 * argument of the program that opens it, so no shell interprets it.
 *
 * **Details**
 *
 * `layer` opens the default browser. `layerPrint` prints the URL, for a browser that the user chooses, or for a machine
 * without one whose port is forwarded (`ssh -L 8765:127.0.0.1:8765`, with the option `port`). If no port can be forwarded,
 * use `UserAgent.layerPaste` of core: the user pastes the URL of the answer. For tests and for programs with their own
 * page, use `UserAgent.layerHeadless`.
 *
 * **Example** (A login without a browser)
 *
 * ```ts import.meta.vitest
 * import * as UserAgent from "@effect-mcp-auth/core/UserAgent"
 * import * as NodeUserAgent from "@effect-mcp-auth/platform-node/NodeUserAgent"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.scoped(Effect.gen(function*() {
 *   const session = yield* (yield* UserAgent.UserAgent).open()
 *   return session.redirectUri
 * }))
 *
 * const redirectUri = await Effect.runPromise(Effect.provide(program, NodeUserAgent.layerPrint()))
 * redirectUri.startsWith("http://127.0.0.1:") // => true
 * ```
 *
 * @since 0.2.0
 */
export * as NodeUserAgent from "./NodeUserAgent.ts"

/**
 * Certificates for connections to providers: own certification authorities, and client certificates (mutual TLS).
 *
 * All texts are PEM (RFC 7468). Files are read by the program, for example with `FileSystem`.
 *
 * **Example** (A provider with a certificate of the company)
 *
 * ```ts import.meta.vitest
 * import * as NodeMcpAuth from "@effect-mcp-auth/platform-node/NodeMcpAuth"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * const layer = NodeMcpAuth.layerWith({ ca: "not a certificate" })
 *
 * const error = await Effect.runPromise(Effect.flip(Effect.scoped(Layer.build(layer))))
 * error.message // => "The TLS option ca cannot be used: it is not a PEM text with certificates; it begins with -----BEGIN CERTIFICATE-----"
 * ```
 *
 * @since 0.1.0
 */
export * as TlsOptions from "./TlsOptions.ts"
