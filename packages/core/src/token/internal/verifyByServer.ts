import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { type AuthorizationServer, mayIssue } from "../../discovery/AuthorizationServer.ts"
import { InvalidVerifier, type Method, type VerifyToken } from "../TokenVerifier.ts"
import { unknownIssuer } from "./issuers.ts"
import { notJwt, parseJwt } from "./jwt.ts"

/** Authorization servers, and the method that verifies their tokens and no others. */
export interface ServerMethod<out R> {
  readonly authorizationServers: ReadonlyArray<AuthorizationServer<unknown>>
  readonly method: Method<R>
}

interface Entry extends ServerMethod<unknown> {
  readonly verify: VerifyToken
}

/** The method that looks up an issuer, unless a configured server has it. */
const lookupFor = (entries: ReadonlyArray<Entry>, token: string, iss: string): Entry | undefined =>
  entries.some(({ authorizationServers }) => authorizationServers.some((server) => mayIssue(server, iss)))
    ? undefined
    : entries.find(({ method }) => method.looksUpIssuers === true && method.handles(token))

/**
 * The entry for a token. A token that names its issuer is given to the method of that issuer alone: another provider
 * must not see it. Any other token is given to the first method that handles its form.
 */
const entryFor = (entries: ReadonlyArray<Entry>, token: string) => {
  const jwt = parseJwt(token)
  const claims = Result.isSuccess(jwt) ? jwt.success.claims : {}
  const { iss } = claims
  if (typeof iss !== "string") {
    const entry = entries.find(({ method }) => method.handles(token))
    return entry === undefined ? Result.fail(notJwt(token)) : Result.succeed(entry)
  }
  const entry =
    entries.find(({ authorizationServers, method }) =>
      method.handles(token) && authorizationServers.some((server) => mayIssue(server, iss, claims))
    ) ?? lookupFor(entries, token, iss)
  return entry === undefined
    ? Result.fail(unknownIssuer(entries.flatMap(({ authorizationServers }) => authorizationServers), iss, claims))
    : Result.succeed(entry)
}

/** Whether a method accepts tokens of any form, so that no other method would ever get an opaque token. */
const handlesAnyForm = ({ method }: ServerMethod<unknown>): boolean => method.handles("")

/**
 * Verifies each token with the method of its own authorization server. Every method is built with its own servers alone,
 * so that neither keys nor audiences nor claims of one apply to tokens of another.
 */
export const makeVerifierByServer = Effect.fnUntraced(function*<R>(
  resource: string,
  methods: ReadonlyArray<ServerMethod<R>>
): Effect.fn.Return<VerifyToken, InvalidVerifier, R | Scope.Scope> {
  if (methods.filter(handlesAnyForm).length > 1) return yield* new InvalidVerifier({ reason: "no-single-issuer" })
  const entries = yield* Effect.forEach(methods, (entry) =>
    Effect.map(
      entry.method.make({ resource, authorizationServers: entry.authorizationServers }),
      (verify): Entry => ({ ...entry, verify })
    ))
  const [only, ...others] = entries
  // Such a method refuses tokens of other issuers without a request, so its tokens need not be read twice.
  if (only?.method.refusesOtherIssuers === true && others.length === 0) return only.verify
  // A method for tokens of one form comes first, so that the method for any form never sends them to its provider.
  const ordered = [...entries.filter((entry) => !handlesAnyForm(entry)), ...entries.filter(handlesAnyForm)]
  return (token, request) => {
    const entry = entryFor(ordered, Redacted.value(token))
    return Result.isFailure(entry) ? Effect.fail(entry.failure) : entry.success.verify(token, request)
  }
})
