import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import type * as Scope from "effect/Scope"
import * as AuthorizationServer from "../../discovery/AuthorizationServer.ts"
import * as Repairs from "../../discovery/Repairs.ts"
import * as Transpiler from "../../discovery/Transpiler.ts"
import type * as Issuer from "../../metadata/Issuer.ts"
import * as PolicyDeclaration from "../../policy/PolicyDeclaration.ts"
import * as ScopeHierarchy from "../../policy/ScopeHierarchy.ts"
import * as AudiencePolicy from "../../token/AudiencePolicy.ts"
import * as ClientAuthentication from "../../token/ClientAuthentication.ts"
import * as TokenVerifier from "../../token/TokenVerifier.ts"
import type { Options } from "../McpAuthOptions.ts"
import { checkNames, type Name } from "./environment.ts"

/** Words, separated by white space or commas. At least one: an empty list would mean that the variable is not set. */
const words = <S extends Schema.ConstraintCodec<string, string>>(name: Name, word: S) =>
  Config.schema(
    Schema.String.pipe(Schema.decodeTo(
      Schema.Array(word).check(Schema.makeFilter((parts) =>
        parts.length > 0 || `${name} has no entry: write words between spaces or commas, or remove the variable`
      )),
      SchemaTransformation.transform({
        decode: (text: string): ReadonlyArray<string> =>
          text.split(/[\s,]+/).filter((part) => part !== ""),
        encode: (parts: ReadonlyArray<string>) => parts.join(" ")
      })
    )),
    name
  )

const list = <S extends Schema.ConstraintCodec<string, string>>(name: Name, word: S) => Config.option(words(name, word))

/** How many failures may be counted. With none, every client would be locked out. */
const positive = Schema.Int.check(Schema.isGreaterThan(0))

/** A name that the check of names knows. */
const named = (name: Name): Name => name

const json = <A>(name: Name, schema: Schema.Codec<A, Schema.Json>) =>
  Config.option(Config.schema(Schema.fromJsonString(schema), name))

interface Credentials {
  readonly clientId: string
  readonly clientSecret: Redacted.Redacted
}

/** Both or none: `checkNames` refuses one alone, because introspection would silently be off. */
const credentials: Config.Config<Option.Option<Credentials>> = Config.option(Config.all({
  clientId: Config.NonEmptyString(named("MCP_AUTH_CLIENT_ID")),
  clientSecret: Config.Redacted(named("MCP_AUTH_CLIENT_SECRET"))
}))

/** Secrets, separated like other lists. */
const secretsIn = (text: Redacted.Redacted): ReadonlyArray<Redacted.Redacted> =>
  Redacted.value(text).split(/[\s,]+/).filter((part) => part !== "").map((secret) => Redacted.make(secret))

const variables = Config.all({
  resource: Config.NonEmptyString(named("MCP_AUTH_RESOURCE")),
  issuers: words("MCP_AUTH_ISSUER", Schema.String),
  type: Config.withDefault(Config.Literals(["auto", "oidc", "oauth"], named("MCP_AUTH_TYPE")), "auto"),
  repairs: list("MCP_AUTH_REPAIRS", Schema.Literals([...Repairs.byName.keys()])),
  audience: list("MCP_AUTH_AUDIENCE", Schema.String),
  scopesSupported: list("MCP_AUTH_SCOPES_SUPPORTED", Schema.String),
  requiredScopes: list("MCP_AUTH_REQUIRED_SCOPES", Schema.String),
  policy: json("MCP_AUTH_POLICY", PolicyDeclaration.PolicyDeclaration),
  scopeHierarchy: json("MCP_AUTH_SCOPE_HIERARCHY", Schema.Record(Schema.String, Schema.Array(Schema.String))),
  allowedOrigins: list("MCP_AUTH_ALLOWED_ORIGINS", Schema.String),
  credentials,
  requestStateSecret: Config.option(Config.map(Config.Redacted(named("MCP_AUTH_REQUEST_STATE_SECRET")), secretsIn)),
  failuresPerMinute: Config.option(Config.schema(positive, named("MCP_AUTH_FAILURES_PER_MINUTE"))),
  servedPath: Config.option(Config.NonEmptyString(named("MCP_AUTH_SERVED_PATH"))),
  showErrorDetails: Config.withDefault(Config.Boolean(named("MCP_AUTH_SHOW_ERROR_DETAILS")), false),
  allowInsecureLoopback: Config.withDefault(Config.Boolean(named("MCP_AUTH_ALLOW_INSECURE_LOOPBACK")), false)
})

type Variables = Config.Success<typeof variables>

/** JWTs by their keys; whatever else there is by asking, if this server has the credentials for that. */
const verifierOf = (
  audiences: Variables["audience"],
  credentials: Option.Option<Credentials>
): TokenVerifier.Method => {
  const [first, ...others] = Option.getOrElse(audiences, () => [])
  const rules = first === undefined ? {} : { audience: AudiencePolicy.anyOf(first, ...others) }
  const jwt = TokenVerifier.jwt(rules)
  return Option.match(credentials, {
    onNone: () => jwt,
    onSome: ({ clientId, clientSecret }) =>
      TokenVerifier.firstOf(
        jwt,
        TokenVerifier.introspection({
          ...rules,
          authentication: ClientAuthentication.clientSecretBasic(clientId, clientSecret)
        })
      )
  })
}

type Discovered = Options<Issuer.InvalidIssuer, HttpClient.HttpClient | Scope.Scope, HttpClient.HttpClient>

const optionsOf = (variables: Variables): Discovered => {
  const { allowInsecureLoopback, audience, credentials, issuers, repairs, type, ...rest } = variables
  const names = Option.getOrElse(repairs, () => [])
  const discovery = {
    type,
    transpileData: Transpiler.all(...names.flatMap((name) => Repairs.byName.get(name) ?? [])),
    mergeDocuments: true,
    allowInsecureLoopback
  }
  return {
    resource: rest.resource,
    authorizationServers: issuers.map((issuer) => AuthorizationServer.discover(issuer, discovery)),
    verifier: verifierOf(audience, credentials),
    scopesSupported: Option.getOrUndefined(rest.scopesSupported),
    requiredScopes: Option.getOrUndefined(rest.requiredScopes),
    policy: Option.getOrUndefined(Option.map(rest.policy, PolicyDeclaration.toPolicy)),
    scopeHierarchy: Option.getOrUndefined(Option.map(rest.scopeHierarchy, (rules) => ScopeHierarchy.make(rules))),
    allowedOrigins: Option.getOrUndefined(rest.allowedOrigins),
    requestStateSecret: Option.getOrUndefined(rest.requestStateSecret),
    failureLimit: Option.getOrUndefined(
      Option.map(rest.failuresPerMinute, (limit) => ({ limit, window: "1 minute" as const }))
    ),
    servedPath: Option.getOrUndefined(rest.servedPath),
    showErrorDetails: rest.showErrorDetails,
    allowInsecureLoopback
  }
}

/** The options of a resource, from the environment. Empty, unknown and missing variables are errors. */
export const optionsConfig: Effect.Effect<Discovered, Config.ConfigError> = Effect.gen(function*() {
  const provider = yield* ConfigProvider.ConfigProvider
  yield* checkNames(provider)
  return optionsOf(yield* variables.parse(provider))
})
