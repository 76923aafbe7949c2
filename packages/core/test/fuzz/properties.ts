/** Properties that hold for every input, used for random inputs and for those of `found.ts`. */
import {
  BearerToken,
  ClientAuthentication,
  FetchLimits,
  Jws,
  ProtectedResourceMetadata,
  TokenDigest,
  TokenVerifier
} from "@effect-mcp-auth/core"
import { NodeJws } from "@effect-mcp-auth/platform-node"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert } from "@effect/vitest"
import { Effect, Exit, Logger, Redacted, Result, Schema } from "effect"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { byOauth4webapi, errorText, grammar } from "../server/challengeParsers.ts"
import * as Server from "../server/harness.ts"
import { makeStore, sharing } from "../sharing/harness.ts"
import { claims, compact, issuer, makeEd25519, now, printed, resource, signer, verifier } from "../token/harness.ts"
import { authorizationOf, compactOf, type FuzzedRequest, type FuzzedToken } from "./inputs.ts"

const key = makeEd25519()

export const header = { alg: "EdDSA", typ: "at+jwt", kid: "good" }

export const publishedKey: Schema.JsonObject = { ...key.jwk, kid: "good" }

const sign = signer(key, "EdDSA")

/** A token that must be valid, whatever came before it. */
export const goodToken = compact(header, claims, sign)

const publish = Effect.flatMap(
  TestProvider.TestProvider,
  ({ fault }) => fault("jwks", Fault.document(() => ({ keys: [publishedKey] })))
)

const byNode = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(
    Effect.provideService(Jws.Jws, NodeJws.nodeCrypto),
    Effect.provideService(TokenDigest.TokenDigest, NodeJws.nodeDigest)
  )

/** Nothing waits: an attempt fails once. */
const impatient = Effect.provideService(FetchLimits.FetchLimits, {
  ...FetchLimits.FetchLimits.defaultValue(),
  retries: 0
})

/** The same for an instance alone, and for one that shares a store with others. */
const aloneAndSharing = <A, E, R>(property: Effect.Effect<A, E, R>) =>
  Effect.andThen(property, Effect.flatMap(makeStore, (store) => sharing(store)(property)))

// ---------------------------------------------------------------------------------------------------------------------
// Acceptable content, expressed independently of the library
// ---------------------------------------------------------------------------------------------------------------------

const parsed = (json: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    // A byte order mark is ignored by readers of documents.
    const value: unknown = JSON.parse(json.replace(/^\ufeff/, ""))
    // Every object has members.
    return typeof value === "object" && value !== null ? value as Readonly<Record<string, unknown>> : undefined
  } catch {
    return undefined
  }
}

const wordsOf = (value: unknown): ReadonlyArray<string> =>
  [value].flat().flatMap((one) => typeof one === "string" ? one.split(" ") : [])

/** Claims that may be accepted. */
const assertAcceptable = (claims: Readonly<Record<string, unknown>> | undefined, scopes: ReadonlySet<string>) => {
  if (claims === undefined) return assert.fail("no claims were accepted")
  assert.include([claims["aud"]].flat(), resource)
  assert.isTrue(typeof claims["exp"] === "number" && Number.isFinite(claims["exp"]) && claims["exp"] > now - 30)
  assert.isUndefined(claims["cnf"])
  const words = ["scope", "scopes", "scp"].flatMap((claim) => wordsOf(claims[claim]))
  for (const scope of scopes) assert.include(words, scope)
}

/** Long parts of a token, which cannot be confused with other words. */
const assertSecret = (text: string, token: string) => {
  for (const part of [token, ...token.split(".")]) if (part.length > 24) assert.notInclude(text, part)
}

// ---------------------------------------------------------------------------------------------------------------------
// Verifiers
// ---------------------------------------------------------------------------------------------------------------------

type Verify = Effect.Success<ReturnType<typeof verifier>>

/** The result for a token: accepted, or a typed refusal that does not quote it. Nothing else may happen. */
const verdict = Effect.fnUntraced(function*(verify: Verify, token: string) {
  const result = yield* Effect.result(verify(token))
  if (Result.isFailure(result)) assertSecret(printed(result.failure), token)
  return result
})

const assertGood = (verify: Verify) =>
  Effect.map(verdict(verify, goodToken), (result) => {
    if (Result.isFailure(result)) assert.fail(`the valid token was refused: ${result.failure.message}`)
  })

