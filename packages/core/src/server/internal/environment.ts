import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaTransformation from "effect/SchemaTransformation"
import type * as Scope from "effect/Scope"
import * as AuthorizationServer from "../../discovery/AuthorizationServer.ts"
import * as Repairs from "../../discovery/Repairs.ts"
import * as Transpiler from "../../discovery/Transpiler.ts"
import { printable } from "../../metadata/internal/printable.ts"
import type * as Issuer from "../../metadata/Issuer.ts"
import * as PolicyDeclaration from "../../policy/PolicyDeclaration.ts"
import * as ScopeHierarchy from "../../policy/ScopeHierarchy.ts"
import * as AudiencePolicy from "../../token/AudiencePolicy.ts"
import * as ClientAuthentication from "../../token/ClientAuthentication.ts"
import * as TokenVerifier from "../../token/TokenVerifier.ts"
import type { Options } from "../McpAuthOptions.ts"

/**
 * All variables. A name outside this list is an error, because a misspelt name would silently switch a protection off. The
 * comments are the table of variables in docs/options.md (`pnpm codegen`).
 */
const variableNames = [
  /** The URL of the MCP server as clients write it (`resource`). Required. */
  "MCP_AUTH_RESOURCE",
  /** The issuers whose access tokens are accepted, a list (`authorizationServers`). Required. */
  "MCP_AUTH_ISSUER",
  /** The kind of metadata: `auto`, `oidc` or `oauth`. Default: `auto`. */
  "MCP_AUTH_TYPE",
  /** The repairs for metadata documents, a list of names from `Repairs`. Default: none. */
  "MCP_AUTH_REPAIRS",
  /** The audiences that are accepted instead of the resource, a list. Default: the resource. */
  "MCP_AUTH_AUDIENCE",
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

const required: ReadonlyArray<readonly [name: Name, repair: string]> = [
  ["MCP_AUTH_RESOURCE", "the URL of the MCP server as clients write it, for example https://api.example.com/mcp"],
  ["MCP_AUTH_ISSUER", "the issuer of the access tokens, for example https://auth.example.com"]
]

/** Variables that need each other. */
const pairs: ReadonlyArray<readonly [name: Name, other: Name]> = [
  ["MCP_AUTH_CLIENT_ID", "MCP_AUTH_CLIENT_SECRET"],
  ["MCP_AUTH_CLIENT_SECRET", "MCP_AUTH_CLIENT_ID"]
]

const prefix = "MCP_AUTH_"

/** No name has so many segments. The limit ends the search in a directory with links to itself. */
const maxSegments = 12

/** The names with the prefix, in upper or lower case, and the path of each in its provider. */
type Listed = ReadonlyMap<string, ConfigProvider.Path>

const keysOf = (node: ConfigProvider.Node | undefined): ReadonlyArray<string | number> => {
  if (node?._tag === "Record") return [...node.keys]
  // Only the last index certainly exists. The array can be sparse and very long.
  return node?._tag === "Array" && node.length > 0 ? [node.length - 1] : []
}

/**
 * Lists the names with the prefix. Some providers have whole names as keys (a JSON object, a directory of secrets), others a
 * tree of their segments (the environment). Some providers cannot list their keys.
 */
const listOf = Effect.fnUntraced(function*(provider: Source): Effect.fn.Return<Listed> {
  const listed = new Map<string, ConfigProvider.Path>()
  // The second and third paths are for providers that cannot list the root.
  const pending: Array<ConfigProvider.Path> = [[], ["MCP"], ["MCP", "AUTH"]]
  for (let path = pending.shift(); path !== undefined; path = pending.shift()) {
    const node = yield* Effect.orElseSucceed(provider.load(path), () => undefined)
    const name = path.join("_")
    const isWhole = name.toUpperCase().startsWith(prefix)
    // Children of a key with the whole name belong to its value.
    const keys = isWhole && path.length === 1 ? [] : keysOf(node)
    if (isWhole && (keys.length === 0 || node?.value !== undefined)) listed.set(name, path)
    if (path.length === maxSegments) continue
    for (const key of keys) {
      const longer = [...path, key].join("_").toUpperCase()
      if (longer.startsWith(prefix) || prefix.startsWith(`${longer}_`)) pending.push([...path, key])
    }
  }
  return listed
})

/** A path that no source has. */
const absent: ConfigProvider.Path = ["effect-mcp-auth-absent"]

/** A single source of a provider. */
type Source = Pick<ConfigProvider.ConfigProvider, "load">

/**
 * The sources of a provider, in order. `ConfigProvider.orElse` does not list the keys of its fallback. But it tries its sources
 * in turn until one has the path, and maps the path for each of them. So one source is read alone if the others get a path
 * that no source has.
 */
const sourcesOf = Effect.fnUntraced(function*(provider: ConfigProvider.ConfigProvider) {
  const loadFrom = (source: number, path: ConfigProvider.Path) =>
    Effect.suspend(() => {
      let asked = 0
      const one = ConfigProvider.mapInput(provider, (whole) => asked++ === source ? whole : absent)
      return Effect.map(one.load(path), (node) => ({ asked, node }))
    })
  const sources: Array<Source> = []
  // A source that fails hides the next ones. Reading a variable fails then, too, with an error of its own.
  const { asked } = yield* Effect.orElseSucceed(loadFrom(-1, []), () => ({ asked: 1 }))
  for (let source = 0; source < asked; source++) {
    sources.push({ load: (path) => Effect.map(loadFrom(source, path), ({ node }) => node) })
  }
  return sources
})

/** The number of characters to insert, remove or replace (Levenshtein distance). */
const distance = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}

