import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Repairs from "../../discovery/Repairs.ts"
import { checkNames, configError, type Vocabulary, wordsOf } from "../../metadata/internal/environmentNames.ts"
import type * as Issuer from "../../metadata/Issuer.ts"
import * as PolicyDeclaration from "../../policy/PolicyDeclaration.ts"
import * as ScopeHierarchy from "../../policy/ScopeHierarchy.ts"
import type { Options } from "../McpAuthOptions.ts"
import { apiKeys, withApiKeys } from "./environmentApiKeys.ts"
import { claimForms, claimPath } from "./environmentClaims.ts"
import { internalUrlProblems, internalUrls } from "./environmentInternalUrls.ts"
import { choosePreset } from "./environmentPreset.ts"
import { type ConfiguredServers, configuredServers, type Credentials, serverProblems } from "./environmentServers.ts"
import { presetVariable } from "./presetRegistry.ts"

/**
 * All variables. A name outside this list is an error, because a misspelt name would silently switch a protection off. The
 * comments are the table of variables in docs/options.md (`pnpm codegen`).
 */
const variableNames = [
  /** The URL of the MCP server as clients write it (`resource`). Required. */
  "MCP_AUTH_RESOURCE",
  /** The issuers whose access tokens are accepted, a list (`authorizationServers`). Default: required, unless `MCP_AUTH_PRESET` or `MCP_AUTH_API_KEYS` is set. */
  "MCP_AUTH_ISSUER",
  /** The name of a preset (docs/providers). Its parameters are `MCP_AUTH_PRESET_` and their names. Default: no preset. */
  "MCP_AUTH_PRESET",
  /** The URL of the metadata, if it does not follow from the issuer (`discoverByUrl`). Default: the well-known URLs. */
  "MCP_AUTH_METADATA_URL",
  /** The issuer in the metadata, if it is another one (`IssuerPolicy.expected`). Default: `MCP_AUTH_ISSUER`. */
  "MCP_AUTH_EXPECTED_ISSUER",
  /** The issuers in access tokens, a list, if they are other ones (`tokenIssuers`). Default: that of the metadata. */
  "MCP_AUTH_TOKEN_ISSUERS",
  /** URLs inside the own network that replace public ones, as JSON: `{metadata, jwks, introspection}` (`unsafeInternalUrls`). Plain http is accepted, so it is unsafe outside a private network. Default: the public URLs. */
  "MCP_AUTH_UNSAFE_INTERNAL_URLS",
  /** The kind of metadata: `auto`, `oidc` or `oauth`. Default: `auto`. */
  "MCP_AUTH_TYPE",
  /** The repairs for metadata documents, a list of names from `Repairs`. Default: none. */
  "MCP_AUTH_REPAIRS",
  /** The audiences that are accepted instead of the resource, a list. Default: the resource. */
  "MCP_AUTH_AUDIENCE",
  /** The audiences of single issuers, as JSON: an object of lists by issuer. Default: `MCP_AUTH_AUDIENCE`. */
  "MCP_AUTH_AUDIENCE_BY_ISSUER",
  /** The claims that grant scopes, a list (`scopeClaims`), or JSON with other forms: `["scp", ["ext", "scope"], {"path": ["rights"], "separator": ","}]`. Default: `scope`, `scopes` and `scp`. */
  "MCP_AUTH_SCOPE_CLAIMS",
  /** The claims with roles, a list (`roleClaims`), or JSON with other forms: `[["realm_access", "roles"], {"path": ["roles"], "member": "key"}]`. Default: those of `Policy.role`. */
  "MCP_AUTH_ROLE_CLAIMS",
  /** The claim that names the subject (`subjectClaim`), or its path as JSON: `["ext", "user_id"]`. Default: `sub`. */
  "MCP_AUTH_SUBJECT_CLAIM",
  /** The claim that names the client (`clientClaim`), or its path as JSON. Default: the first of `client_id`, `azp`, `cid` and `appid`. */
  "MCP_AUTH_CLIENT_CLAIM",
  /** The API keys that are accepted, a JSON list of `{id, hash, subject, scopes, expiresAt}` (`ApiKey`). Default: none. */
  "MCP_AUTH_API_KEYS",
  /** More headers in which clients may send a token, a list such as `X-API-Key` (`tokenHeaders`). Default: none. */
  "MCP_AUTH_TOKEN_HEADERS",
  /** The scopes that clients may request, a list (`scopesSupported`). Default: those of the policies. */
  "MCP_AUTH_SCOPES_SUPPORTED",
  /** The scopes that every request needs, a list (`requiredScopes`). Default: none. */
  "MCP_AUTH_REQUIRED_SCOPES",
  /** The policy of everything without a policy of its own, as JSON (`PolicyDeclaration`). Default: `authenticated`. */
  "MCP_AUTH_POLICY",
  /** The scopes that cover other scopes, as JSON (`ScopeHierarchy.Rules`). Default: none. */
  "MCP_AUTH_SCOPE_HIERARCHY",
  /** The origins from which browsers may call, a list (`allowedOrigins`). Default: every origin. */
  "MCP_AUTH_ALLOWED_ORIGINS",
  /** The client ID for introspection of tokens that are not JWTs. Default: no introspection. */
  "MCP_AUTH_CLIENT_ID",
  /** The client secret for introspection. Set it together with `MCP_AUTH_CLIENT_ID`. */
  "MCP_AUTH_CLIENT_SECRET",
  /** The secrets for request states, a list; the first encrypts, all decrypt (`requestStateSecret`). Default: random. */
  "MCP_AUTH_REQUEST_STATE_SECRET",
  /** The maximum number of invalid tokens of a client in a minute (`failureLimit`). Default: no limit. */
  "MCP_AUTH_FAILURES_PER_MINUTE",
  /** The path at which the server listens, if a proxy rewrites paths (`servedPath`). Default: the path of the resource. */
  "MCP_AUTH_SERVED_PATH",
  /** Tell clients why a token is invalid (`showErrorDetails`). Default: `false`. */
  "MCP_AUTH_SHOW_ERROR_DETAILS",
  /** Allow `http` and connections for loopback hosts (`McpAuth.development`). Refused if `NODE_ENV` is production. Default: `false`. */
  "MCP_AUTH_DEVELOPMENT",
  /** Accept `http` for a resource and issuers on loopback hosts. For development only. Default: `false`. */
  "MCP_AUTH_ALLOW_INSECURE_LOOPBACK"
] as const

