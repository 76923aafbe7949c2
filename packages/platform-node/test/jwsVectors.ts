/**
 * Signatures and their expected results: the examples of RFC 7515, 7517 and 8037, and, in the style of Wycheproof,
 * signatures and keys of attackers and careless libraries.
 */
import type { Jws } from "@effect-mcp-auth/core"
import * as Crypto from "node:crypto"

/** The expected result of a row, for both implementations. */
type Verdict = "good" | "bad"

/** Verifies a signature with a key. */
export interface Question {
  readonly key: Jws.PublicKey
  readonly algorithm: Jws.Algorithm
  readonly signed: Jws.Signed
}

export interface Vector extends Question {
  readonly rule: string
  readonly verdict: Verdict
}

type Key = Crypto.KeyPairKeyObjectResult

const jwkOf = ({ publicKey }: Pick<Key, "publicKey">): Jws.PublicKey => {
  const jwk = publicKey.export({ format: "jwk" })
  // A public JWK of these types has a kty; the type of Node does not say so.
  return { ...jwk, kty: String(jwk.kty) } as Jws.PublicKey
}

const privateJwkOf = ({ privateKey }: Key): Jws.PublicKey => {
  const jwk = privateKey.export({ format: "jwk" })
  // The same for a private key.
  return { ...jwk, kty: String(jwk.kty) } as Jws.PublicKey
}

const makeRsa = (modulusLength = 2048, publicExponent = 0x10001): Key =>
  Crypto.generateKeyPairSync("rsa", { modulusLength, publicExponent })

const makeEc = (namedCurve: string): Key => Crypto.generateKeyPairSync("ec", { namedCurve })

const rsa = makeRsa()
const rsaCubed = makeRsa(2048, 3)
const rsaShort = makeRsa(1024)
const p256 = makeEc("P-256")
const p384 = makeEc("P-384")
const p521 = makeEc("P-521")
const secp256k1 = makeEc("secp256k1")
const ed = Crypto.generateKeyPairSync("ed25519")
const ed448 = Crypto.generateKeyPairSync("ed448")

/** A key for each algorithm. */
export const keys: { readonly [A in Jws.Algorithm]: Key } = {
  RS256: rsa,
  RS384: rsa,
  RS512: rsa,
  PS256: rsa,
  PS384: rsa,
  PS512: rsa,
  ES256: p256,
  ES384: p384,
  ES512: p521,
  EdDSA: ed,
  Ed25519: ed
}

const encode = (bytes: string | Uint8Array): string => Buffer.from(bytes).toString("base64url")

const inputOf = (alg: string, payload = "{\"sub\":\"ada\"}"): string =>
  `${encode(JSON.stringify({ alg }))}.${encode(payload)}`

export const signedOf = (signingInput: string, signature: Uint8Array): Jws.Signed => ({
  compact: `${signingInput}.${encode(signature)}`,
  signingInput,
  signature: encode(signature)
})

const pss = (saltLength: number) => ({ padding: Crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength })

type SignOptions = Omit<Crypto.SignKeyObjectInput, "key">

/** A signature with any algorithm, any key and in any form. */
const signature = (input: string, { privateKey }: Key, hash: string | null, options: SignOptions = {}): Uint8Array =>
  Crypto.sign(hash, Buffer.from(input), { key: privateKey, ...options })

const raw: SignOptions = { dsaEncoding: "ieee-p1363" }

/** A correct signature. */
export const sign = (input: string, key: Key, algorithm: Jws.Algorithm): Uint8Array => {
  if (algorithm.startsWith("Ed")) return signature(input, key, null)
  const hash = `sha${algorithm.slice(2)}`
  if (algorithm.startsWith("PS")) return signature(input, key, hash, pss(Crypto.constants.RSA_PSS_SALTLEN_DIGEST))
  return signature(input, key, hash, algorithm.startsWith("ES") ? raw : {})
}

/** The numbers of an ECDSA signature, or the two halves of an EdDSA signature. */
const halves = (bytes: Uint8Array): readonly [Uint8Array, Uint8Array] => [
  bytes.slice(0, bytes.length / 2),
  bytes.slice(bytes.length / 2)
]

