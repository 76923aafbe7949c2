/** All token verifiers, each configured as its documentation says, with keys in memory and the same claims checked. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { auth } from "express-oauth2-jwt-bearer"
import { createVerifier } from "fast-jwt"
import { createLocalJWKSet, jwtVerify } from "jose"
import Jsonwebtoken from "jsonwebtoken"
import { createVerifyJwt } from "mcp-auth"
import { jwkOf, type PublicKey, quietIssuer as issuer, resource as audience, type Token } from "../harness/tokens.ts"
import { oursOnNode, oursOnWebCrypto, type Verify } from "./ours.ts"

export type { Verify } from "./ours.ts"

export interface Verifier {
  readonly name: string
  readonly make: (key: PublicKey) => Effect.Effect<Verify, never, Scope.Scope>
  readonly supports?: (key: PublicKey) => boolean
}

const spki = ({ publicKey }: PublicKey): string => publicKey.export({ type: "spki", format: "pem" }).toString()

const keySet = (key: PublicKey) => createLocalJWKSet({ keys: [jwkOf(key)] })

const fastJwt = (cache: boolean) => (key: PublicKey) =>
  Effect.sync((): Verify => {
    const verify = createVerifier({
      key: spki(key),
      algorithms: [key.algorithm],
      allowedIss: issuer,
      allowedAud: audience,
      requiredClaims: ["exp"],
      cache
    })
    return { _tag: "Sync", verify: ({ compact }) => verify(compact) }
  })

const jsonwebtoken = (key: PublicKey) =>
  Effect.sync((): Verify => {
    // Its types know no EdDSA, and it is not asked for it.
    const algorithms = [key.algorithm] as ReadonlyArray<Jsonwebtoken.Algorithm>
    const options = { algorithms: [...algorithms], issuer, audience }
    return { _tag: "Sync", verify: ({ compact }) => Jsonwebtoken.verify(compact, key.publicKey, options) }
  })

const jose = (key: PublicKey) =>
  Effect.sync((): Verify => {
    const keys = keySet(key)
    const options = { issuer, audience, requiredClaims: ["exp"] }
    return { _tag: "Promise", verify: ({ compact }) => jwtVerify(compact, keys, options) }
  })

/** Its function for JWTs; its middleware does the same, with metadata and keys that it fetches, and compares once more. */
const mcpAuth = (key: PublicKey) =>
  Effect.sync((): Verify => {
    const verify = createVerifyJwt(keySet(key), { issuer, audience })
    return { _tag: "Promise", verify: ({ compact }) => Promise.resolve(verify(compact)) }
  })

/** What its middleware reads of a request of Express, besides the headers. */
const post = {
  method: "POST",
  protocol: "https",
  originalUrl: "/mcp",
  query: {},
  app: { get: () => () => false },
  socket: {},
  get: () => "api.example.com",
  is: () => false
}

/** It has no function but its middleware, which is given as little of a request as it reads. */
const expressOauth2 = (key: PublicKey) =>
  Effect.sync((): Verify => {
    const middleware = auth({ issuer, audience, publicKey: { keys: [jwkOf(key)] }, tokenSigningAlg: key.algorithm })
    const verify = ({ compact }: Token) => {
      const request = { ...post, headers: { authorization: `Bearer ${compact}`, host: "api.example.com" } }
      const { promise, reject, resolve } = Promise.withResolvers<void>()
      // Of Express it uses what is above.
      const run = middleware as unknown as (request: unknown, response: object, next: (error?: unknown) => void) => void
      run(request, {}, (error) => error === undefined ? resolve() : reject(error))
      return promise
    }
    return { _tag: "Promise", verify }
  })

/** Ours first, then the others by name. */
export const verifiers: ReadonlyArray<Verifier> = [
  { name: "ours, on Node", make: oursOnNode({}) },
  { name: "ours, on Node, remembering nothing", make: oursOnNode({ remember: 0 }) },
  { name: "ours, core alone (WebCrypto)", make: oursOnWebCrypto },
  { name: "express-oauth2-jwt-bearer", make: expressOauth2 },
  { name: "fast-jwt", make: fastJwt(false) },
  { name: "fast-jwt, with its cache", make: fastJwt(true) },
  { name: "jose", make: jose },
  { name: "jsonwebtoken", make: jsonwebtoken, supports: ({ algorithm }) => algorithm !== "EdDSA" },
  { name: "mcp-auth", make: mcpAuth }
]
