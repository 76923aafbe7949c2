/**
 * Whatever the input is: nothing throws, every refusal is a typed error, no token is quoted, and the valid token stays
 * valid.
 */
import { Effect } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { describe } from "vitest"
import { makeEc, makeRsa } from "../token/harness.ts"
import * as Inputs from "./inputs.ts"
import * as Properties from "./properties.ts"
import { fuzz } from "./run.ts"

const nothing = Effect.void

const kept = { ...makeRsa().jwk, kid: "rsa", alg: "RS256", use: "sig" }
const curved = { ...makeEc("P-256").jwk, kid: "good", key_ops: ["verify"] }

const conforming = {
  issuer: "https://as.test",
  authorization_endpoint: "https://as.test/authorize",
  token_endpoint: "https://as.test/token",
  jwks_uri: "https://as.test/jwks",
  introspection_endpoint: "https://as.test/introspect",
  scopes_supported: ["notes:read"],
  response_types_supported: ["code"],
  code_challenge_methods_supported: ["S256"]
}

const spoilt = Inputs.token(Properties.header)

const tokens = Inputs.choose(
  Arbitrary.Constant(Properties.goodToken),
  Arbitrary.map(spoilt, (token) => Inputs.compactOf(token, () => Buffer.alloc(64, 7)).text)
)

describe("fuzzing", () => {
  fuzz("tokens", Properties.tokenWorld, spoilt, Properties.tokenHolds)

  fuzz(
    "key sets",
    nothing,
    Arbitrary.array(Inputs.jwk([Properties.publishedKey, kept, curved]), { maxLength: 4 }),
    (_, others) => Properties.keySetHolds(others)
  )

  fuzz("metadata", nothing, Inputs.serverMetadata(conforming), (_, json) => Properties.metadataHolds(json))

  fuzz(
    "introspection responses",
    nothing,
    Inputs.introspection,
    (_, json) => Properties.introspectionHolds(json)
  )

  fuzz("metadata of resources", nothing, Inputs.resourceMetadata, (_, json) => Properties.resourceMetadataHolds(json))

  fuzz(
    "Authorization headers",
    nothing,
    Arbitrary.all({ request: Inputs.request, token: tokens, twice: Inputs.anyInt(9) }),
    (_, { request, token, twice }) => {
      const header = Inputs.authorizationOf(request, token)
      const all = header === undefined ? [] : twice === 0 ? [header, header] : [header]
      return Properties.headersHold(all, request.path)
    }
  )

  fuzz(
    "requests",
    Properties.serverWorld,
    Arbitrary.all({ input: Inputs.request, token: tokens }),
    Properties.requestHolds
  )
})