const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString("hex")}`)

const bytesOf = (number: bigint, length: number): Uint8Array =>
  Buffer.from(number.toString(16).padStart(length * 2, "0"), "hex")

const reversed = (bytes: Uint8Array): Uint8Array => bytes.toReversed()

const join = (...parts: ReadonlyArray<Uint8Array>): Uint8Array => Buffer.concat(parts)

const flipped = (bytes: Uint8Array, bit: number): Uint8Array =>
  bytes.with(bit >> 3, (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7)))

const row = (
  rule: string,
  key: Jws.PublicKey,
  algorithm: Jws.Algorithm,
  bytes: Uint8Array,
  verdict: Verdict = "bad",
  input = inputOf(algorithm)
): Vector => ({ rule, key, algorithm, signed: signedOf(input, bytes), verdict })

// ---------------------------------------------------------------------------------------------------------------------
// The specifications
// ---------------------------------------------------------------------------------------------------------------------

const example = (
  rule: string,
  key: Jws.PublicKey,
  algorithm: Jws.Algorithm,
  header: string,
  payload: string,
  signature: string
): Vector => row(rule, key, algorithm, Buffer.from(signature, "base64url"), "good", `${header}.${payload}`)

const joe = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

const ofRfc7515A2: Jws.PublicKey = {
  kty: "RSA",
  n: "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-" +
    "pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2Cap" +
    "Hg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h" +
    "4FRWyuXpoQ",
  e: "AQAB"
}

const ofRfc7515A3: Jws.PublicKey = {
  kty: "EC",
  crv: "P-256",
  x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
  y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
}

const ofRfc7515A4: Jws.PublicKey = {
  kty: "EC",
  crv: "P-521",
  x: "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
  y: "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"
}

const ofRfc8037A: Jws.PublicKey = { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }

/** RFC 7517, appendix A.2, which can sign for the keys of A.1. */
const ofRfc7517 = {
  kty: "EC",
  crv: "P-256",
  x: "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
  y: "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
  d: "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"
}

const rfc7517Signature = () => {
  const { d: _, ...key } = ofRfc7517
  const privateKey = Crypto.createPrivateKey({ key: ofRfc7517, format: "jwk" })
  const bytes = Crypto.sign("sha256", Buffer.from(inputOf("ES256")), { key: privateKey, ...raw })
  return row("RFC 7517 A.1 and A.2, the elliptic curve key", key, "ES256", bytes, "good")
}

export const specifications: ReadonlyArray<Vector> = [
  example(
    "RFC 7515 A.2, RS256",
    ofRfc7515A2,
    "RS256",
    "eyJhbGciOiJSUzI1NiJ9",
    joe,
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1" +
      "dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12" +
      "jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGl" +
      "UPQGe77Rw"
  ),
  example(
    "RFC 7515 A.3, ES256",
    ofRfc7515A3,
    "ES256",
    "eyJhbGciOiJFUzI1NiJ9",
    joe,
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
  ),
  example(
    "RFC 7515 A.4, ES512",
    ofRfc7515A4,
    "ES512",
    "eyJhbGciOiJFUzUxMiJ9",
    "UGF5bG9hZA",
    "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCP" +
      "EX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn"
  ),
  example(
    "RFC 8037 A.4, Ed25519",
    ofRfc8037A,
    "EdDSA",
    "eyJhbGciOiJFZERTQSJ9",
    "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
  ),
  rfc7517Signature(),
  row("RFC 7518 3.5, a salt as long as the hash", jwkOf(rsa), "PS384", sign(inputOf("PS384"), rsa, "PS384"), "good")
]

// ---------------------------------------------------------------------------------------------------------------------
// Every algorithm
// ---------------------------------------------------------------------------------------------------------------------

const common = (algorithm: Jws.Algorithm): ReadonlyArray<Vector> => {
  const [key, input] = [keys[algorithm], inputOf(algorithm)]
  const jwk = jwkOf(key)
  const good = sign(input, key, algorithm)
  const [size, half] = [good.length, good.length / 2]
  const say = (rule: string, bytes: Uint8Array, verdict: Verdict = "bad", signed = input) =>
    row(`${algorithm}: ${rule}`, jwk, algorithm, bytes, verdict, signed)
  const bits = [0, 7, 8, half * 8 - 1, half * 8, size * 8 - 8, size * 8 - 1]
  return [
    say("a correct signature", good, "good"),
    say(
      "a signature of an empty payload",
      sign(`${input.split(".")[0]}.`, key, algorithm),
      "good",
      `${input.split(".")[0]}.`
    ),
    ...bits.map((bit) => say(`bit ${bit} of the signature flipped`, flipped(good, bit))),
    say("an empty signature", new Uint8Array()),
    say("one byte", new Uint8Array(1)),
    say("zeros", new Uint8Array(size)),
    say("ones", new Uint8Array(size).fill(0xff)),
    say("the first half", good.slice(0, half)),
    say("the second half", good.slice(half)),
    say("the halves exchanged", join(good.slice(half), good.slice(0, half))),
    say("the last byte removed", good.slice(0, -1)),
    say("the first byte removed", good.slice(1)),
    say("a zero appended", join(good, new Uint8Array(1))),
    say("a zero prepended", join(new Uint8Array(1), good)),
    say(
      "a zero prepended to each half",
      join(new Uint8Array(1), good.slice(0, half), new Uint8Array(1), good.slice(half))
    ),
    say("twice", join(good, good)),
    say("its bytes in reverse order", reversed(good)),
    say("of another payload", sign(inputOf(algorithm, "{\"sub\":\"eve\"}"), key, algorithm)),
    say("of another header", sign(inputOf("none"), key, algorithm)),
    say("of the payload alone", sign(input.split(".")[1] ?? "", key, algorithm)),
    say("of the decoded input", sign(Buffer.from(input, "base64url").toString("latin1"), key, algorithm)),
    say("of the input with another dot", sign(`${input}.`, key, algorithm))
  ]
}

export const everyAlgorithm: ReadonlyArray<Vector> = Object.keys(keys).flatMap((name) =>
  // The table of keys has exactly the algorithms.
  common(name as Jws.Algorithm)
)

// ---------------------------------------------------------------------------------------------------------------------
// One algorithm with the name of another
// ---------------------------------------------------------------------------------------------------------------------

const rsaAlgorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] as const

/** The signature of one algorithm with the name of another, by the same key. */
const confused = rsaAlgorithms.flatMap((made) =>
  rsaAlgorithms.filter((named) => named !== made).map((named) =>
    row(`a signature of ${made} with the name ${named}`, jwkOf(rsa), named, sign(inputOf(named), rsa, made))
  )
)

const hmac = (secret: string | Uint8Array): Uint8Array =>
  Crypto.createHmac("sha256", secret).update(inputOf("RS256")).digest()

const confusions: ReadonlyArray<Vector> = [
  ...confused,
  row("an HMAC with the public key", jwkOf(rsa), "RS256", hmac(rsa.publicKey.export({ format: "der", type: "spki" }))),
  row("a key of P-384 for ES256", jwkOf(p384), "ES256", signature(inputOf("ES256"), p384, "sha256", raw)),
  row("a key of P-521 for ES256", jwkOf(p521), "ES256", signature(inputOf("ES256"), p521, "sha256", raw)),
  row("a key of P-256 for ES384", jwkOf(p256), "ES384", signature(inputOf("ES384"), p256, "sha384", raw)),
  row("a key of P-256 for ES512", jwkOf(p256), "ES512", signature(inputOf("ES512"), p256, "sha512", raw)),
  row("a key of secp256k1 for ES256", jwkOf(secp256k1), "ES256", signature(inputOf("ES256"), secp256k1, "sha256", raw)),
  row(
    "a signature of P-256 with the hash of ES384",
    jwkOf(p256),
    "ES256",
    signature(inputOf("ES256"), p256, "sha384", raw)
  ),
  row("a key of P-256 for RS256", jwkOf(p256), "RS256", sign(inputOf("RS256"), p256, "ES256")),
  row("a key of RSA for ES256", jwkOf(rsa), "ES256", sign(inputOf("ES256"), rsa, "RS256")),
  row("a key of RSA for EdDSA", jwkOf(rsa), "EdDSA", sign(inputOf("EdDSA"), rsa, "RS256")),
  row("a key of Ed25519 for ES256", jwkOf(ed), "ES256", sign(inputOf("ES256"), ed, "EdDSA")),
  row("a key of Ed25519 for RS256", jwkOf(ed), "RS256", sign(inputOf("RS256"), ed, "EdDSA")),
  row("a key of Ed448 for EdDSA", jwkOf(ed448), "EdDSA", signature(inputOf("EdDSA"), ed448, null)),
  row("a key of Ed448 for Ed25519", jwkOf(ed448), "Ed25519", signature(inputOf("Ed25519"), ed448, null))
]

// ---------------------------------------------------------------------------------------------------------------------
// ECDSA
// ---------------------------------------------------------------------------------------------------------------------

const orders = {
  ES256: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  ES384: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  ES512: BigInt(`0x1${"f".repeat(64)}fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409`)
} as const

const curved = (algorithm: keyof typeof orders): ReadonlyArray<Vector> => {
  const [key, input, order] = [keys[algorithm], inputOf(algorithm), orders[algorithm]]
  const good = sign(input, key, algorithm)
  const [first, second] = halves(good)
  const size = first.length
  const [r, s] = [numberOf(first), numberOf(second)]
  const pair = (rule: string, r: bigint, s: bigint, verdict: Verdict = "bad") =>
    row(`${algorithm}: ${rule}`, jwkOf(key), algorithm, join(bytesOf(r, size), bytesOf(s, size)), verdict)
  const plain = (rule: string, bytes: Uint8Array) => row(`${algorithm}: ${rule}`, jwkOf(key), algorithm, bytes)
  const der = signature(input, key, `sha${algorithm.slice(2)}`)
  return [
    // Anyone with one signature can compute this one, so the token cache compares the whole token.
    pair("the other s for the same r, which is valid as well", r, order - s, "good"),
    pair("r = 0", 0n, s),
    pair("s = 0", r, 0n),
    pair("r = s = 0 (CVE-2022-21449)", 0n, 0n),
    pair("r = s = 1", 1n, 1n),
    pair("r = n", order, s),
    pair("s = n", r, order),
    pair("r = s = n", order, order),
    pair("r = n, s = 0", order, 0n),
    pair("r = 0, s = n", 0n, order),
    pair("r = n + 1, s = n + 1", order + 1n, order + 1n),
    pair("r = n - 1, s = n - 1", order - 1n, order - 1n),
    pair("r and s exchanged", s, r),
    pair("r - 1", r - 1n, s),
    pair("s + 1", r, (s + 1n) % order),
    plain("DER instead of two numbers", der),
    plain("DER with zeros up to the length of two numbers", join(der, new Uint8Array(2 * size)).slice(0, 2 * size)),
    plain("r alone", first),
    plain("r and s with an additional byte each", join(new Uint8Array(1), first, new Uint8Array(1), second)),
    plain("r and s without their leading bytes", join(first.slice(1), second.slice(1)))
  ]
}

/** A signature that begins with a zero, as one in a few hundred does. */
const leadingZeros = (): Vector => {
  const input = (attempt: number) => inputOf("ES256", `{"attempt":${attempt}}`)
  for (let attempt = 0; attempt < 10_000; attempt++) {
    const bytes = sign(input(attempt), p256, "ES256")
    if (bytes[0] === 0) {
      return row("ES256: a valid r that begins with a zero", jwkOf(p256), "ES256", bytes, "good", input(attempt))
    }
  }
  throw new Error("no r begins with a zero")
}

const withoutLeadingZero = (vector: Vector): Vector => ({
  ...vector,
  rule: "ES256: the same r without its zero",
  signed: signedOf(vector.signed.signingInput, Buffer.from(vector.signed.signature, "base64url").subarray(1)),
  verdict: "bad"
})

const zeroed = leadingZeros()

export const ecdsa: ReadonlyArray<Vector> = [
  ...curved("ES256"),
  ...curved("ES384"),
  ...curved("ES512"),
  zeroed,
  withoutLeadingZero(zeroed)
]

// ---------------------------------------------------------------------------------------------------------------------
// EdDSA
// ---------------------------------------------------------------------------------------------------------------------

/** The order of the base point. */
const order25519 = 2n ** 252n + 27742317777372353535851937790883648493n
const prime25519 = 2n ** 255n - 19n

const littleEndian = (number: bigint): Uint8Array => reversed(bytesOf(number, 32))

const smallOrder: Readonly<Record<string, string>> = {
  "the neutral element": "0100000000000000000000000000000000000000000000000000000000000000",
  "order 2": "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "order 4": "0000000000000000000000000000000000000000000000000000000000000000",
  "order 4, with its sign": "0000000000000000000000000000000000000000000000000000000000000080",
  "order 8": "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "order 8, with its sign": "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
  "order 8, the other": "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
}

const edwards = (): ReadonlyArray<Vector> => {
  const input = inputOf("EdDSA")
  const good = sign(input, ed, "EdDSA")
  const [r, s] = halves(good)
  const scalar = numberOf(reversed(s))
  const say = (rule: string, bytes: Uint8Array) => row(`EdDSA: ${rule}`, jwkOf(ed), "EdDSA", bytes)
  return [
    say("S + L, the same number in another form", join(r, littleEndian(scalar + order25519))),
    say("S + 8 L", join(r, littleEndian((scalar + 8n * order25519) % 2n ** 256n))),
    say("S = L", join(r, littleEndian(order25519))),
    say("S = 0", join(r, new Uint8Array(32))),
    say("S = -S", join(r, littleEndian(order25519 - scalar))),
    say("R with its sign changed", join(flipped(r, 255), s)),
    say("R that is not a point", join(littleEndian(prime25519 + 2n), s)),
    ...Object.entries(smallOrder).map(([name, point]) =>
      say(`R of small order: ${name}`, join(Buffer.from(point, "hex"), s))
    ),
    ...Object.entries(smallOrder).map(([name, point]) =>
      say(`R of small order and S = 0: ${name}`, join(Buffer.from(point, "hex"), new Uint8Array(32)))
    )
  ]
}

export const eddsa: ReadonlyArray<Vector> = edwards()

/**
 * Keys that are points of small order: for some of them signatures can be guessed. Both implementations must give the
 * same result.
 */
export const smallOrderKeys: ReadonlyArray<Question & { readonly rule: string }> = Object.entries(smallOrder).flatMap(
  ([name, point]) => {
    const key: Jws.PublicKey = { kty: "OKP", crv: "Ed25519", x: encode(Buffer.from(point, "hex")) }
    return Object.entries(smallOrder).map(([other, r]) => {
      const { verdict: _, ...vector } = row(
        `a key of small order (${name}), R of small order (${other}), S = 0`,
        key,
        "EdDSA",
        join(Buffer.from(r, "hex"), new Uint8Array(32))
      )
      return vector
    })
  }
)

// ---------------------------------------------------------------------------------------------------------------------
// RSA
// ---------------------------------------------------------------------------------------------------------------------

const modulusOf = ({ publicKey }: Key): bigint => {
  const { n } = publicKey.export({ format: "jwk" })
  return numberOf(Buffer.from(n ?? "", "base64url"))
}

/** The private operation on a raw block, without a check of its padding. */
const bare = (key: Key, block: Uint8Array): Uint8Array =>
  Crypto.privateEncrypt({ key: key.privateKey, padding: Crypto.constants.RSA_NO_PADDING }, block)

const digestInfo = Buffer.from("3031300d060960864801650304020105000420", "hex")

const sha256 = (input: string): Uint8Array => Crypto.createHash("sha256").update(input).digest()

/** The PKCS #1 v1.5 block for a content: 256 bytes. */
const padded = (content: Uint8Array, start = "0001", end = "00"): Uint8Array => {
  const [head, tail] = [Buffer.from(start, "hex"), Buffer.from(end, "hex")]
  return join(head, new Uint8Array(256 - head.length - tail.length - content.length).fill(0xff), tail, content)
}

/** The cube root, rounded up. */
const cubeRoot = (number: bigint): bigint => {
  let [low, high] = [0n, 1n << 700n]
  while (low < high) {
    const middle = (low + high) >> 1n
    if (middle ** 3n < number) low = middle + 1n
    else high = middle
  }
  return low
}

/** Bleichenbacher 2006: a cube whose first bytes are a block with garbage after the digest. */
const cubeForgery = (): Uint8Array => {
  const head = join(Buffer.from("0001ffffffffffffffffff00", "hex"), digestInfo, sha256(inputOf("RS256")))
  return bytesOf(cubeRoot(numberOf(join(head, new Uint8Array(256 - head.length)))), 256)
}

const rsaRows = (): ReadonlyArray<Vector> => {
  const input = inputOf("RS256")
  const digest = sha256(input)
  const good = sign(input, rsa, "RS256")
  const modulus = modulusOf(rsa)
  const say = (rule: string, bytes: Uint8Array, verdict: Verdict = "bad") =>
    row(`RS256: ${rule}`, jwkOf(rsa), "RS256", bytes, verdict)
  const block = (rule: string, content: Uint8Array, verdict: Verdict = "bad") => say(rule, bare(rsa, content), verdict)
  const own = join(digestInfo, digest)
  const bigger = numberOf(good) + modulus
  return [
    block("a correct block", padded(own), "good"),
    block("without DigestInfo", padded(digest)),
    block(
      "the DigestInfo of SHA-1",
      padded(join(Buffer.from("3021300906052b0e03021a05000414", "hex"), digest.slice(0, 20)))
    ),
    block(
      "the DigestInfo of SHA-512",
      padded(join(Buffer.from("3051300d060960864801650304020305000440", "hex"), digest, digest))
    ),
    block("a block of type 0", padded(own, "0000")),
    block("a block of type 2", padded(own, "0002")),
    block("no zero before the content", padded(own, "0001", "ff")),
    block("garbage after the digest", join(padded(own).slice(0, 2), padded(own).slice(12), Buffer.alloc(10, 7))),
    block("a zero within the padding", padded(own).with(20, 0)),
    say(
      "the signature plus the modulus, the same number in another form",
      bytesOf(bigger, bigger >> 2048n === 0n ? 256 : 257)
    ),
    say("the modulus", bytesOf(modulus, 256)),
    say("the modulus minus one", bytesOf(modulus - 1n, 256)),
    say("1", bytesOf(1n, 256)),
    say("the modulus minus the signature", bytesOf(modulus - numberOf(good), 256)),
    say("the block itself", padded(own)),
    row("RS256 with e = 3: a correct signature", jwkOf(rsaCubed), "RS256", sign(input, rsaCubed, "RS256"), "good"),
    row("RS256 with e = 3: a cube (Bleichenbacher 2006)", jwkOf(rsaCubed), "RS256", cubeForgery())
  ]
}

const salted = (algorithm: "PS256" | "PS384" | "PS512"): ReadonlyArray<Vector> => {
  const hash = `sha${algorithm.slice(2)}`
  const digest = Number(algorithm.slice(2)) / 8
  return [0, 1, 20, 32, 48, 64, digest - 1, digest + 1, 256 - digest - 2].map((length) =>
    row(
      `${algorithm}: a salt of ${length} bytes`,
      jwkOf(rsa),
      algorithm,
      signature(inputOf(algorithm), rsa, hash, pss(length)),
      length === digest ? "good" : "bad"
    )
  )
}

export const rsaSignatures: ReadonlyArray<Vector> = [
  ...confusions,
  ...rsaRows(),
  ...salted("PS256"),
  ...salted("PS384"),
  ...salted("PS512")
]

// ---------------------------------------------------------------------------------------------------------------------
// Keys
// ---------------------------------------------------------------------------------------------------------------------

const [rsaJwk, ecJwk, edJwk] = [jwkOf(rsa), jwkOf(p256), jwkOf(ed)]

const rsaKey = (rule: string, changes: object, verdict: Verdict): Vector =>
  row(`a key of RSA: ${rule}`, { ...rsaJwk, ...changes }, "RS256", sign(inputOf("RS256"), rsa, "RS256"), verdict)

const ecKey = (rule: string, changes: object, verdict: Verdict): Vector =>
  row(`a key of P-256: ${rule}`, { ...ecJwk, ...changes }, "ES256", sign(inputOf("ES256"), p256, "ES256"), verdict)

const edKey = (rule: string, changes: object, verdict: Verdict): Vector =>
  row(`a key of Ed25519: ${rule}`, { ...edJwk, ...changes }, "EdDSA", sign(inputOf("EdDSA"), ed, "EdDSA"), verdict)

const bytesIn = (text: string | undefined): Uint8Array => Buffer.from(text ?? "", "base64url")

const padZero = (text: string | undefined): string => encode(join(new Uint8Array(1), bytesIn(text)))

export const jwks: ReadonlyArray<Vector> = [
  row("a key of RSA: 1024 bits", jwkOf(rsaShort), "RS256", sign(inputOf("RS256"), rsaShort, "RS256")),
  rsaKey("e = 1, with which every block is its own signature", { e: "AQ" }, "bad"),
  rsaKey("e = 0", { e: "AA" }, "bad"),
  rsaKey("an even e", { e: "AQAA" }, "bad"),
  rsaKey("no e", { e: undefined }, "bad"),
  rsaKey("no n", { n: undefined }, "bad"),
  rsaKey("an empty n", { n: "" }, "bad"),
  rsaKey("n = 0", { n: encode(new Uint8Array(256)) }, "bad"),
  rsaKey("another n", { n: jwkOf(rsaCubed)["n"] }, "bad"),
  rsaKey("a number for n", { n: 7 }, "bad"),
  rsaKey("a zero before e", { e: padZero(rsaJwk["e"]) }, "good"),
  rsaKey("unknown members", { x5t: "AA", "x-vendor": { a: [1] } }, "good"),
  rsaKey("its private half", privateJwkOf(rsa), "bad"),
  rsaKey("d alone of its private half", { d: "AQAB" }, "bad"),
  ecKey("its private half", privateJwkOf(p256), "bad"),
  ecKey("another x", { x: ofRfc7515A3["x"] }, "bad"),
  ecKey("the point at infinity", { x: encode(new Uint8Array(32)), y: encode(new Uint8Array(32)) }, "bad"),
  ecKey("-y", {
    y: encode(
      bytesOf(0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn - numberOf(bytesIn(ecJwk["y"])), 32)
    )
  }, "bad"),
  ecKey("no y", { y: undefined }, "bad"),
  ecKey("x and y exchanged", { x: ecJwk["y"], y: ecJwk["x"] }, "bad"),
  ecKey("the name of another curve", { crv: "P-384" }, "bad"),
  ecKey("an unknown curve", { crv: "P-257" }, "bad"),
  ecKey("no curve", { crv: undefined }, "bad"),
  ecKey("another type", { kty: "OKP" }, "bad"),
  edKey("its private half", privateJwkOf(ed), "bad"),
  edKey("a byte removed", { x: encode(bytesIn(edJwk["x"]).slice(1)) }, "bad"),
  edKey("a byte added", { x: encode(join(bytesIn(edJwk["x"]), new Uint8Array(1))) }, "bad"),
  edKey("no x", { x: undefined }, "bad"),
  edKey("the curve for key agreement", { crv: "X25519" }, "bad"),
  edKey("another curve", { crv: "Ed448" }, "bad"),
  row("a secret", { kty: "oct", k: encode("secret") }, "RS256", hmac("secret")),
  row("an unknown type", { kty: "AKP" }, "RS256", hmac("secret")),
  row("no type", {} as Jws.PublicKey, "RS256", hmac("secret"))
]

/**
 * With e = 1 a correct block is its own signature, which every attacker can compute. Both implementations would accept
 * it, so no such key may reach them.
 */
export const exponentOneKey: Question = {
  key: { ...rsaJwk, e: "AQ" },
  algorithm: "RS256",
  signed: signedOf(inputOf("RS256"), padded(join(digestInfo, sha256(inputOf("RS256")))))
}

// ---------------------------------------------------------------------------------------------------------------------
// Keys in another encoding
// ---------------------------------------------------------------------------------------------------------------------

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/** The same bytes with another last character, if it has unused bits. */
const stray = (text: string): string => `${text.slice(0, -1)}${letters[letters.indexOf(text.at(-1) ?? "A") ^ 1]}`

const spellings: Readonly<Record<string, (text: string) => string>> = {
  "with padding": (text) => `${text}${"=".repeat((4 - text.length % 4) % 4)}`,
  "with too much padding": (text) => `${text}====`,
  "in base64": (text) => text.replaceAll("-", "+").replaceAll("_", "/"),
  "with a line feed": (text) => `${text.slice(0, 20)}\n${text.slice(20)}`,
  "with a space after it": (text) => `${text} `,
  "with unused bits set": stray,
  "with a foreign character": (text) => `${text.slice(0, 20)}!${text.slice(20)}`,
  "cut off": (text) => text.slice(0, -1),
  "with a zero before it": padZero,
  "with a zero after it": (text) => encode(join(bytesIn(text), new Uint8Array(1)))
}

const spelt = (algorithm: Jws.Algorithm, jwk: Jws.PublicKey, members: ReadonlyArray<"n" | "e" | "x" | "y">) =>
  members.flatMap((member) =>
    Object.entries(spellings).map(([how, spell]) => ({
      rule: `${member} of a key for ${algorithm} ${how}`,
      key: { ...jwk, [member]: spell(String(jwk[member])) },
      algorithm,
      signed: signedOf(inputOf(algorithm), sign(inputOf(algorithm), keys[algorithm], algorithm))
    }))
  )

/** Both implementations must give the same result. */
export const spelledKeys: ReadonlyArray<Question & { readonly rule: string }> = [
  ...spelt("RS256", rsaJwk, ["n", "e"]),
  ...spelt("ES256", ecJwk, ["x", "y"]),
  ...spelt("EdDSA", edJwk, ["x"])
]
