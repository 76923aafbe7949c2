import * as Discovery from "@effect-mcp-auth/core/Discovery"
import * as Purpose from "@effect-mcp-auth/core/Purpose"
import * as Repairs from "@effect-mcp-auth/core/Repairs"
import type { ServerConfig } from "@effect-mcp-auth/core/ServerConfig"
import * as Transpiler from "@effect-mcp-auth/core/Transpiler"
import * as Validation from "@effect-mcp-auth/core/Validation"
import * as Effect from "effect/Effect"
import { serveJson } from "./loopback.ts"
import { say, step } from "./print.ts"

/** Everything here is on loopback and without TLS, which must be said: on the internet neither is accepted. */
const options = { allowInsecureLoopback: true, purpose: Purpose.all(Purpose.verification, Purpose.authorization) }

const repairsOf = ({ repairs }: ServerConfig): ReadonlyArray<string> =>
  repairs.length === 0
    ? ["repairs: none was needed"]
    : repairs.map(({ name, patch, reason }) => `repair "${name}": ${reason}\n  ${JSON.stringify(patch)}`)

const showReport = (config: ServerConfig) =>
  Effect.flatMap(Validation.validateServerConfig(config), ({ errors, revision, successes, warnings }) =>
    say(
      `MCP ${revision}: ${successes.length} rules hold, ${warnings.length} warnings, ${errors.length} errors`,
      ...warnings.map(({ code, message }) => `  ! ${code}: ${message}`)
    ))

const realProvider = Effect.fnUntraced(function*(issuer: string) {
  yield* step("Discovery, transpilation and validation, in the order of the MCP specification")
  const config = yield* Discovery.fetchServerConfig(issuer, {
    ...options,
    type: "auto",
    transpileData: Transpiler.all(Repairs.nulls, Repairs.pkce)
  })
  yield* say(`found: ${config.locations.join(", ")}`, ...repairsOf(config))
  yield* showReport(config)
  return config
})

/** The metadata of the real provider, with defects. */
const documentOf = ({ metadata }: ServerConfig, issuer: string) => ({
  issuer,
  authorization_endpoint: metadata.authorizationEndpoint,
  token_endpoint: metadata.tokenEndpoint,
  jwks_uri: metadata.jwksUri,
  registration_endpoint: metadata.registrationEndpoint,
  response_types_supported: metadata.responseTypesSupported
})

const servedElsewhere = Effect.fnUntraced(function*(real: ServerConfig) {
  yield* step("A broken provider: an issuer with a path, served at another form, without PKCE and with a null")
  const { origin } = yield* serveJson((origin) => ({
    "/realms/demo/.well-known/oauth-authorization-server": {
      ...documentOf(real, `${origin}/realms/demo`),
      userinfo_endpoint: null
    }
  }))
  const issuer = `${origin}/realms/demo`
  const refused = yield* Effect.flip(Discovery.fetchServerConfig(issuer, options))
  yield* say("as it is:", refused.message)

  const strategy = Discovery.mcp.pipe(
    Discovery.orElse(Discovery.oauthAppended),
    Discovery.transpile(Transpiler.all(Repairs.nulls, Repairs.pkce))
  )
  const config = yield* Discovery.discover(strategy, issuer, options)
  yield* say("with a strategy and two repairs:", `found: ${config.locations.join(", ")}`, ...repairsOf(config))
  yield* showReport(config)
})

const anotherIssuer = Effect.fnUntraced(function*(real: ServerConfig) {
  yield* step("A hostile provider: its document names another issuer")
  const { origin } = yield* serveJson(() => ({
    "/.well-known/oauth-authorization-server": documentOf(real, real.issuer)
  }))
  const error = yield* Effect.flip(Discovery.fetchServerConfig(origin, { ...options, transpileData: Repairs.pkce }))
  yield* say("refused, whatever is repaired:", error.message)
})

/** From an issuer to a server that can be trusted, and two that cannot. */
export const discovery = (issuer: string) =>
  realProvider(issuer).pipe(Effect.tap(servedElsewhere), Effect.andThen(anotherIssuer))
