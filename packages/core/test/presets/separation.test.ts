import { McpAuth, type TokenVerifier } from "@effect-mcp-auth/core"
import * as Presets from "@effect-mcp-auth/core/presets/Presets"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Layer, Predicate, Result, Schema } from "effect"
import { HttpClient, HttpClientRequest, HttpServerRequest } from "effect/http"
import { TestClock } from "effect/testing"

const resource = "https://api.test/mcp"
const now = 1_800_000_000

type Claims = Readonly<Record<string, Schema.Json>>

const decodeClaims = Schema.decodeUnknownSync(
  Schema.fromJsonString(Schema.Record(Schema.String, Schema.Json))
)

/** The claims of a JWT, or `undefined` for another token. */
const claimsOf = (token: string): Claims | undefined => {
  const [, payload] = token.split(".")
  return payload === undefined || !token.startsWith("eyJ")
    ? undefined
    : decodeClaims(Buffer.from(payload, "base64url").toString())
}

const listOf = (value: Schema.Json | undefined): ReadonlyArray<Schema.Json> => {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

interface Member {
  readonly name: TestProvider.ProductName
  /** The claims with roles, by the preset. */
  readonly roles: ReadonlyArray<TokenVerifier.RoleClaim>
  readonly product: TestProvider.ProductProvider
  readonly token: string
  readonly claims: Claims | undefined
}

/** A product with one access token. Products with an odd index sign with keys of their own. */
const memberOf = Effect.fnUntraced(function*(name: TestProvider.ProductName, index: number) {
  const product = yield* TestProvider.likeProvider(name)
  if (index % 2 === 1) yield* product.provider.rotate({ dropOld: true })
  const token = yield* product.issue("access", resource)
  const { settings } = (yield* Presets.load(name))(product.parameters)
  const { roles = [] } = Result.getOrThrow(settings)
  return { name, product, token, claims: claimsOf(token), roles } satisfies Member
})

/** The networks of all products as one. Each origin belongs to one product. */
const networkOf = (members: ReadonlyArray<Member>): HttpClient.HttpClient =>
  HttpClient.make((request, url) => {
    const member = members.find(({ product }) => product.origins.includes(url.origin))
    return member === undefined
      ? Effect.die(`A request to the unknown origin ${url.origin}`)
      : member.product.client.execute(HttpClientRequest.setUrl(request, url))
  })

const shareOrigins = (members: ReadonlyArray<Member>): boolean => {
  const origins = members.flatMap(({ product }) => product.origins)
  return new Set(origins).size < origins.length
}

/** A resource that trusts all products at once. */
const protect = Effect.fnUntraced(function*(members: ReadonlyArray<Member>) {
  const authorizationServers = yield* Effect.forEach(
    members,
    ({ name, product }) => Effect.map(Presets.load(name), (preset) => preset(product.parameters))
  )
  const layer = McpAuth.layer({ resource, authorizationServers }).pipe(
    Layer.provide(Layer.succeed(HttpClient.HttpClient, networkOf(members)))
  )
  const { authenticate } = yield* Effect.flatMap(
    Layer.build(layer),
    (context) => Effect.provide(McpAuth.McpAuth, context)
  )
  return (token: string) =>
    authenticate(
      HttpServerRequest.fromWeb(new Request(resource, { headers: { authorization: `Bearer ${token}` } }))
    )
})

type Authenticate = Effect.Success<ReturnType<typeof protect>>

const assertRefused = Effect.fnUntraced(function*(authenticate: Authenticate, token: string, what: string) {
  const error = yield* Effect.flip(authenticate(token)).pipe(
    Effect.catchCause(() => Effect.die(`${what} was accepted`))
  )
  assert.strictEqual(error._tag, "InvalidToken", what)
})

/** Tokens that one product signed with the issuer, the audience or all claims of another. */
const assertSeparate = Effect.fnUntraced(function*(authenticate: Authenticate, signer: Member, named: Member) {
  const { claims: own } = signer
  const { claims: other } = named
  if (own === undefined || other === undefined) return
  const what = `a token that ${signer.name} signed with`
  const without = Object.fromEntries(Object.keys(own).map((claim) => [claim, undefined]))
  const issue = (claims: { readonly [claim: string]: Schema.Json | undefined }) =>
    signer.product.issue("access", resource, claims)
  yield* assertRefused(authenticate, yield* issue({ iss: other["iss"] }), `${what} the issuer of ${named.name}`)
  yield* assertRefused(authenticate, yield* issue({ ...without, ...other }), `${what} all claims of ${named.name}`)
  const [mine, theirs] = [listOf(own["aud"]), listOf(other["aud"])]
  // Most products name the resource itself. Two fixtures can have the same client ID, also within a URI.
  const parameters = Object.values(signer.product.parameters).flat().filter(Predicate.isString)
  const isOwn = (audience: Schema.Json) =>
    audience === resource || mine.includes(audience) ||
    parameters.some((parameter) => Predicate.isString(audience) && audience.includes(parameter))
  if (theirs.length === 0 || theirs.some(isOwn)) return
  yield* assertRefused(authenticate, yield* issue({ aud: other["aud"] }), `${what} the audience of ${named.name}`)
})

/** A claim that gives the role `outsider`, in the form in which a preset reads it. */
const outsiderIn = (claim: TokenVerifier.RoleClaim): Claims => {
  const { keys, member, path: [first, ...below] } = "path" in claim
    ? claim
    : { path: claim, keys: false, member: undefined }
  const value: Schema.Json = keys === true
    ? { outsider: { 1: "example.com" } }
    : [member === undefined ? "outsider" : { [member]: "outsider" }]
  return { [first]: below.reduceRight<Schema.Json>((inner, name) => ({ [name]: inner }), value) }
}

/** Roles in the claims of another product count nothing. */
const assertOwnRoles = Effect.fnUntraced(function*(authenticate: Authenticate, signer: Member, named: Member) {
  if (signer.claims === undefined) return
  const own = new Set(signer.roles.map((claim) => ("path" in claim ? claim.path : claim)[0]))
  const foreign = Object.assign({}, ...named.roles.map(outsiderIn))
  const claims = Object.fromEntries(Object.entries<Schema.Json>(foreign).filter(([claim]) => !own.has(claim)))
  const { roles } = yield* authenticate(yield* signer.product.issue("access", resource, claims))
  if (signer.roles.length > 0) assert.isDefined(roles, signer.name)
  if (roles !== undefined) assert.notInclude([...roles], "outsider", `${signer.name} read roles as ${named.name}`)
})

/** No product saw a token that another product issued. */
const assertPrivate = Effect.fnUntraced(function*(members: ReadonlyArray<Member>) {
  for (const { name, product } of members) {
    const requests = JSON.stringify(yield* product.provider.requests)
    for (const other of members) {
      if (other.name !== name) assert.notInclude(requests, other.token, `${name} saw a token of ${other.name}`)
    }
  }
})

const number = Arbitrary.schema(Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)))

