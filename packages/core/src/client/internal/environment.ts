import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { checkNames, configError, type Vocabulary, wordsOf } from "../../metadata/internal/environmentNames.ts"
import * as ClientAuthentication from "../../token/ClientAuthentication.ts"
import * as ClientRegistration from "../ClientRegistration.ts"
import * as Grant from "../Grant.ts"
import type { UserAgent } from "../UserAgent.ts"

/**
 * All variables. A name outside this list is an error, because a misspelt name would silently have no effect. The comments are
 * the table of variables in docs/options.md (`pnpm codegen`).
 */
const variableNames = [
  /** The URL of the MCP server (`server`). No other URL gets its token. Required. */
  "MCP_OAUTH_SERVER",
  /** How the client gets tokens: `authorization_code` with a user, or `client_credentials` without one. Default: `authorization_code`. */
  "MCP_OAUTH_GRANT",
  /** The authorization server at which the client is registered by hand. Set it together with `MCP_OAUTH_CLIENT_ID`. */
  "MCP_OAUTH_ISSUER",
  /** The ID of the client that is registered by hand. Default: none, which `client_credentials` does not allow. */
  "MCP_OAUTH_CLIENT_ID",
  /** The secret of that client, which is sent as HTTP Basic. Default: a public client, which `client_credentials` does not allow. */
  "MCP_OAUTH_CLIENT_SECRET",
  /** The URL of the client ID metadata document (`ClientRegistration.metadataDocument`). Default: none. */
  "MCP_OAUTH_CLIENT_METADATA_URL",
  /** The name under which the client registers itself (`ClientRegistration.dynamic`). Default: it does not. */
  "MCP_OAUTH_CLIENT_NAME",
  /** The scopes of the first login, a list (`scopes`). Default: those that the server asks for. */
  "MCP_OAUTH_SCOPES",
  /** Whether a user may be asked to log in: `when-needed` or `never` (`interactive`). Default: `when-needed`. */
  "MCP_OAUTH_INTERACTIVE",
  /** Whether tokens are bound to a key: `when-asked`, `always` or `never` (`dpop`). Default: `when-asked`. */
  "MCP_OAUTH_DPOP",
  /** How long a user may take to log in, such as `5 minutes` (`loginTimeout`). Default: 5 minutes. */
  "MCP_OAUTH_LOGIN_TIMEOUT",
  /** Accept servers of MCP 2025-03-26, which have no metadata (`legacy`). Default: `false`. */
  "MCP_OAUTH_LEGACY",
  /** Accept `http` for loopback hosts. For development only. Default: `false`. */
  "MCP_OAUTH_ALLOW_INSECURE_LOOPBACK"
] as const

type Name = typeof variableNames[number]

/** A name from the list, checked by its type. */
const named = (name: Name): Name => name

const text = (name: Name) => Config.option(Config.NonEmptyString(name))

const flag = (name: Name) => Config.withDefault(Config.Boolean(name), false)

const variables = Config.all({
  // Required. `checkNames` reports it if it is missing, unless the program overrides it.
  server: Config.withDefault(Config.NonEmptyString(named("MCP_OAUTH_SERVER")), ""),
  grant: Config.withDefault(
    Config.Literals(["authorization_code", "client_credentials"], named("MCP_OAUTH_GRANT")),
    "authorization_code"
  ),
  issuer: text("MCP_OAUTH_ISSUER"),
  clientId: text("MCP_OAUTH_CLIENT_ID"),
  clientSecret: Config.option(Config.Redacted(named("MCP_OAUTH_CLIENT_SECRET"))),
  metadataUrl: text("MCP_OAUTH_CLIENT_METADATA_URL"),
  clientName: text("MCP_OAUTH_CLIENT_NAME"),
  scopes: Config.option(wordsOf(named("MCP_OAUTH_SCOPES"), Schema.String)),
  interactive: Config.withDefault(
    Config.Literals(["when-needed", "never"], named("MCP_OAUTH_INTERACTIVE")),
    "when-needed"
  ),
  dpop: Config.withDefault(Config.Literals(["when-asked", "always", "never"], named("MCP_OAUTH_DPOP")), "when-asked"),
  loginTimeout: Config.option(Config.Duration(named("MCP_OAUTH_LOGIN_TIMEOUT"))),
  legacy: flag("MCP_OAUTH_LEGACY"),
  allowInsecureLoopback: flag("MCP_OAUTH_ALLOW_INSECURE_LOOPBACK")
})

type Variables = Config.Success<typeof variables>