/** The name of a variable. */
export type Name = typeof variableNames[number]

const resourceVariable = [
  "MCP_AUTH_RESOURCE",
  "the URL of the MCP server as clients write it, for example https://api.example.com/mcp"
] as const

const issuerVariable = [
  "MCP_AUTH_ISSUER",
  "the issuer of the access tokens, for example https://auth.example.com"
] as const

/** Variables that need each other. */
const dependent: ReadonlyArray<readonly [name: Name, other: Name]> = [
  ["MCP_AUTH_CLIENT_ID", "MCP_AUTH_CLIENT_SECRET"],
  ["MCP_AUTH_CLIENT_SECRET", "MCP_AUTH_CLIENT_ID"]
]

/** The variables of a server without a preset. A preset determines all of them. */
const ofServer: ReadonlyArray<Name> = [
  "MCP_AUTH_ISSUER",
  "MCP_AUTH_METADATA_URL",
  "MCP_AUTH_EXPECTED_ISSUER",
  "MCP_AUTH_TOKEN_ISSUERS",
  "MCP_AUTH_TYPE",
  "MCP_AUTH_REPAIRS",
  "MCP_AUTH_AUDIENCE",
  "MCP_AUTH_AUDIENCE_BY_ISSUER",
  "MCP_AUTH_SCOPE_CLAIMS",
  "MCP_AUTH_ROLE_CLAIMS",
  "MCP_AUTH_SUBJECT_CLAIM",
  "MCP_AUTH_CLIENT_CLAIM",
  "MCP_AUTH_CLIENT_ID",
  "MCP_AUTH_CLIENT_SECRET"
]

const words = <S extends Schema.ConstraintCodec<string, string>>(name: Name, word: S) => wordsOf(name, word)

const list = <S extends Schema.ConstraintCodec<string, string>>(name: Name, word: S) => Config.option(words(name, word))