/** Three different products. */
const choose = (numbers: ReadonlyArray<number>): ReadonlyArray<TestProvider.ProductName> => {
  const pool = [...TestProvider.products]
  return numbers.flatMap((number) => pool.splice(number % pool.length, 1))
}

describe("a server that trusts three presets at once", () => {
  it.effect.prop(
    "never mixes their keys, issuers, audiences and claims, and shows no provider the tokens of another",
    [number, number, number],
    (numbers) =>
      Effect.gen(function*() {
        yield* TestClock.setTime(now * 1000)
        const members = yield* Effect.forEach(choose(numbers), memberOf)
        if (shareOrigins(members)) return
        const built = yield* Effect.result(protect(members))
        if (built._tag === "Failure") {
          // Two methods for tokens of any form: an opaque token would belong to both.
          assert.strictEqual(built.failure._tag, "InvalidVerifier", built.failure.message)
          assert.isAbove(members.filter(({ claims }) => claims === undefined).length, 1)
          return
        }
        const authenticate = built.success
        for (const { claims, name, product: { expected }, token } of members) {
          const info = yield* authenticate(token)
          assert.strictEqual(info.subject, expected.subject, name)
          assert.strictEqual(info.clientId, expected.clientId, name)
          assert.deepStrictEqual([...info.scopes].toSorted(), [...expected.scopes].toSorted(), name)
          if (claims !== undefined) assert.strictEqual(info.issuer, claims["iss"], name)
          if (info.roles !== undefined) assert.includeMembers([...info.roles], [...expected.roles], name)
        }
        for (const [index, signer] of members.entries()) {
          for (const [other, named] of members.entries()) {
            if (index !== other) yield* assertOwnRoles(authenticate, signer, named)
            if ((index + other) % 2 === 1) yield* assertSeparate(authenticate, signer, named)
          }
        }
        yield* assertPrivate(members)
      }).pipe(Effect.scoped),
    { arbitrary: { runs: 100 } }
  )
})