/** What a program sets itself. */
interface Overrides<R> {
  readonly server?: string | undefined
  readonly grant?: Grant.Grant<R> | undefined
}

const vocabularyOf = ({ grant, server }: Overrides<unknown>): Vocabulary => ({
  prefix: ["MCP", "OAUTH"],
  known: variableNames,
  required: server !== undefined ? [] : [[named("MCP_OAUTH_SERVER"), "the URL of the MCP server"]],
  dependent: grant !== undefined ? [] : [
    ["MCP_OAUTH_ISSUER", "MCP_OAUTH_CLIENT_ID"],
    ["MCP_OAUTH_CLIENT_ID", "MCP_OAUTH_ISSUER"],
    ["MCP_OAUTH_CLIENT_SECRET", "MCP_OAUTH_CLIENT_ID"]
  ],
  exclusive: [],
  explain: () => undefined,
  problems: []
})

/** The issuer and the credentials of the client that is registered by hand. */
const registeredOf = ({ clientId, clientSecret, issuer }: Variables) =>
  Option.map(Option.all({ issuer, clientId }), ({ clientId, issuer }) => ({
    issuer,
    clientId,
    authentication: Option.match(clientSecret, {
      onNone: () => ClientAuthentication.none(clientId),
      onSome: (secret: Redacted.Redacted) => ClientAuthentication.clientSecretBasic(clientId, secret)
    })
  }))

const forUsers =
  "MCP_OAUTH_CLIENT_ID, MCP_OAUTH_CLIENT_METADATA_URL and MCP_OAUTH_CLIENT_NAME are not set: set one of " +
  "them, because the authorization server must know the client"

const forMachines =
  "MCP_OAUTH_CLIENT_ID, MCP_OAUTH_ISSUER or MCP_OAUTH_CLIENT_SECRET is not set: set all of them, because " +
  "MCP_OAUTH_GRANT is client_credentials"

const notForMachines = "MCP_OAUTH_CLIENT_METADATA_URL and MCP_OAUTH_CLIENT_NAME have no effect with MCP_OAUTH_GRANT " +
  "client_credentials: remove them"

/** The grant, or what is wrong with its variables. */
const grantOf = (values: Variables): Grant.Grant<UserAgent> | string => {
  const registered = registeredOf(values)
  const { clientName, clientSecret, metadataUrl } = values
  if (values.grant === "client_credentials") {
    if (Option.isSome(metadataUrl) || Option.isSome(clientName)) return notForMachines
    return Option.isSome(registered) && Option.isSome(clientSecret)
      ? Grant.clientCredentials(registered.value)
      : forMachines
  }
  const ways = [
    Option.map(registered, ClientRegistration.preregistered),
    Option.map(metadataUrl, (url) => ClientRegistration.metadataDocument(url)),
    Option.map(clientName, (name) => ClientRegistration.dynamic({ clientName: name }))
  ].flatMap((way) => Option.isSome(way) ? [way.value] : [])
  return ways.length === 0 ? forUsers : Grant.authorizationCode({ registration: ClientRegistration.firstOf(...ways) })
}

/** The options of a client from the environment, with the server and the grant of the program if it has its own. */
export interface Configured<R> {
  readonly server: string
  readonly grant: Grant.Grant<R | UserAgent>
  readonly scopes: ReadonlyArray<string> | undefined
  readonly interactive: Variables["interactive"]
  readonly dpop: Variables["dpop"]
  readonly loginTimeout: Duration.Duration | undefined
  readonly legacy: boolean
  readonly allowInsecureLoopback: boolean
}

/**
 * Reads the options of a client from the environment. Empty, unknown and missing variables, and variables that contradict each
 * other, are errors.
 */
export const configured = Effect.fnUntraced(function*<R>(
  overrides: Overrides<R>
): Effect.fn.Return<Configured<R>, Config.ConfigError> {
  const provider = yield* ConfigProvider.ConfigProvider
  yield* checkNames(provider, vocabularyOf(overrides))
  const values = yield* variables.parse(provider)
  const grant = overrides.grant ?? grantOf(values)
  if (typeof grant === "string") return yield* Effect.fail(configError([grant]))
  return {
    server: overrides.server ?? values.server,
    grant,
    scopes: Option.getOrUndefined(values.scopes),
    interactive: values.interactive,
    dpop: values.dpop,
    loginTimeout: Option.getOrUndefined(values.loginTimeout),
    legacy: values.legacy,
    allowInsecureLoopback: values.allowInsecureLoopback
  }
})