/** A number of failures. Zero would lock out every client. */
const positive = Schema.Int.check(Schema.isGreaterThan(0))

/** A name from the list, checked by its type. */
const named = (name: Name): Name => name

const json = <A>(name: Name, schema: Schema.Codec<A, Schema.Json>) =>
  Config.option(Config.schema(Schema.fromJsonString(schema), name))

/** Both or none. `checkNames` refuses one alone, because introspection would silently be off. */
const credentials: Config.Config<Option.Option<Credentials>> = Config.option(Config.all({
  clientId: Config.NonEmptyString(named("MCP_AUTH_CLIENT_ID")),
  clientSecret: Config.Redacted(named("MCP_AUTH_CLIENT_SECRET"))
}))

/** The secrets in a list. */
const secretsIn = (text: Redacted.Redacted): ReadonlyArray<Redacted.Redacted> =>
  Redacted.value(text).split(/[\s,]+/).filter((part) => part !== "").map((secret) => Redacted.make(secret))

const variables = Config.all({
  // These are required. `checkNames` reports a missing one, unless the program overrides it or there is a preset.
  resource: Config.withDefault(Config.NonEmptyString(named("MCP_AUTH_RESOURCE")), ""),
  issuers: Config.withDefault(words("MCP_AUTH_ISSUER", Schema.String), []),
  type: Config.withDefault(Config.Literals(["auto", "oidc", "oauth"], named("MCP_AUTH_TYPE")), "auto"),
  repairs: list("MCP_AUTH_REPAIRS", Schema.Literals([...Repairs.byName.keys()])),
  audience: list("MCP_AUTH_AUDIENCE", Schema.String),
  audienceByIssuer: json(
    "MCP_AUTH_AUDIENCE_BY_ISSUER",
    Schema.Record(Schema.String, Schema.NonEmptyArray(Schema.String))
  ),
  metadataUrl: Config.option(Config.NonEmptyString(named("MCP_AUTH_METADATA_URL"))),
  expectedIssuer: Config.option(Config.NonEmptyString(named("MCP_AUTH_EXPECTED_ISSUER"))),
  tokenIssuers: list("MCP_AUTH_TOKEN_ISSUERS", Schema.String),
  internalUrls: Config.option(internalUrls),
  scopeClaims: Config.option(claimForms(named("MCP_AUTH_SCOPE_CLAIMS"))),
  roleClaims: Config.option(claimForms(named("MCP_AUTH_ROLE_CLAIMS"))),
  subjectClaim: Config.option(claimPath(named("MCP_AUTH_SUBJECT_CLAIM"))),
  clientClaim: Config.option(claimPath(named("MCP_AUTH_CLIENT_CLAIM"))),
  apiKeys: Config.option(apiKeys),
  tokenHeaders: list("MCP_AUTH_TOKEN_HEADERS", Schema.String),
  scopesSupported: list("MCP_AUTH_SCOPES_SUPPORTED", Schema.String),
  requiredScopes: list("MCP_AUTH_REQUIRED_SCOPES", Schema.String),
  policy: json("MCP_AUTH_POLICY", PolicyDeclaration.PolicyDeclaration),
  scopeHierarchy: json("MCP_AUTH_SCOPE_HIERARCHY", Schema.Record(Schema.String, Schema.Array(Schema.String))),
  allowedOrigins: list("MCP_AUTH_ALLOWED_ORIGINS", Schema.String),
  credentials,
  requestStateSecret: Config.option(Config.map(Config.Redacted(named("MCP_AUTH_REQUEST_STATE_SECRET")), secretsIn)),
  failuresPerMinute: Config.option(Config.schema(positive, named("MCP_AUTH_FAILURES_PER_MINUTE"))),
  servedPath: Config.option(Config.NonEmptyString(named("MCP_AUTH_SERVED_PATH"))),
  isDevelopment: Config.withDefault(Config.Boolean(named("MCP_AUTH_DEVELOPMENT")), false),
  showErrorDetails: Config.withDefault(Config.Boolean(named("MCP_AUTH_SHOW_ERROR_DETAILS")), false),
  allowInsecureLoopback: Config.withDefault(Config.Boolean(named("MCP_AUTH_ALLOW_INSECURE_LOOPBACK")), false)
})