/** A verifier whose keys are known. */
export const tokenWorld = Effect.gen(function*() {
  yield* publish
  const verify = yield* verifier(TokenVerifier.jwt({ remember: 100 }))
  yield* assertGood(verify)
  return verify
}).pipe(byNode, Effect.provide(TestProvider.layer()))

export const tokenHolds = (verify: Verify, input: FuzzedToken) =>
  Effect.gen(function*() {
    const { isGenuine, text } = compactOf(input, sign)
    const result = yield* verdict(verify, text)
    if (Result.isSuccess(result)) {
      const said = parsed(input.payload)
      assert.isTrue(isGenuine)
      assert.strictEqual(said?.["iss"], issuer)
      assertAcceptable(said, result.success.scopes)
      const { alg, crit, kid } = parsed(input.header) ?? {}
      assert.include(["EdDSA", "Ed25519"], alg)
      assert.include(["good", undefined], kid)
      assert.isUndefined(crit)
    } else assert.strictEqual(result.failure._tag, "InvalidToken")
    yield* assertGood(verify)
  })

const isDeep = (json: string): boolean => json.includes("[".repeat(60)) || json.includes("{\"a\":[".repeat(30))

/** For a key set: whatever else is in it, the valid key is used. */
export const keySetHolds = (others: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const { fault } = yield* TestProvider.TestProvider
    const [first = "null", ...rest] = others
    const json = `{"keys":[${[first, JSON.stringify(publishedKey), ...rest].join()}]}`
    yield* fault("jwks", Fault.body(json))
    const verify = yield* verifier(TokenVerifier.jwt())
    const result = yield* verdict(verify, goodToken)
    const isReadable = parsed(json) !== undefined && !isDeep(json)
    assert.strictEqual(
      Result.isSuccess(result) ? "accepted" : result.failure._tag,
      isReadable ? "accepted" : "VerificationUnavailable"
    )
    // A token without a kid tries all keys, and a forged one matches none.
    const nameless = yield* verdict(verify, compact({ ...header, kid: undefined }, claims, sign))
    if (isReadable) assert.isTrue(Result.isSuccess(nameless))
    const forged = yield* verdict(verify, compact({ ...header, kid: undefined }, claims, () => Buffer.alloc(64, 1)))
    assert.isTrue(Result.isFailure(forged))
  }).pipe(byNode, impatient, Effect.scoped, Effect.provide(TestProvider.layer()), aloneAndSharing)

/** For metadata: it is accepted only if it names its issuer, and only https URLs are fetched. */
export const metadataHolds = (json: string) =>
  Effect.gen(function*() {
    const { fault } = yield* TestProvider.TestProvider
    yield* publish
    yield* fault("metadata", Fault.body(json))
    const asked: Array<string> = []
    const spied = HttpClient.mapRequest(yield* HttpClient.HttpClient, (request) => {
      asked.push(request.url)
      return request
    })
    const result = yield* Effect.flatMap(
      Effect.provideService(verifier(TokenVerifier.jwt()), HttpClient.HttpClient, spied),
      (verify) => verdict(verify, goodToken)
    )
    for (const url of asked) assert.match(url, /^https:\/\/[^@]*$/i)
    if (Result.isSuccess(result)) assert.strictEqual(parsed(json)?.["issuer"], issuer)
    else assert.include(["VerificationUnavailable", "InvalidToken"], result.failure._tag)
    // An error message is readable.
    if (Result.isFailure(result)) assert.isBelow(result.failure.message.length, 4_000)
  }).pipe(byNode, impatient, Effect.scoped, Effect.provide(TestProvider.layer()), aloneAndSharing)

const authentication = ClientAuthentication.clientSecretPost("notes", Redacted.make("a-secret-of-many-letters"))

/** For introspection responses. */
export const introspectionHolds = (json: string) =>
  Effect.gen(function*() {
    const { fault } = yield* TestProvider.TestProvider
    yield* fault("introspection", Fault.body(json))
    const verify = yield* verifier(TokenVerifier.introspection({ authentication }))
    const result = yield* verdict(verify, "an-opaque-token-of-a-good-many-letters")
    if (Result.isSuccess(result)) {
      const said = parsed(json)
      assert.isTrue(said?.["active"])
      assert.include([issuer, undefined], said?.["iss"])
      assertAcceptable(said, result.success.scopes)
    } else assert.notInclude(printed(result.failure), "a-secret-of-many-letters")
  }).pipe(impatient, Effect.scoped, Effect.provide(TestProvider.layer()), aloneAndSharing)

