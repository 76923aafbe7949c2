import * as Config from "effect/Config"
import type * as HttpClient from "effect/http/HttpClient"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import type * as Scope from "effect/Scope"
import * as AuthorizationServer from "../../discovery/AuthorizationServer.ts"
import * as Purpose from "../../discovery/Purpose.ts"
import * as Repairs from "../../discovery/Repairs.ts"
import * as Transpiler from "../../discovery/Transpiler.ts"
import type * as Issuer from "../../metadata/Issuer.ts"
import * as PolicyDeclaration from "../../policy/PolicyDeclaration.ts"
import * as ScopeHierarchy from "../../policy/ScopeHierarchy.ts"
import * as AudiencePolicy from "../../token/AudiencePolicy.ts"
import * as ClientAuthentication from "../../token/ClientAuthentication.ts"
import * as TokenVerifier from "../../token/TokenVerifier.ts"
import type { Options } from "../McpAuthOptions.ts"

/** Words, separated by white space or commas. */
const words = <S extends Schema.ConstraintCodec<string, string>>(word: S) =>
  Schema.String.pipe(Schema.decodeTo(
    Schema.Array(word),
    SchemaTransformation.transform({
      decode: (text: string): ReadonlyArray<string> => text.split(/[\s,]+/).filter((part) => part !== ""),
      encode: (parts: ReadonlyArray<string>) => parts.join(" ")
    })
  ))

const list = <S extends Schema.ConstraintCodec<string, string>>(name: string, word: S) =>
  Config.option(Config.schema(words(word), name))

const json = <A>(name: string, schema: Schema.Codec<A, Schema.Json>) =>
  Config.option(Config.schema(Schema.fromJsonString(schema), name))

interface Credentials {
  readonly clientId: string
  readonly clientSecret: Redacted.Redacted
}

const clientId = Config.NonEmptyString("MCP_AUTH_CLIENT_ID")
const clientSecret = Config.Redacted("MCP_AUTH_CLIENT_SECRET")

/** Both or none: one alone is a mistake, and introspection would silently be off. */
const credentials = Config.flatMap(
  Config.all({ clientId: Config.option(clientId), clientSecret: Config.option(clientSecret) }),
  (given) =>
    Option.isNone(given.clientId) && Option.isNone(given.clientSecret)
      ? Config.succeed(Option.none<Credentials>())
      : Config.map(Config.all({ clientId, clientSecret }), (both) => Option.some<Credentials>(both))
)

const variables = Config.all({
  resource: Config.NonEmptyString("MCP_AUTH_RESOURCE"),
  issuers: Config.schema(words(Schema.String), "MCP_AUTH_ISSUER"),
  type: Config.withDefault(Config.Literals(["auto", "oidc", "oauth"], "MCP_AUTH_TYPE"), "auto"),
  repairs: list("MCP_AUTH_REPAIRS", Schema.Literals([...Repairs.byName.keys()])),
  audience: list("MCP_AUTH_AUDIENCE", Schema.String),
  scopesSupported: list("MCP_AUTH_SCOPES_SUPPORTED", Schema.String),
  requiredScopes: list("MCP_AUTH_REQUIRED_SCOPES", Schema.String),
  policy: json("MCP_AUTH_POLICY", PolicyDeclaration.PolicyDeclaration),
  scopeHierarchy: json("MCP_AUTH_SCOPE_HIERARCHY", Schema.Record(Schema.String, Schema.Array(Schema.String))),
  allowedOrigins: list("MCP_AUTH_ALLOWED_ORIGINS", Schema.String),
  credentials,
  requestStateSecret: Config.option(Config.Redacted("MCP_AUTH_REQUEST_STATE_SECRET")),
  failuresPerMinute: Config.option(Config.Int("MCP_AUTH_FAILURES_PER_MINUTE")),
  servedPath: Config.option(Config.NonEmptyString("MCP_AUTH_SERVED_PATH")),
  showErrorDetails: Config.withDefault(Config.Boolean("MCP_AUTH_SHOW_ERROR_DETAILS"), false),
  allowInsecureLoopback: Config.withDefault(Config.Boolean("MCP_AUTH_ALLOW_INSECURE_LOOPBACK"), false)
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
    purpose: Option.isNone(credentials)
      ? Purpose.jwtVerification
      : Purpose.all(Purpose.jwtVerification, Purpose.introspection),
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

/** The options of a resource, from the environment. */
export const optionsConfig: Config.Config<Discovered> = Config.map(variables, optionsOf)
