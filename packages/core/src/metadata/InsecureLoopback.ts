/**
 * The switch for local development: whether `http` URLs of loopback hosts, and connections to them, are allowed.
 *
 * `McpAuth.development` switches it on. Issuers, resource identifiers and the URLs that are fetched are checked with it,
 * and HTTP clients with an address guard, such as `NodeMcpAuth`, read it for each request.
 *
 * **Example** (A check with the switch)
 *
 * ```ts import.meta.vitest
 * import * as InsecureLoopback from "@effect-mcp-auth/core/InsecureLoopback"
 * import * as Issuer from "@effect-mcp-auth/core/Issuer"
 * import * as Effect from "effect/Effect"
 *
 * const issuer = Issuer.make("http://localhost:4444").pipe(
 *   Effect.provideService(InsecureLoopback.AllowInsecureLoopback, true)
 * )
 *
 * Effect.runSync(issuer) // => "http://localhost:4444"
 * ```
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import { isLoopback } from "./internal/httpUri.ts"

/**
 * Whether `http` URLs of loopback hosts, and connections to them, are allowed. Default: `false`. Use `McpAuth.development`
 * to switch it on, because that refuses production.
 *
 * @category references
 * @since 0.1.0
 */
export const AllowInsecureLoopback: Context.Reference<boolean> = Context.Reference<boolean>(
  "@effect-mcp-auth/core/metadata/InsecureLoopback/AllowInsecureLoopback",
  { defaultValue: () => false }
)

/**
 * Whether a host is a loopback host by its name: `localhost`, an address in `127.0.0.0/8`, or `[::1]` (RFC 6761, section
 * 6.3; RFC 1122, section 3.2.1.3). A name that only resolves to a loopback address is none, because its owner can change
 * the address (DNS rebinding).
 *
 * **Example** (Hosts of URLs)
 *
 * ```ts import.meta.vitest
 * import * as InsecureLoopback from "@effect-mcp-auth/core/InsecureLoopback"
 *
 * InsecureLoopback.isLoopbackHost("[::1]") // => true
 * InsecureLoopback.isLoopbackHost("localhost.example.com") // => false
 * ```
 *
 * @category guards
 * @since 0.1.0
 */
export const isLoopbackHost = (host: string): boolean => isLoopback(host)
