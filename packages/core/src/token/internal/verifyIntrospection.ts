import * as Cache from "effect/Cache"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Exit from "effect/Exit"
import * as Hash from "effect/Hash"
import type * as HttpClient from "effect/http/HttpClient"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as AuthorizationServer from "../../discovery/AuthorizationServer.ts"
import type { ServerConfig } from "../../discovery/ServerConfig.ts"
import { SharedMemory } from "../../fetch/SharedMemory.ts"
import type { AuthInfo } from "../AuthInfo.ts"
import type { ClientAuthentication } from "../ClientAuthentication.ts"
import * as TokenDigest from "../TokenDigest.ts"
import { InvalidToken, type VerificationUnavailable } from "../TokenError.ts"
import { makeCircuit } from "./circuit.ts"
import { distinct, isNamed, type Rules, said } from "./claims.ts"
import { type Addressed, networksOf } from "./clientAddress.ts"
import { introspect } from "./introspect.ts"
import { makeQueue, type QueueSettings } from "./introspectionQueue.ts"
import { unknownIssuer } from "./issuers.ts"
import { available } from "./unavailable.ts"

/** What was said about a token. */
export interface Answer {
  readonly answer: Schema.JsonObject
  /** When that was said, in milliseconds since 1970. */
  readonly at: number
}

const decodeAnswer = Schema.decodeUnknownOption(
  Schema.Struct({ answer: Schema.Record(Schema.String, Schema.Json), at: Schema.Finite })
)

/** How long an answer counts, in milliseconds since 1970. */
export type CountsUntil = (answer: Answer) => number

/** Asks about a token, unless somebody else with the same memory has just done so. */
export const sharedAnswer = Effect.fnUntraced(function*<E, R>(
  key: string,
  ask: Effect.Effect<Schema.JsonObject, E, R>,
  countsUntil: CountsUntil
): Effect.fn.Return<Answer, E, R> {
  const memory = yield* SharedMemory
  const known = memory === undefined ? Option.none() : decodeAnswer(yield* memory.get(key))
  const now = yield* Clock.currentTimeMillis
  if (Option.isSome(known) && known.value.at <= now && now < countsUntil(known.value)) return known.value
  const answer = yield* ask
  const at = yield* Clock.currentTimeMillis
  if (memory !== undefined) yield* memory.set(key, { answer, at }, countsUntil({ answer, at }) - at)
  return { answer, at }
})

type Server = AuthorizationServer.AuthorizationServer<unknown>

export interface IntrospectionSettings extends QueueSettings {
  readonly authentication: ClientAuthentication
  readonly cacheFor: Duration.Duration
}

/** How many answers are remembered. The one that was not used for longest makes room. */
const capacity = 10_000

/** As long as chosen, but never past the life of the token. */
const countsUntil = (cacheFor: Duration.Duration): CountsUntil => ({ answer: { exp }, at }) => {
  const chosen = at + Duration.toMillis(cacheFor)
  return typeof exp === "number" && Number.isFinite(exp) ? Math.min(chosen, exp * 1000) : chosen
}

/** RFC 7662, section 2.2: who is named as issuer must be the one that was asked. */
const issuerOf = (server: Server, config: ServerConfig, claims: Schema.JsonObject) => {
  const { iss } = claims
  if (iss === undefined) return Effect.succeed(config.issuer)
  return typeof iss === "string" && AuthorizationServer.issues(server, config, iss, claims)
    ? Effect.succeed(iss)
    : Effect.fail(unknownIssuer([server], iss, claims))
}

/** A token, and the request that carries it, if that is known. */
interface Carried {
  readonly token: Redacted.Redacted
  readonly request: Addressed | undefined
}

/** Names a token by its digest, and holds the token and its request no longer than until the question is asked. */
class Question implements Equal.Equal {
  readonly digest: string
  private carried: Carried | undefined

  constructor(digest: string, carried: Carried) {
    this.digest = digest
    this.carried = carried
  }

  /** The token and its request, once. */
  take(): Carried {
    const carried = this.carried ?? { token: Redacted.make(""), request: undefined }
    this.carried = undefined
    return carried
  }

  [Equal.symbol](that: Equal.Equal): boolean {
    return that instanceof Question && that.digest === this.digest
  }

  [Hash.symbol](): number {
    return Hash.string(this.digest)
  }
}

/** Answers by the digest of their token. Who asks about the same token meanwhile waits along. */
const makeMemory = Effect.fnUntraced(function*(server: Server, { resource }: Rules, settings: IntrospectionSettings) {
  const digestOf = yield* TokenDigest.TokenDigest
  const circuit = yield* makeCircuit(server)
  const queue = makeQueue(server.issuer, settings)
  const until = countsUntil(settings.cacheFor)
  const lookup = Effect.fnUntraced(function*(question: Question) {
    const { request, token } = question.take()
    // The circuit is inside: what happens in the queue says nothing about the server.
    const ask = queue(
      request === undefined ? undefined : networksOf(request),
      circuit(introspect(server, settings.authentication, token))
    )
    const answer = yield* sharedAnswer(`introspection ${resource} ${server.issuer} ${question.digest}`, ask, until)
    return { answer, keepFor: Duration.millis(Math.max(0, until(answer) - (yield* Clock.currentTimeMillis))) }
  })
  const memory = yield* Cache.makeWith(lookup, {
    capacity,
    timeToLive: (exit) => Exit.isSuccess(exit) ? exit.value.keepFor : Duration.zero
  })
  return Effect.fnUntraced(function*(token: Redacted.Redacted, request: Addressed | undefined) {
    const digest = digestOf(Redacted.value(token))
    const question = new Question(typeof digest === "string" ? digest : yield* digest, { token, request })
    // The memory keeps the question, also one that it could answer without asking.
    const { answer } = yield* Effect.ensuring(Cache.get(memory, question), Effect.sync(() => question.take()))
    return answer.answer
  })
})

/** A verifier that asks the server about each token. */
export const makeIntrospectionVerifier = Effect.fnUntraced(function*(
  server: Server,
  rules: Rules,
  settings: IntrospectionSettings
): Effect.fn.Return<
  (
    token: Redacted.Redacted,
    request?: Addressed
  ) => Effect.Effect<AuthInfo["Service"], InvalidToken | VerificationUnavailable>,
  never,
  HttpClient.HttpClient | Scope.Scope
> {
  const ask = yield* makeMemory(server, rules, settings)
  const digestOf = yield* TokenDigest.TokenDigest
  return Effect.fnUntraced(function*(token, request) {
    const claims = yield* ask(token, request)
    // RFC 7662, section 2.2: a boolean. Whatever else is there is no yes.
    if (claims["active"] !== true) return yield* new InvalidToken({ reason: "inactive" })
    const config = yield* available(server, server.config)
    const issuer = yield* issuerOf(server, config, claims)
    const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
    const info = yield* Effect.fromResult(said({ claims, issuer }, rules, now))
    return { ...yield* distinct(info, isNamed(info, rules), { digestOf, token }), token }
  })
})
