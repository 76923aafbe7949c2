import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as AuthorizationServer from "../../discovery/AuthorizationServer.ts"
import { sourceOf } from "../../discovery/internal/metadataSource.ts"
import type { AuthInfo } from "../AuthInfo.ts"
import * as JwkSet from "../JwkSet.ts"
import * as TokenDigest from "../TokenDigest.ts"
import type { InvalidToken, VerificationUnavailable } from "../TokenError.ts"
import { type BoundedMemory, makeBoundedMemory } from "./boundedCache.ts"
import { type JudgedJwt, judgeJwt, type JwtRules, type Keyed, type Trusted, trusted } from "./checkJwt.ts"
import { distinct, isNamed, type Said } from "./claims.ts"
import { type Doorkeeper, makeDoorkeeper, markOf } from "./tokenMemory.ts"
import { vouch, type Voucher, vouchNow } from "./verifySignature.ts"

type Info = AuthInfo["Service"]
type Verified = Effect.Effect<Info, InvalidToken | VerificationUnavailable>

/** What a verified token said, without the token. */
interface Remembered {
  readonly info: Said
  /** What vouched for it. */
  readonly voucher: Voucher
  /** From when until when it is known to be good, in milliseconds since 1970. */
  readonly goodFrom: number
  readonly goodUntil: number
}

/** Everything that tokens of one resource are verified by. */
interface Verifier {
  readonly servers: Trusted
  readonly rules: JwtRules
  readonly doorkeeper: Doorkeeper
  /** What is known about tokens that have come again, by their digest. */
  readonly memory: BoundedMemory<Remembered>
  readonly digestOf: TokenDigest.Shape
}

/** A token that is asked about. */
interface Question {
  readonly token: Redacted.Redacted
  readonly mark: number
  /** None if the doorkeeper does not know the token, which is then not looked for. */
  readonly digest: string | undefined
  /** In milliseconds since 1970. */
  readonly now: number
}

/** A token that is good is one of those who are known. When it comes again, what it says is remembered as well. */
const remember = (
  { doorkeeper, memory, rules }: Verifier,
  { digest, mark, now, token }: Question,
  info: Said,
  voucher: Voucher
): Info => {
  const { expiresAt = Infinity } = info
  doorkeeper.meet(mark)
  if (digest !== undefined) {
    memory.set(digest, { info, voucher, goodFrom: now, goodUntil: (expiresAt + rules.clockTolerance) * 1000 })
  }
  return { ...info, token }
}

/**
 * What is remembered of a token, if it is still true: it is the time for it, its server still issues under its name, and
 * the key that vouched for it is still one of the server's.
 */
const recall = ({ doorkeeper, memory }: Verifier, { digest, mark, now, token }: Question): Info | undefined => {
  const remembered = digest === undefined ? undefined : memory.get(digest)
  if (remembered === undefined || now < remembered.goodFrom || now >= remembered.goodUntil) return undefined
  const { info, voucher: { key, keyed } } = remembered
  const config = sourceOf(keyed.server).peek(now)
  const isTrue = config !== undefined &&
    AuthorizationServer.issues(keyed.server, config, info.issuer, info.claims) &&
    keyed.keys.holds(key, now)
  if (!isTrue) return undefined
  doorkeeper.meet(mark)
  return { ...info, token }
}

/** What a token says that was verified. */
const accept = (verifier: Verifier, question: Question, { info }: JudgedJwt, voucher: Voucher): Effect.Effect<Info> => {
  const { digestOf, rules } = verifier
  if (isNamed(info, rules)) return Effect.succeed(remember(verifier, question, info, voucher))
  const { token } = question
  return Effect.map(
    distinct(info, false, { digestOf, token }),
    (distinct) => remember(verifier, question, distinct, voucher)
  )
}

const answer = (verifier: Verifier, question: Question): Verified => {
  const known = recall(verifier, question)
  if (known !== undefined) return Effect.succeed(known)
  const judged = judgeJwt(question, verifier.servers, verifier.rules)
  if (Result.isFailure(judged)) return Effect.fail(judged.failure)
  const verdict = vouchNow(judged.success, question.now)
  switch (verdict._tag) {
    case "Good":
      return accept(verifier, question, judged.success, verdict.voucher)
    case "Bad":
      return Effect.fail(verdict.error)
    case "Undecided":
      return Effect.flatMap(
        vouch(verifier.servers, judged.success, verdict.undecided),
        (voucher) => accept(verifier, question, judged.success, voucher)
      )
  }
}

/**
 * A verifier of JWTs, with a key set for each server. What can be said at once is said at once, by plain functions: a
 * token that is remembered costs its digest, and one that is new its signature, where keys are in memory and the platform
 * verifies without waiting.
 */
export const makeJwtVerifier = Effect.fnUntraced(function*(
  servers: ReadonlyArray<Keyed["server"]>,
  rules: JwtRules,
  options: JwkSet.Options & { readonly remember: number }
): Effect.fn.Return<(token: Redacted.Redacted) => Verified, never, HttpClient.HttpClient | Scope.Scope> {
  const keyed = yield* Effect.forEach(
    servers,
    (server) => Effect.map(JwkSet.make(server, options), (keys): Keyed => ({ server, keys }))
  )
  const digestOf = yield* TokenDigest.TokenDigest
  const verifier: Verifier = {
    servers: trusted(keyed),
    rules,
    digestOf,
    doorkeeper: makeDoorkeeper(options.remember),
    memory: makeBoundedMemory(options.remember)
  }
  return (token) =>
    Effect.clockWith((clock) => {
      const now = clock.currentTimeMillisUnsafe()
      const text = Redacted.value(token)
      const mark = markOf(text)
      const digest = verifier.doorkeeper.knows(mark) ? digestOf(text) : undefined
      const answerBy = (digest: string | undefined) => answer(verifier, { token, mark, digest, now })
      return Effect.isEffect(digest) ? Effect.flatMap(digest, answerBy) : answerBy(digest)
    })
})
