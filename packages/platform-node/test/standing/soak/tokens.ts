/** The keys of the soak's provider, and tokens of every kind. */
import * as Crypto from "node:crypto"

export type Algorithm = "RS256" | "ES256" | "EdDSA"

export interface Key {
  readonly kid: string
  readonly algorithm: Algorithm
  readonly privateKey: Crypto.KeyObject
  readonly jwk: object
}

let serial = 0

/** A number that no other call returns. */
export const next = (): number => serial++

/** RSA keys take long to generate, so there are two of them, which take turns. */
const rsa = [0, 1].map(() => Crypto.generateKeyPairSync("rsa", { modulusLength: 2048 }))

let turns = 0

const pairOf = (algorithm: Algorithm): Crypto.KeyPairKeyObjectResult => {
  if (algorithm === "ES256") return Crypto.generateKeyPairSync("ec", { namedCurve: "P-256" })
  const [first = Crypto.generateKeyPairSync("ed25519"), second = first] = rsa
  if (algorithm === "RS256") return turns++ % 2 === 0 ? first : second
  return Crypto.generateKeyPairSync("ed25519")
}

export const makeKey = (algorithm: Algorithm): Key => {
  const { privateKey, publicKey } = pairOf(algorithm)
  const kid = `${algorithm}-${next()}`
  return {
    kid,
    algorithm,
    privateKey,
    jwk: { ...publicKey.export({ format: "jwk" }), kid, use: "sig", alg: algorithm }
  }
}

const encode = (value: string | Uint8Array): string => Buffer.from(value).toString("base64url")

const signatureOf = (input: string, { algorithm, privateKey }: Key): Uint8Array =>
  Crypto.sign(algorithm === "EdDSA" ? null : "sha256", Buffer.from(input), {
    key: privateKey,
    dsaEncoding: "ieee-p1363"
  })

export interface World {
  readonly issuer: string
  readonly resource: string
}

/** The caller of a valid token: another one each time, so that a response for another caller is detected. */
export interface Token {
  readonly token: string
  readonly subject: string
  /** In seconds since 1970. */
  readonly expiresAt: number
  readonly key: Key
}

export interface Changes {
  readonly expiresIn?: number
  readonly kid?: string
}

const inputOf = ({ issuer, resource }: World, key: Key, now: number, { expiresIn = 3600, kid = key.kid }: Changes) => {
  const subject = `user-${next()}`
  const expiresAt = now + expiresIn
  const claims = { iss: issuer, aud: resource, sub: subject, client_id: "soak", iat: now - 120, exp: expiresAt }
  const header = { alg: key.algorithm, typ: "at+jwt", kid }
  return { subject, expiresAt, input: `${encode(JSON.stringify(header))}.${encode(JSON.stringify(claims))}` }
}

export const mint = (world: World, key: Key, now: number, changes: Changes = {}): Token => {
  const { expiresAt, input, subject } = inputOf(world, key, now, changes)
  return { token: `${input}.${encode(signatureOf(input, key))}`, subject, expiresAt, key }
}

/** A token with an arbitrary signature. */
export const forge = (world: World, key: Key, now: number): string => {
  const { input } = inputOf(world, key, now, {})
  return `${input}.${encode(Crypto.randomBytes(key.algorithm === "RS256" ? 256 : 64))}`
}

const garbages: ReadonlyArray<() => string> = [
  () => Crypto.randomBytes(40).toString("hex"),
  () => `${encode(Crypto.randomBytes(30))}.${encode(Crypto.randomBytes(90))}.${encode(Crypto.randomBytes(64))}`,
  () => `${encode("{\"alg\":\"none\"}")}.${encode("{}")}.`,
  () => `${encode(`{"alg":"RS256","kid":"${next()}"}`)}.${encode("[]")}.AAAA`,
  () => "a".repeat(8_000),
  () => ".."
]

export const garbage = (): string => (garbages[next() % garbages.length] ?? (() => ""))()
