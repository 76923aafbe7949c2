import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { AllowInsecureLoopback } from "../../metadata/InsecureLoopback.ts"
import { quoted } from "../../metadata/internal/printable.ts"

/**
 * `McpAuth.development` or `MCP_AUTH_DEVELOPMENT` is on in production.
 *
 * @category errors
 * @since 0.1.0
 */
export class DevelopmentInProduction extends Schema.TaggedError<DevelopmentInProduction>()("DevelopmentInProduction", {
  /** The value of `NODE_ENV`. */
  nodeEnv: Schema.String
}) {
  override get message(): string {
    return `NODE_ENV is ${quoted(this.nodeEnv)}, so the development mode is refused; in production, remove ` +
      "McpAuth.development and MCP_AUTH_DEVELOPMENT; on a development machine, change NODE_ENV"
  }
}

/**
 * The development mode: allows `http` for the resource and the issuers, and connections to them, if their host is a loopback
 * host by its name (`localhost`, `127.0.0.0/8`, `[::1]`). Nothing else is loosened.
 *
 * **Details**
 *
 * Provide it to `protect`, `layer` or `FetchAuth.make`, in any order with the layer of the HTTP client. `NodeMcpAuth.layer`
 * honours it. It logs one warning when it is built. With `layerFromConfig`, the variable `MCP_AUTH_DEVELOPMENT` does the
 * same.
 *
 * Fails with `DevelopmentInProduction` if `NODE_ENV` begins with `prod`, in any case. `NODE_ENV` is read with `Config`.
 *
 * **Example** (A provider on this machine)
 *
 * ```ts import.meta.vitest
 * import * as AuthorizationServer from "@effect-mcp-auth/core/AuthorizationServer"
 * import * as McpAuth from "@effect-mcp-auth/core/McpAuth"
 * import * as Layer from "effect/Layer"
 *
 * const Auth = McpAuth.layer({
 *   resource: "http://localhost:3000/mcp",
 *   authorizationServers: [AuthorizationServer.discover("http://localhost:4444")]
 * }).pipe(Layer.provide(McpAuth.development))
 *
 * Layer.isLayer(Auth) // => true
 * ```
 *
 * @category development
 * @since 0.1.0
 */
export const development: Layer.Layer<never, DevelopmentInProduction | Config.ConfigError> = Layer.effect(
  AllowInsecureLoopback,
  Effect.gen(function*() {
    const nodeEnv = yield* Config.withDefault(Config.String("NODE_ENV"), "")
    // Also "Production" and "production ": an imprecise value must not switch the protection off.
    if (/^\s*prod/i.test(nodeEnv)) return yield* new DevelopmentInProduction({ nodeEnv })
    yield* Effect.logWarning("Development mode is on: http and connections are allowed for loopback hosts")
    return true
  })
)
