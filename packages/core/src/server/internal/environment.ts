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
 * Every variable that is read. A name outside this list is a mistake, because a defence would silently be off. The comments
 * are the table of variables in docs/options.md (`pnpm codegen`).
 */
const known = [
  /** The URL of the MCP server as clients write it (`resource`). Required. */
  "MCP_AUTH_RESOURCE",
  /** The issuers whose access tokens are accepted, a list (`authorizationServers`). Required. */
  "MCP_AUTH_ISSUER",
  /** Where metadata is looked for: `auto`, `oidc` or `oauth`. Default: `auto`. */
  "MCP_AUTH_TYPE",
  /** The repairs for metadata documents, a list of names from `Repairs`. Default: none. */
  "MCP_AUTH_REPAIRS",
  /** The audiences that are accepted instead of the resource, a list. Default: the resource. */
  "MCP_AUTH_AUDIENCE",
  /** The scopes that clients may ask for, a list (`scopesSupported`). Default: those of the policies. */
  "MCP_AUTH_SCOPES_SUPPORTED",
  /** The scopes that every request needs, a list (`requiredScopes`). Default: none. */
  "MCP_AUTH_REQUIRED_SCOPES",
  /** The policy of everything that has no policy of its own, as JSON (`PolicyDeclaration`). Default: `authenticated`. */
  "MCP_AUTH_POLICY",
  /** Which scopes cover others, as JSON (`ScopeHierarchy.Rules`). Default: none does. */
  "MCP_AUTH_SCOPE_HIERARCHY",
  /** The origins from which browsers may call, a list (`allowedOrigins`). Default: every origin. */
  "MCP_AUTH_ALLOWED_ORIGINS",
  /** The client ID for introspection of tokens that are not JWTs. Default: no introspection. */
  "MCP_AUTH_CLIENT_ID",
  /** The client secret for introspection. Set it together with `MCP_AUTH_CLIENT_ID`. */
  "MCP_AUTH_CLIENT_SECRET",
  /** The secrets for request states, a list; the first encrypts, all decrypt (`requestStateSecret`). Default: random. */
  "MCP_AUTH_REQUEST_STATE_SECRET",
  /** How many invalid tokens a client may send in a minute (`failureLimit`). Default: no limit. */
  "MCP_AUTH_FAILURES_PER_MINUTE",
  /** The path at which the server listens, if a proxy rewrites paths (`servedPath`). Default: that of the resource. */
  "MCP_AUTH_SERVED_PATH",
  /** Tell clients why a token is not valid (`showErrorDetails`). Default: `false`. */
  "MCP_AUTH_SHOW_ERROR_DETAILS",
  /** Allow `http` and connections for loopback hosts (`McpAuth.development`). Refused if `NODE_ENV` is production. Default: `false`. */
  "MCP_AUTH_DEVELOPMENT",
  /** Accept `http` for a resource and issuers on loopback. Development only. Default: `false`. */
  "MCP_AUTH_ALLOW_INSECURE_LOOPBACK"
] as const

/** The name of a variable. */
export type Name = typeof known[number]

const required: ReadonlyArray<readonly [name: Name, repair: string]> = [
  ["MCP_AUTH_RESOURCE", "the URL of the MCP server as clients write it, for example https://api.example.com/mcp"],
  ["MCP_AUTH_ISSUER", "the issuer of the access tokens, for example https://auth.example.com"]
]

/** Variables of which one alone has no effect. */
const pairs: ReadonlyArray<readonly [name: Name, other: Name]> = [
  ["MCP_AUTH_CLIENT_ID", "MCP_AUTH_CLIENT_SECRET"],
  ["MCP_AUTH_CLIENT_SECRET", "MCP_AUTH_CLIENT_ID"]
]

const prefix = "MCP_AUTH_"

/** No known name has so many segments. A directory with links to itself would otherwise be read for ever. */
const deepest = 12

/** The names with the prefix, in any case, that a provider can list, and where it has each of them. */
type Listed = ReadonlyMap<string, ConfigProvider.Path>

const keysOf = (node: ConfigProvider.Node | undefined): ReadonlyArray<string | number> => {
  if (node?._tag === "Record") return [...node.keys]
  // The last index exists. Those before it may not, and there may be billions.
  return node?._tag === "Array" && node.length > 0 ? [node.length - 1] : []
}

/**
 * Lists the names with the prefix. Providers have them as keys in one piece (a JSON object, a directory of secrets), or as
 * a tree of their segments (the environment). A provider that cannot list its keys lists none.
 */
const listOf = Effect.fnUntraced(function*(provider: Source): Effect.fn.Return<Listed> {
  const listed = new Map<string, ConfigProvider.Path>()
  // The lower two are for providers that do not answer for the root.
  const due: Array<ConfigProvider.Path> = [[], ["MCP"], ["MCP", "AUTH"]]
  for (let path = due.shift(); path !== undefined; path = due.shift()) {
    const node = yield* Effect.orElseSucceed(provider.load(path), () => undefined)
    const name = path.join("_")
    const isWhole = name.toUpperCase().startsWith(prefix)
    // What is below a key in one piece belongs to its value.
    const keys = isWhole && path.length === 1 ? [] : keysOf(node)
    if (isWhole && (keys.length === 0 || node?.value !== undefined)) listed.set(name, path)
    if (path.length === deepest) continue
    for (const key of keys) {
      const longer = [...path, key].join("_").toUpperCase()
      if (longer.startsWith(prefix) || prefix.startsWith(`${longer}_`)) due.push([...path, key])
    }
  }
  return listed
})

