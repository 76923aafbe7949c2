import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Predicate from "effect/Predicate"
import type * as Schema from "effect/Schema"
import { type Answer, healthy } from "../testProvider/answer.ts"
import { change, type Changes } from "../testProvider/document.ts"
import type { Endpoint, Request } from "../testProvider/model.ts"
import { client } from "../testProvider/network.ts"
import { makeState, type State } from "../testProvider/state.ts"
import { now, sign } from "../testProvider/tokens.ts"
import type { LikeProvider, TokenKind } from "./model.ts"

const formOf = (url: string): Endpoint => {
  if (url.includes("/.well-known/oauth-authorization-server")) return "oauth-authorization-server"
  return url.includes("/.well-known/openid-configuration") ? "openid-configuration" : "metadata"
}

/** The address of a URL, with its query: some providers distinguish documents by it. */
const addressOf = (url: URL): string => `${url.origin}${url.pathname}${url.search}`

const withoutQuery = (url: URL): string => `${url.origin}${url.pathname}`

/** The answers of the provider, in place of those of a conforming provider. */
const answersOf = (fixture: LikeProvider) => {
  const [[, first]] = fixture.documents
  const documents = new Map(fixture.documents.map(([url, document]) => [addressOf(new URL(url)), document]))
  const urlOf = (member: string): string | undefined =>
    fixture.documents.map(([, document]) => document[member]).find(Predicate.isString)
  const jwksUri = fixture.jwksUri ?? urlOf("jwks_uri")
  const introspection = fixture.introspectionUrl ?? urlOf("introspection_endpoint")
  const keysOf = (document: Schema.JsonObject): Schema.JsonObject => {
    const { key = (key: Schema.JsonObject) => key } = fixture
    const { keys } = document
    // Every key of the key set is a JSON object.
    return { keys: Array.isArray(keys) ? keys.map((one: Schema.JsonObject) => key(one)) : [] }
  }
  return {
    document: first,
    origins: new Set(
      [...fixture.documents.map(([url]) => url), jwksUri, introspection, ...fixture.hosts ?? []]
        .filter((url) => url !== undefined)
        .map((url) => new URL(url).origin)
    ),
    endpointOf: (url: URL): Endpoint | "unknown" => {
      if (documents.has(addressOf(url))) return formOf(url.href)
      if (withoutQuery(url) === jwksUri) return "jwks"
      return withoutQuery(url) === introspection ? "introspection" : "unknown"
    },
    answer: (
      request: Request,
      usual: Effect.Effect<Answer>,
      claimsOf: (token: string) => Schema.JsonObject | undefined
    ): Effect.Effect<Answer> => {
      const own = fixture.respond?.(request, claimsOf)
      if (own !== undefined) return Effect.succeed(own)
      const document = documents.get(addressOf(new URL(request.url)))
      if (document !== undefined) return Effect.succeed(healthy(document, {}))
      if (request.endpoint !== "jwks") return usual
      return Effect.map(usual, (answer) => ({ ...answer, document: keysOf(answer.document) }))
    }
  }
}

/** Issues a token as the provider does. */
const mintLike = (state: State, fixture: LikeProvider) =>
  Effect.fnUntraced(function*(kind: TokenKind, resource: string, changes: Changes) {
    const shape = fixture.tokens(resource)[kind]
    // A test that asks for a token that the provider does not issue is wrong.
    if (shape === undefined) return yield* Effect.die(`${fixture.name} issues no ${kind} token`)
    const issuedAt = yield* now
    const claims = change({ iat: issuedAt, exp: issuedAt + 3600, ...shape.claims }, changes)
    if (shape.header === undefined) {
      const token = `${shape.prefix ?? "opaque-"}${yield* state.nextSerial}`
      yield* state.issued(token, claims)
      return token
    }
    const algorithm = fixture.algorithm ?? "RS256"
    const { key } = yield* state.signingKey(algorithm)
    const token = yield* sign({ key, algorithm, header: shape.header, claims })
    yield* state.issued(token, claims)
    return token
  })

/** A provider that publishes and issues what a product does. */
export const makeLikeProvider = Effect.fnUntraced(function*(fixture: LikeProvider) {
  const { origins, ...answers } = answersOf(fixture)
  const state = yield* makeState({ issuer: [...origins][0] }, answers)
  return {
    state,
    origins,
    client: client([...origins].map((origin) => ({ ...state, origin }))) satisfies HttpClient.HttpClient,
    mintLike: mintLike(state, fixture)
  }
})