type Variables = Config.Success<typeof variables>

type ConfigurationError = Issuer.InvalidIssuer | Config.ConfigError

type ConfiguredOptions = Options<ConfigurationError, HttpClient.HttpClient | Scope.Scope, HttpClient.HttpClient>

const optionsOf = (variables: Variables, servers: ConfiguredServers<ConfigurationError>): ConfiguredOptions => ({
  ...servers,
  tokenHeaders: Option.getOrUndefined(variables.tokenHeaders),
  resource: variables.resource,
  scopesSupported: Option.getOrUndefined(variables.scopesSupported),
  requiredScopes: Option.getOrUndefined(variables.requiredScopes),
  policy: Option.getOrUndefined(Option.map(variables.policy, PolicyDeclaration.toPolicy)),
  scopeHierarchy: Option.getOrUndefined(Option.map(variables.scopeHierarchy, (rules) => ScopeHierarchy.make(rules))),
  allowedOrigins: Option.getOrUndefined(variables.allowedOrigins),
  requestStateSecret: Option.getOrUndefined(variables.requestStateSecret),
  failureLimit: Option.getOrUndefined(
    Option.map(variables.failuresPerMinute, (limit) => ({ limit, window: "1 minute" as const }))
  ),
  servedPath: Option.getOrUndefined(variables.servedPath),
  showErrorDetails: variables.showErrorDetails,
  allowInsecureLoopback: variables.allowInsecureLoopback
})

/** Options of the program that replace those of the environment. */
type Overrides = Pick<Partial<Options<unknown, unknown, unknown>>, "resource" | "authorizationServers">

/** Whether API keys are the only credentials, so that no issuer is required. */
const hasOnlyApiKeys = (isUnset: (name: string) => boolean): boolean =>
  !isUnset("MCP_AUTH_API_KEYS") && ofServer.every(isUnset)

/** The names that are allowed with a preset, or without one. A required variable may be missing if an option replaces it. */
const vocabularyOf = (
  preset: Effect.Success<ReturnType<typeof choosePreset>>,
  { authorizationServers, resource }: Overrides
): Vocabulary => ({
  prefix: ["MCP", "AUTH"],
  known: [...variableNames, ...preset.known],
  required: [
    ...resource === undefined ? [resourceVariable] : [],
    ...authorizationServers === undefined && !preset.isChosen ? [[...issuerVariable, hasOnlyApiKeys] as const] : [],
    ...preset.required
  ],
  dependent,
  exclusive: ofServer.map((name) => [name, presetVariable] as const),
  explain: preset.explain,
  problems: preset.problems
})

/**
 * Reads the options of a resource from the environment. Empty, unknown and missing variables, and variables that contradict
 * each other, are errors.
 */
export const optionsFromConfig = Effect.fnUntraced(function*(
  overrides: Overrides
): Effect.fn.Return<{ readonly options: ConfiguredOptions; readonly isDevelopment: boolean }, Config.ConfigError> {
  const provider = yield* ConfigProvider.ConfigProvider
  const preset = yield* choosePreset(provider)
  yield* checkNames(provider, vocabularyOf(preset, overrides))
  const values = yield* variables.parse(provider)
  const problems = [
    ...serverProblems(values),
    ...internalUrlProblems(values.internalUrls, {
      issuers: values.issuers,
      hasPreset: preset.isChosen,
      hasMetadataUrl: Option.isSome(values.metadataUrl),
      introspects: Option.isSome(values.credentials)
    })
  ]
  if (problems.length > 0) return yield* Effect.fail(configError(problems))
  const servers: ConfiguredServers<ConfigurationError> = preset.server === undefined
    ? configuredServers(values)
    : { authorizationServers: [yield* preset.server(Option.getOrUndefined(values.internalUrls))] }
  const hasServers = [...servers.authorizationServers, ...overrides.authorizationServers ?? []].length > 0
  const verifier = withApiKeys(hasServers ? servers.verifier : undefined, values.apiKeys) ?? servers.verifier
  const options = optionsOf(values, { ...servers, ...(verifier === undefined ? {} : { verifier }) })
  return { options, isDevelopment: values.isDevelopment }
})
