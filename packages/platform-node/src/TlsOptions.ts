/**
 * Certificates for connections to providers: own certification authorities, and client certificates (mutual TLS).
 *
 * All texts are PEM (RFC 7468). Files are read by the program, for example with `FileSystem`.
 *
 * **Example** (A provider with a certificate of the company)
 *
 * ```ts import.meta.vitest
 * import * as NodeMcpAuth from "@effect-mcp-auth/platform-node/NodeMcpAuth"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * const layer = NodeMcpAuth.layerWith({ ca: "not a certificate" })
 *
 * const error = await Effect.runPromise(Effect.flip(Effect.scoped(Layer.build(layer))))
 * error.message // => "The TLS option ca cannot be used: it is not a PEM text with certificates; it begins with -----BEGIN CERTIFICATE-----"
 * ```
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { X509Certificate } from "node:crypto"
import { createSecureContext, getCACertificates, type SecureContext } from "node:tls"

/**
 * A PEM text (RFC 7468), or its bytes.
 *
 * @category models
 * @since 0.1.0
 */
export type Pem = string | Uint8Array

/**
 * Options for the certificates of connections.
 *
 * @category models
 * @since 0.1.0
 */
export interface TlsOptions {
  /**
   * Certificates of certification authorities that are trusted in addition to those that Node trusts. A PEM text can
   * contain several. Default: only those that Node trusts.
   */
  readonly ca?: Pem | ReadonlyArray<Pem> | undefined
  /** The client certificate, with its intermediate certificates. It needs `key`. Default: none. */
  readonly cert?: Pem | undefined
  /** The private key of `cert`, not encrypted. */
  readonly key?: Pem | Redacted.Redacted<Pem> | undefined
}

const corrections = {
  "not-a-certificate": "it is not a PEM text with certificates; it begins with -----BEGIN CERTIFICATE-----",
  "invalid-key": "it is not the private key of the certificate cert, as an unencrypted PEM text",
  "incomplete": "cert and key need each other; set both, or neither",
  "not-an-origin": "it is not an https origin; write scheme, host and port, such as https://auth.example.com"
} as const

/**
 * A TLS option is not valid. The message does not contain its value.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidTlsOptions extends Schema.TaggedError<InvalidTlsOptions>()("InvalidTlsOptions", {
  /** The option, such as `ca`, or `origins["https://auth.example.com"].key`. */
  option: Schema.String,
  reason: Schema.Literals(Struct.keys(corrections))
}) {
  override get message(): string {
    return `The TLS option ${this.option} cannot be used: ${corrections[this.reason]}`
  }
}

const textOf = (pem: Pem): string => typeof pem === "string" ? pem : Buffer.from(pem).toString("utf8")

const block = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g

/** Node ignores text that is not a certificate, so each one is read here. */
const certificatesOf = (pem: Pem, option: string): Effect.Effect<ReadonlyArray<string>, InvalidTlsOptions> => {
  const invalid = () => new InvalidTlsOptions({ option, reason: "not-a-certificate" })
  const found = textOf(pem).match(block) ?? []
  if (found.length === 0) return Effect.fail(invalid())
  return Effect.forEach(found, (text) =>
    Effect.try({
      try: () => new X509Certificate(text).toString(),
      catch: invalid
    }))
}

/**
 * The certificates of `ca`.
 *
 * @category models
 * @since 0.1.0
 */
export const authoritiesOf = (ca: TlsOptions["ca"]): ReadonlyArray<Pem> =>
  ca === undefined ? [] : typeof ca === "string" || ca instanceof Uint8Array ? [ca] : ca

/**
 * Creates the TLS context of connections. `undefined`: no option is set, so Node's own context applies. `prefix` is
 * the place of the options in errors.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeContext = Effect.fnUntraced(function*(
  options: TlsOptions,
  prefix = ""
): Effect.fn.Return<SecureContext | undefined, InvalidTlsOptions> {
  const { ca, cert, key } = options
  if (ca === undefined && cert === undefined && key === undefined) return undefined
  const fail = (option: string, reason: InvalidTlsOptions["reason"]) =>
    new InvalidTlsOptions({ option: `${prefix}${option}`, reason })
  if ((cert === undefined) !== (key === undefined)) {
    return yield* fail(cert === undefined ? "key" : "cert", "incomplete")
  }
  const authorities = yield* Effect.forEach(authoritiesOf(ca), (pem) => certificatesOf(pem, `${prefix}ca`))
  if (cert !== undefined) yield* certificatesOf(cert, `${prefix}cert`)
  const secret = Redacted.isRedacted(key) ? Redacted.value(key) : key
  return yield* Effect.try({
    try: () =>
      createSecureContext({
        // A list replaces the one of Node, so it must contain that.
        ...(ca === undefined ? {} : { ca: [...getCACertificates("default"), ...authorities.flat()] }),
        ...(cert === undefined || secret === undefined ? {} : { cert: textOf(cert), key: textOf(secret) })
      }),
    catch: () => fail("key", "invalid-key")
  })
})