// ---------------------------------------------------------------------------------------------------------------------
// Documents and headers by themselves
// ---------------------------------------------------------------------------------------------------------------------

/** For the metadata of a resource: it is read, or refused with a reason; what was read survives a round trip. */
export const resourceMetadataHolds = (json: string) =>
  Effect.gen(function*() {
    const codec = ProtectedResourceMetadata.ProtectedResourceMetadata
    const exit = yield* Effect.exit(Schema.decodeUnknownEffect(codec)(parsed(json)))
    assert.isFalse(Exit.hasDies(exit))
    if (Exit.isFailure(exit)) return
    const written = yield* Effect.orDie(Schema.encodeEffect(codec)(exit.value))
    assert.deepStrictEqual(yield* Effect.orDie(Schema.decodeUnknownEffect(codec)(written)), exit.value)
    assert.isUndefined(({} as { readonly active?: unknown }).active)
  })

/** For Authorization headers: a token is read from one header of the right form, or not at all. */
export const headersHold = (authorization: ReadonlyArray<string>, url: string) =>
  Effect.sync(() => {
    const read = BearerToken.read({ authorization, url })
    if (Result.isFailure(read)) {
      assert.match(read.failure.message, /^[\x20-\x7e]*$/)
      for (const header of authorization) assertSecret(read.failure.message, header)
      return
    }
    assert.strictEqual(authorization.length, 1)
    const token = Redacted.value(read.success)
    assert.match(token, /^[\w.~+/-]+=*$/)
    const [sent = ""] = authorization
    assert.isTrue(sent.endsWith(token))
    assert.match(sent.slice(0, -token.length), /^bearer +$/i)
    assertSecret(JSON.stringify(read), token)
  })

// ---------------------------------------------------------------------------------------------------------------------
// Servers
// ---------------------------------------------------------------------------------------------------------------------

/** A server that has fetched its provider's documents, and everything that it has logged. */
export const serverWorld = Effect.gen(function*() {
  yield* TestClock.setTime(now * 1000)
  yield* publish
  const log: Array<string> = []
  const logger = Logger.make(({ cause, message }) => {
    log.push(`${JSON.stringify(message)} ${printed(cause)}`)
  })
  const started = yield* Effect.provide(Server.start(), Logger.layer([logger]))
  const world = { ...started, log }
  yield* assertServes(world)
  return world
}).pipe(byNode, Effect.provide(TestProvider.layer()))

type ServerWorld = Effect.Success<ReturnType<typeof Server.start>> & { readonly log: Array<string> }

const assertServes = ({ handle }: ServerWorld) =>
  Effect.map(Server.callTool(handle, goodToken), ({ body, status }) => assert.strictEqual(status, 200, body))

/** No response streams forever. */
const patience = "4 minutes"

export const requestHolds = (
  world: ServerWorld,
  { input, token }: { readonly input: FuzzedRequest; readonly token: string }
) =>
  Effect.gen(function*() {
    const { handle, log, reached } = world
    const authorization = authorizationOf(input, token)
    const hasBody = !["GET", "HEAD"].includes(input.method)
    const before = (yield* reached).length
    log.length = 0
    const answer = yield* TestClock.withLive(Effect.timeout(
      Server.send(handle, `${Server.origin}${input.path}`, {
        method: input.method,
        headers: {
          ...Server.mcpHeaders,
          ...input.headers,
          ...(authorization === undefined ? {} : { authorization })
        },
        ...(hasBody ? { body: input.body } : {})
      }),
      patience
    ))
    const { body, headers, status } = answer
    assert.isBelow(status, 500, body)
    const isGood = token === goodToken && /^bearer +\S+$/i.test(authorization ?? "")
    if (!isGood) assert.strictEqual((yield* reached).length, before, "a handler was reached")
    const challenge = headers.get("www-authenticate")
    if (status === 401) assert.isNotNull(challenge)
    if (challenge !== null) {
      assert.match(challenge, grammar)
      const { error_description: description } = yield* Effect.promise(() => byOauth4webapi(challenge))
      assert.match(String(description ?? ""), errorText)
    }
    assertSecret([body, ...[...headers].flat(), ...log].join("\n"), token)
    yield* assertServes(world)
  })
