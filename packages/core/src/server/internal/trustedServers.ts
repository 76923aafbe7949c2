import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type { AuthorizationServer } from "../../discovery/AuthorizationServer.ts"
import { makeVerifierByServer } from "../../token/internal/verifyByServer.ts"
import * as TokenVerifier from "../../token/TokenVerifier.ts"
import type { Options, ServerWithVerifier, TrustedServer } from "../McpAuthOptions.ts"

/** The authorization servers of a resource, the method that verifies their tokens, and the form of scopes in requests. */
export interface TrustedServers<R> {
  readonly authorizationServers: ReadonlyArray<AuthorizationServer<unknown>>
  readonly verifier: Pick<TokenVerifier.Method<R>, "make">
  readonly scopeRequestForm: Options["scopeRequestForm"]
  /** Whether the method verifies API keys alone, so that the resource needs no authorization server. */
  readonly needsNoServer: boolean
}

const hasVerifier = <E, R, RV>(server: TrustedServer<E, R, RV>): server is ServerWithVerifier<E, R, RV> =>
  "verifier" in server

const isEffect = <E, R>(
  server: AuthorizationServer<unknown> | Effect.Effect<AuthorizationServer<unknown>, E, R>
): server is Effect.Effect<AuthorizationServer<unknown>, E, R> => Effect.isEffect(server)

/** The parts of a method that need no configured authorization server. */
const independentOf = <R>(method: TokenVerifier.Method<R>): ReadonlyArray<TokenVerifier.Method<R>> =>
  method.methods?.flatMap(independentOf) ??
    (method.needsAuthorizationServer === false || method.looksUpIssuers === true ? [method] : [])

/**
 * Creates the servers of the options. A server with a verifier of its own keeps it, and the `verifier` of the options
 * verifies the tokens of all others.
 */
export const makeTrustedServers = Effect.fnUntraced(function*<E, R, RV = HttpClient.HttpClient>(
  { authorizationServers: trusted, scopeRequestForm, verifier }: Pick<
    Options<E, R, RV>,
    "authorizationServers" | "scopeRequestForm" | "verifier"
  >
): Effect.fn.Return<TrustedServers<RV | HttpClient.HttpClient>, E, R> {
  const entries = yield* Effect.forEach(trusted, (entry) => {
    const [server, own] = hasVerifier(entry) ? [entry.authorizationServer, entry] : [entry, undefined]
    return Effect.map(isEffect(server) ? server : Effect.succeed(server), (server) => ({ server, own }))
  })
  const authorizationServers = entries.map(({ server }) => server)
  const shared: TokenVerifier.Method<RV | HttpClient.HttpClient> = verifier ?? TokenVerifier.jwt()
  const owned = entries.flatMap(({ own, server }) =>
    own === undefined ? [] : [{ authorizationServers: [server], method: own.verifier }]
  )
  const others = entries.flatMap(({ own, server }) => own === undefined ? [server] : [])
  // API keys and looked-up issuers stay valid if each server has a method of its own. They are first, because introspection
  // takes any token.
  const general = others.length > 0
    ? [{ authorizationServers: others, method: shared }]
    : independentOf(shared).map((method) => ({ authorizationServers: [], method }))
  const [first] = entries
  return {
    authorizationServers,
    verifier: owned.length === 0 ? shared : {
      make: ({ resource }) => makeVerifierByServer<RV | HttpClient.HttpClient>(resource, [...general, ...owned])
    },
    needsNoServer: shared.needsAuthorizationServer === false,
    // Clients cannot know which of several servers a scope is for, so the form of one of them would be wrong.
    scopeRequestForm: scopeRequestForm ?? (entries.length === 1 ? first?.own?.scopeRequestForm : undefined)
  }
})