const closestTo = (name: string): Name => {
  const upper = name.toUpperCase()
  return variableNames.reduce((best, next) => distance(upper, next) < distance(upper, best) ? next : best)
}

/** The state of a variable. */
type State = "set" | "unset" | "empty" | "nested" | "not-a-string"

const stateOf = Effect.fnUntraced(function*(provider: ConfigProvider.ConfigProvider, name: Name, listed: Listed) {
  const node = yield* provider.load([name])
  const path = listed.get(name)
  if (node === undefined) {
    if (path === undefined) return "unset"
    return (yield* provider.load(path)) === undefined ? "empty" : "nested"
  }
  if (node.value === undefined) return "not-a-string"
  return node.value.trim() === "" ? "empty" : "set"
}, Effect.mapError((error) => new Config.ConfigError(error)))

const problemOf = (name: Name, state: State): string | undefined => {
  switch (state) {
    case "empty":
      return `${name} is empty: give it a value, or remove the variable`
    case "nested":
      return `${name} is spread over nested keys, and is not read: use the whole name as one key`
    case "not-a-string":
      return `${name} is not a string: write lists as words between spaces or commas, and objects as JSON text`
    default:
      return undefined
  }
}

const unsetProblems = (
  states: ReadonlyMap<Name, State>,
  overridden: ReadonlySet<Name>
): ReadonlyArray<string> => [
  ...required.flatMap(([name, repair]) =>
    states.get(name) === "unset" && !overridden.has(name) ? `${name} is not set: set it to ${repair}` : []
  ),
  ...pairs.flatMap(([name, other]) =>
    states.get(name) !== "unset" && states.get(other) === "unset"
      ? `${other} is not set: ${name} has no effect without it; set both, or remove both`
      : []
  )
]

/** The errors of unknown names. A name in another case is allowed if its source finds the variable by it. */
const unknownNamesOf = Effect.fnUntraced(function*(source: Source, listed: Listed) {
  const unknown: Array<string> = []
  for (const name of listed.keys()) {
    const closest = closestTo(name)
    if (name === closest) continue
    const isOtherCase = name.toUpperCase() === closest && !listed.has(closest)
    const found = isOtherCase ? yield* Effect.orElseSucceed(source.load([closest]), () => undefined) : undefined
    if (found?.value !== undefined && found.value.trim() !== "") continue
    unknown.push(
      `${
        printable(name)
      } is not a known variable: rename it to ${closest}, which is the closest known name, or remove it`
    )
  }
  return unknown
})

const configError = (messages: ReadonlyArray<string>) =>
  new Config.ConfigError(new Schema.SchemaError(new SchemaIssue.InvalidValue({ message: messages.join("\n") })))

/**
 * Fails if a variable is empty, unknown or missing, and lists all such variables. Effect's providers treat an empty variable as
 * not set, which would silently switch a protection off.
 */
