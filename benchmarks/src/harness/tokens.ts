/** Keys, and tokens as providers issue them (RFC 9068). */
import * as Arr from "effect/Array"
import * as Crypto from "node:crypto"

export type Algorithm = "RS256" | "ES256" | "EdDSA"

export const algorithms: ReadonlyArray<Algorithm> = ["RS256", "ES256", "EdDSA"]

export const resource = "https://api.example.com/mcp"

/** The issuer of measurements without network requests. */
export const quietIssuer = "https://auth.example.com"

/** What a verifier has of a key. */
export interface PublicKey {
  readonly algorithm: Algorithm
  readonly kid: string
  readonly publicKey: Crypto.KeyObject
}

export interface Key extends PublicKey {
  readonly privateKey: Crypto.KeyObject
}

export type PublicJwk = Readonly<Record<string, string>>

const generate = (algorithm: Algorithm): Crypto.KeyPairKeyObjectResult => {
  if (algorithm === "RS256") return Crypto.generateKeyPairSync("rsa", { modulusLength: 2048 })
  return algorithm === "ES256"
    ? Crypto.generateKeyPairSync("ec", { namedCurve: "P-256" })
    : Crypto.generateKeyPairSync("ed25519")
}

export const makeKey = (algorithm: Algorithm, kid = `${algorithm}-1`): Key => ({
  algorithm,
  kid,
  ...generate(algorithm)
})

export const jwkOf = ({ algorithm, kid, publicKey }: PublicKey): PublicJwk => ({
  // A public JWK of these kinds has string members only; the type allows more.
  ...publicKey.export({ format: "jwk" }) as PublicJwk,
  alg: algorithm,
  use: "sig",
  kid
})

/** A token, as one process sends it to another. */
export interface Sent {
  readonly compact: string
  /** In the form that `node:crypto` reads without being asked to: DER, where the token has two numbers side by side. */
  readonly signature: string
}

/** A token, and what of it a bare check of its signature needs. */
export interface Token {
  readonly compact: string
  readonly input: Buffer
  readonly signature: Buffer
}

export const received = ({ compact, signature }: Sent): Token => ({
  compact,
  input: Buffer.from(compact.slice(0, compact.lastIndexOf("."))),
  signature: Buffer.from(signature, "base64url")
})

export interface Claims {
  readonly issuer: string
  /** What makes the token another one. */
  readonly id: number | string
  /** Seconds until it expires. */
  readonly expiresIn: number
}

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url")

export const claimsOf = ({ expiresIn, id, issuer }: Claims, now: number) => ({
  iss: issuer,
  sub: `user-${id}`,
  aud: resource,
  client_id: "client-1",
  scope: "notes:read notes:write",
  iat: now - 60,
  exp: now + expiresIn,
  jti: `c0a80101-7d5c-4f6e-9c1b-${String(id).padStart(12, "0")}`
})

const hashOf = (algorithm: Algorithm) => algorithm === "EdDSA" ? null : "sha256"

export const sign = (key: Key, claims: Claims, now: number): Sent => {
  const { algorithm, kid, privateKey } = key
  const text = `${encode({ alg: algorithm, typ: "at+jwt", kid })}.${encode(claimsOf(claims, now))}`
  const input = Buffer.from(text)
  const signature = Crypto.sign(hashOf(algorithm), input, privateKey)
  const inToken = algorithm === "ES256"
    ? Crypto.sign("sha256", input, { key: privateKey, dsaEncoding: "ieee-p1363" })
    : signature
  return { compact: `${text}.${inToken.toString("base64url")}`, signature: signature.toString("base64url") }
}

/** Tokens that differ. */
export const signMany = (
  key: Key,
  { count, ...claims }: Omit<Claims, "id"> & { readonly count: number },
  now: number
): Arr.NonEmptyReadonlyArray<Sent> => Arr.makeBy(count, (id) => sign(key, { ...claims, id }, now))

/** The bare check: nothing but the signature, with everything prepared. */
export const check = ({ algorithm, publicKey }: PublicKey) => ({ input, signature }: Token): boolean =>
  Crypto.verify(hashOf(algorithm), input, publicKey, signature)
