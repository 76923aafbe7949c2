import * as ClientRegistration from "@effect-mcp-auth/core/ClientRegistration"
import * as CredentialStore from "@effect-mcp-auth/core/CredentialStore"
import * as Grant from "@effect-mcp-auth/core/Grant"
import * as McpOAuth from "@effect-mcp-auth/core/McpOAuth"
import * as OAuthEvent from "@effect-mcp-auth/core/OAuthEvent"
import { isScopeToken } from "@effect-mcp-auth/core/ScopeHierarchy"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as NodeCredentialStore from "../NodeCredentialStore.ts"
import { describeTokens, printDescribed, storeDirectory, storeFlag } from "./clientStore.ts"
import { loginFailed, misused } from "./exit.ts"
import { network } from "./flags.ts"
import { networkLayer } from "./network.ts"
import { userAgentFlags, userAgentLayer } from "./userAgent.ts"

const server = Argument.String("mcp-url").pipe(Argument.withDescription("The URL of the MCP server"))

const loginFlags = {
  server,
  scopes: Flag.String("scope").pipe(
    Flag.withDescription("The scopes to request, separated by spaces. Default: those that the server asks for"),
    Flag.map((text) => text.split(" ")),
    Flag.filter(
      (scopes) => scopes.every(isScopeToken),
      () => "--scope is a list of scopes, separated by one space, such as \"notes:read notes:write\""
    ),
    Flag.optional
  ),
  clientId: Flag.String("client-id").pipe(
    Flag.withDescription("A public client that is registered with --issuer. Default: dynamic registration"),
    Flag.optional
  ),
  issuer: Flag.String("issuer").pipe(
    Flag.withDescription("The authorization server that --client-id is registered with"),
    Flag.optional
  ),
  store: storeFlag,
  ...userAgentFlags,
  ...network
}

const dynamic = ClientRegistration.dynamic({ clientName: "mcp-auth" })

/** The client of the flags. A client ID belongs to one authorization server, so that no other one gets it. */
const registrationOf = (
  clientId: Option.Option<string>,
  issuer: Option.Option<string>
): ClientRegistration.ClientRegistration | undefined => {
  if (Option.isNone(clientId) && Option.isNone(issuer)) return dynamic
  return Option.isSome(clientId) && Option.isSome(issuer)
    ? ClientRegistration.preregistered({ issuer: issuer.value, clientId: clientId.value })
    : undefined
}

const incomplete = new Error(
  "--client-id and --issuer belong together, because a client is registered with one authorization server: pass both, or " +
    "none. mcp-auth doctor <mcp-url> shows the authorization servers of an MCP server"
)

const usageErrors = {
  InvalidOptions: misused,
  InvalidAddressPolicy: misused,
  InvalidProxy: misused,
  InvalidTlsOptions: misused,
  InvalidStoreSecret: misused
}

/** Prints what happens, as it happens. */
const told = <A, E, R>(
  { events }: McpOAuth.McpOAuth["Service"],
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.scoped(Effect.gen(function*() {
    const printing = yield* Effect.forkScoped(
      Stream.runForEach(events, (event) => Console.log(OAuthEvent.describe(event))),
      { startImmediately: true }
    )
    const result = yield* Effect.exit(effect)
    // The last event is printed before the result.
    yield* Effect.yieldNow
    yield* Fiber.interrupt(printing)
    return yield* result
  }))

/** `mcp-auth login` */
export const loginCommand = Command.make(
  "login",
  loginFlags,
  Effect.fnUntraced(function*({ clientId, issuer, scopes, server, store, ...input }) {
    const registration = registrationOf(clientId, issuer)
    if (registration === undefined) return yield* misused(incomplete)
    const directory = yield* storeDirectory(store)
    const oauth = McpOAuth.layer({
      server,
      grant: Grant.authorizationCode({ registration }),
      scopes: Option.getOrUndefined(scopes),
      // A key of this process would make the tokens useless for others.
      dpop: "never",
      allowInsecureLoopback: input.allowInsecureLoopback
    })
    const layer = Layer.provide(oauth, [
      NodeCredentialStore.layerFile({ directory }),
      networkLayer(input),
      userAgentLayer(input)
    ])
    yield* Effect.gen(function*() {
      const oauth = yield* McpOAuth.McpOAuth
      const tokens = yield* told(oauth, oauth.authorize)
      yield* Console.log(`\n${printDescribed(describeTokens(server, tokens, yield* Clock.currentTimeMillis))}`)
      yield* Console.log(`\nThe tokens are in ${directory}`)
    }).pipe(Effect.provide(layer), Effect.catchTags(usageErrors), Effect.catchIf(isLoginError, loginFailed))
  })
).pipe(
  Command.withDescription(
    "Log in to an MCP server as a client does, print each step, and keep the tokens in files of the user"
  ),
  Command.withExamples([
    { command: "mcp-auth login https://api.example.com/mcp", description: "Log in with a browser" },
    {
      command: "mcp-auth login https://api.example.com/mcp --paste",
      description: "Log in on a machine without a browser"
    }
  ])
)

const isLoginError = (error: Error): boolean => !("_tag" in error && error._tag === "Exit")

/** The client that the tokens were issued to: only it may revoke them. */
const clientOf = Effect.fnUntraced(function*(server: string) {
  const store = yield* CredentialStore.CredentialStore
  const tokens = yield* store.tokens(server)
  if (Option.isNone(tokens)) return dynamic
  const { clientId, issuer } = tokens.value
  const isRegistered = (yield* store.registrations(issuer)).some((one) => one.clientId === clientId)
  return isRegistered ? dynamic : ClientRegistration.preregistered({ issuer, clientId })
})

/** `mcp-auth logout` */
export const logoutCommand = Command.make(
  "logout",
  { server, store: storeFlag, ...network },
  Effect.fnUntraced(function*({ server, store, ...input }) {
    const directory = yield* storeDirectory(store)
    yield* Effect.gen(function*() {
      const { tokens } = yield* CredentialStore.CredentialStore
      if (Option.isNone(yield* tokens(server))) {
        return yield* Console.log(`There are no tokens for this server in ${directory}. mcp-auth tokens lists all`)
      }
      const oauth = McpOAuth.layer({
        server,
        grant: Grant.authorizationCode({ registration: yield* clientOf(server) }),
        interactive: "never",
        allowInsecureLoopback: input.allowInsecureLoopback
      })
      yield* Effect.flatMap(McpOAuth.McpOAuth, (oauth) => told(oauth, oauth.logout)).pipe(
        Effect.provide(Layer.provide(oauth, networkLayer(input)))
      )
    }).pipe(
      Effect.provide(NodeCredentialStore.layerFile({ directory })),
      Effect.catchTags(usageErrors),
      Effect.catchIf(isLoginError, loginFailed)
    )
  })
).pipe(
  Command.withDescription(
    "Delete the tokens for an MCP server, and revoke them if the authorization server supports it"
  )
)