export const checkNames = Effect.fnUntraced(function*(
  provider: ConfigProvider.ConfigProvider,
  overridden: ReadonlySet<Name>
): Effect.fn.Return<void, Config.ConfigError> {
  const listed = new Map<string, ConfigProvider.Path>()
  const unknown = new Set<string>()
  for (const source of yield* sourcesOf(provider)) {
    const names = yield* listOf(source)
    for (const [name, path] of names) if (!listed.has(name)) listed.set(name, path)
    for (const message of yield* unknownNamesOf(source, names)) unknown.add(message)
  }
  const states = new Map<Name, State>()
  for (const name of variableNames) {
    states.set(name, yield* stateOf(provider, name, listed))
  }
  const problems = [
    ...[...states].flatMap(([name, state]) => problemOf(name, state) ?? []),
    ...unknown,
    ...unsetProblems(states, overridden)
  ]
  if (problems.length > 0) return yield* Effect.fail(configError(problems))
})

/** Words between white space or commas. At least one, because an empty list would have the effect of no variable. */
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

/** A number of failures. Zero would lock out every client. */
const positive = Schema.Int.check(Schema.isGreaterThan(0))

/** A name from the list, checked by its type. */
const named = (name: Name): Name => name

const json = <A>(name: Name, schema: Schema.Codec<A, Schema.Json>) =>
  Config.option(Config.schema(Schema.fromJsonString(schema), name))

interface Credentials {
  readonly clientId: string
  readonly clientSecret: Redacted.Redacted
}

/** Both or none. `checkNames` refuses one alone, because introspection would silently be off. */
const credentials: Config.Config<Option.Option<Credentials>> = Config.option(Config.all({
  clientId: Config.NonEmptyString(named("MCP_AUTH_CLIENT_ID")),
  clientSecret: Config.Redacted(named("MCP_AUTH_CLIENT_SECRET"))
}))

/** The secrets in a list. */
const secretsIn = (text: Redacted.Redacted): ReadonlyArray<Redacted.Redacted> =>
  Redacted.value(text).split(/[\s,]+/).filter((part) => part !== "").map((secret) => Redacted.make(secret))

const variables = Config.all({
  // Both are required. `checkNames` reports a missing one, unless the program overrides it.
  resource: Config.withDefault(Config.NonEmptyString(named("MCP_AUTH_RESOURCE")), ""),
  issuers: Config.withDefault(words("MCP_AUTH_ISSUER", Schema.String), []),
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
  isDevelopment: Config.withDefault(Config.Boolean(named("MCP_AUTH_DEVELOPMENT")), false),
  showErrorDetails: Config.withDefault(Config.Boolean(named("MCP_AUTH_SHOW_ERROR_DETAILS")), false),
  allowInsecureLoopback: Config.withDefault(Config.Boolean(named("MCP_AUTH_ALLOW_INSECURE_LOOPBACK")), false)
})

type Variables = Omit<Config.Success<typeof variables>, "isDevelopment">

/** Verifies JWTs by their keys, and all other tokens by introspection if there are credentials. */
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

type ConfiguredOptions = Options<Issuer.InvalidIssuer, HttpClient.HttpClient | Scope.Scope, HttpClient.HttpClient>

const optionsOf = (variables: Variables): ConfiguredOptions => {
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

/** Options of the program that replace those of the environment. */
type Overrides = Pick<Partial<Options<unknown, unknown, unknown>>, "resource" | "authorizationServers">

/**
 * Reads the options of a resource from the environment. Empty, unknown and missing variables are errors. A required variable
 * may be missing if the program overrides its option.
 */
export const optionsFromConfig = Effect.fnUntraced(function*(
  { authorizationServers, resource }: Overrides
): Effect.fn.Return<{ readonly options: ConfiguredOptions; readonly isDevelopment: boolean }, Config.ConfigError> {
  const provider = yield* ConfigProvider.ConfigProvider
  const overridden = new Set<Name>()
  if (resource !== undefined) overridden.add("MCP_AUTH_RESOURCE")
  if (authorizationServers !== undefined) overridden.add("MCP_AUTH_ISSUER")
  yield* checkNames(provider, overridden)
  const { isDevelopment, ...rest } = yield* variables.parse(provider)
  return { options: optionsOf(rest), isDevelopment }
})