/** A path that no source has. */
const absent: ConfigProvider.Path = ["effect-mcp-auth-absent"]

/** What a single source of a provider has. */
type Source = Pick<ConfigProvider.ConfigProvider, "load">

/**
 * The sources of a provider, the first one first. `ConfigProvider.orElse` hides the keys of its fallback, but asks its sources
 * in turn until one of them has the path, and transforms the path for each of them. So a source is asked alone where the
 * others are asked for a path that none of them has.
 */
const sourcesOf = Effect.fnUntraced(function*(provider: ConfigProvider.ConfigProvider) {
  const loadFrom = (source: number, path: ConfigProvider.Path) =>
    Effect.suspend(() => {
      let asked = 0
      const one = ConfigProvider.mapInput(provider, (whole) => asked++ === source ? whole : absent)
      return Effect.map(one.load(path), (node) => ({ asked, node }))
    })
  const sources: Array<Source> = []
  // A source that fails hides those behind it, also when a variable is read: that is an error of its own.
  const { asked } = yield* Effect.orElseSucceed(loadFrom(-1, []), () => ({ asked: 1 }))
  for (let source = 0; source < asked; source++) {
    sources.push({ load: (path) => Effect.map(loadFrom(source, path), ({ node }) => node) })
  }
  return sources
})

/** How many characters have to be inserted, removed or replaced (Levenshtein). */
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
  return known.reduce((best, next) => distance(upper, next) < distance(upper, best) ? next : best)
}

/** What a provider has under a name that is read. */
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
  dispensable: ReadonlySet<Name>
): ReadonlyArray<string> => [
  ...required.flatMap(([name, repair]) =>
    states.get(name) === "unset" && !dispensable.has(name) ? `${name} is not set: set it to ${repair}` : []
  ),
  ...pairs.flatMap(([name, other]) =>
    states.get(name) !== "unset" && states.get(other) === "unset"
      ? `${other} is not set: ${name} has no effect without it; set both, or remove both`
      : []
  )
]

/** Names that are not read: unless their source finds a known name in another case, each of them is a mistake. */
const strangersOf = Effect.fnUntraced(function*(source: Source, listed: Listed) {
  const strangers: Array<string> = []
  for (const name of listed.keys()) {
    const closest = closestTo(name)
    if (name === closest) continue
    const isOtherCase = name.toUpperCase() === closest && !listed.has(closest)
    const found = isOtherCase ? yield* Effect.orElseSucceed(source.load([closest]), () => undefined) : undefined
    if (found?.value !== undefined && found.value.trim() !== "") continue
    strangers.push(
      `${
        printable(name)
      } is not a known variable: rename it to ${closest}, which is the closest known name, or remove it`
    )
  }
  return strangers
})

const configError = (messages: ReadonlyArray<string>) =>
  new Config.ConfigError(new Schema.SchemaError(new SchemaIssue.InvalidValue({ message: messages.join("\n") })))

/**
 * Fails when a variable is empty, unknown or missing, and names all such variables. Effect's providers treat an empty
 * variable as one that is not set, so a defence would silently be off.
 */
export const checkNames = Effect.fnUntraced(function*(
  provider: ConfigProvider.ConfigProvider,
  dispensable: ReadonlySet<Name>
): Effect.fn.Return<void, Config.ConfigError> {
  const listed = new Map<string, ConfigProvider.Path>()
  const strangers = new Set<string>()
  for (const source of yield* sourcesOf(provider)) {
    const names = yield* listOf(source)
    for (const [name, path] of names) if (!listed.has(name)) listed.set(name, path)
    for (const stranger of yield* strangersOf(source, names)) strangers.add(stranger)
  }
  const states = new Map<Name, State>()
  for (const name of known) {
    states.set(name, yield* stateOf(provider, name, listed))
  }
  const problems = [
    ...[...states].flatMap(([name, state]) => problemOf(name, state) ?? []),
    ...strangers,
    ...unsetProblems(states, dispensable)
  ]
  if (problems.length > 0) return yield* Effect.fail(configError(problems))
})

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
  // Both are required: `checkNames` says which is missing, unless the program overrides it.
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

/** Settings that a program gives instead of the environment. */
type Overrides = Pick<Partial<Options<unknown, unknown, unknown>>, "resource" | "authorizationServers">

/**
 * Reads the options of a resource from the environment. Empty, unknown and missing variables are errors. A variable that is
 * required may be missing if the program overrides its setting.
 */
export const optionsFromConfig = Effect.fnUntraced(function*(
  { authorizationServers, resource }: Overrides
): Effect.fn.Return<{ readonly options: Discovered; readonly isDevelopment: boolean }, Config.ConfigError> {
  const provider = yield* ConfigProvider.ConfigProvider
  const dispensable = new Set<Name>()
  if (resource !== undefined) dispensable.add("MCP_AUTH_RESOURCE")
  if (authorizationServers !== undefined) dispensable.add("MCP_AUTH_ISSUER")
  yield* checkNames(provider, dispensable)
  const { isDevelopment, ...rest } = yield* variables.parse(provider)
  return { options: optionsOf(rest), isDevelopment }
})
