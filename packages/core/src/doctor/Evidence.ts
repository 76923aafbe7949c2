/**
 * What the doctor saw: every request with its answer, and what follows from them. Rules judge this evidence, and nothing else.
 *
 * @since 0.2.0
 */
import type * as Schema from "effect/Schema"
import type { Confidence, Facts } from "../presets/Preset.ts"
import type * as WwwAuthenticate from "../token/WwwAuthenticate.ts"

/**
 * The body of an answer. Bodies of streams are not read.
 *
 * @category models
 * @since 0.2.0
 */
export type Body =
  | { readonly kind: "json"; readonly value: unknown }
  | { readonly kind: "empty" | "html" | "stream" | "text" | "too-large" }

/**
 * An answer. Headers have names in lower case, and values of at most 16 KiB.
 *
 * @category models
 * @since 0.2.0
 */
export interface Answer {
  readonly _tag: "Answer"
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Body
}

/**
 * Why a request has no answer.
 *
 * @category models
 * @since 0.2.0
 */
export interface Failure {
  readonly _tag: "Failure"
  /**
   * `address`: the HTTP client refuses the address. `url`: the URL may not be requested. `tls`: the certificate is not
   * trusted. `limit`: the time or the number of requests of the examination is used up.
   */
  readonly reason: "address" | "connection" | "dns" | "limit" | "timeout" | "tls" | "url"
  /** The code or message of the failure. */
  readonly detail: string
}

/**
 * One request, with its answer or failure.
 *
 * @category models
 * @since 0.2.0
 */
export interface Exchange {
  /** The number of the request, from 1. */
  readonly id: number
  /** What the request asks for. */
  readonly purpose: string
  readonly method: "GET" | "HEAD" | "OPTIONS" | "POST"
  readonly url: string
  readonly result: Answer | Failure
  /** In milliseconds. */
  readonly duration: number
  /** The difference between the `Date` of the answer and the clock of the doctor, in seconds. */
  readonly clockOffset: number | undefined
}

/**
 * A document at one of the URLs that clients try, after redirects.
 *
 * @category models
 * @since 0.2.0
 */
export interface Fetched {
  /** Which URL it is. `hint`: the `resource_metadata` of the challenge. `fallback`: a root URL that a few clients try last. */
  readonly place: "fallback" | "hint" | "oauth" | "oidc" | "oidc-inserted" | "path" | "root"
  readonly url: string
  /** The requests: more than one if the first ones were redirects. */
  readonly exchanges: readonly [Exchange, ...ReadonlyArray<Exchange>]
  /** The JSON object of an answer with status 200. */
  readonly document: Schema.JsonObject | undefined
}

/**
 * A key of a JWK Set that cannot be used.
 *
 * @category models
 * @since 0.2.0
 */
export interface UnusableKey {
  readonly kid: string | undefined
  /** As the predicate of a sentence. */
  readonly reason: string
  /** Whether it is for another use, so that nothing is wrong with it. */
  readonly hasOtherUse: boolean
}

/**
 * The JWK Set of a provider.
 *
 * @category models
 * @since 0.2.0
 */
export interface Keys {
  readonly exchange: Exchange
  /** `undefined`: the answer is not a JWK Set. */
  readonly document: { readonly keys: ReadonlyArray<Schema.JsonObject> } | undefined
  /** The keys, judged one by one, if there is a JWK Set. */
  readonly set: { readonly usable: number; readonly unusable: ReadonlyArray<UnusableKey> } | undefined
}

/**
 * The product that a metadata document suggests.
 *
 * @category models
 * @since 0.2.0
 */
export interface Product {
  /** The name of its preset. */
  readonly preset: string
  readonly title: string
  readonly confidence: Confidence
  readonly facts: Facts
}

/**
 * An authorization server.
 *
 * @category models
 * @since 0.2.0
 */
export interface Provider {
  /** The issuer, as the metadata of the resource or the caller names it. */
  readonly named: string
  /** The documents in the order in which clients try them. */
  readonly fetched: ReadonlyArray<Fetched>
  /** The document that clients use: the first one. */
  readonly used: (Fetched & { readonly document: Schema.JsonObject }) | undefined
  readonly product: Product | undefined
  readonly keys: Keys | undefined
  /** The preflight of the registration endpoint. */
  readonly preflight: Exchange | undefined
  /** The registration of a client, if it was asked for. */
  readonly registration: Exchange | undefined
  /** The answer of the authorization endpoint to a request that cannot succeed, if a client ID was given. */
  readonly authorization: Exchange | undefined
}

/**
 * The 401 of a server.
 *
 * @category models
 * @since 0.2.0
 */
export interface ChallengeSeen {
  readonly exchange: Exchange
  /** The header as sent. */
  readonly header: string
  readonly challenges: ReadonlyArray<WwwAuthenticate.Challenge>
  /** The challenge that clients with access tokens use. */
  readonly bearer: WwwAuthenticate.Challenge | undefined
}

/**
 * What our own rules say about a token.
 *
 * @category models
 * @since 0.2.0
 */
export interface TokenSeen {
  /** The answer of the server to the token. */
  readonly exchange: Exchange
  /** The error of this library's verification, or `undefined` if it accepts the token. */
  readonly problem: string | undefined
}

/**
 * The answers of an MCP server.
 *
 * @category models
 * @since 0.2.0
 */
export interface McpServerSeen {
  /** A request without a token in each revision, the newest first. */
  readonly posts: ReadonlyArray<{ readonly revision: string; readonly exchange: Exchange }>
  readonly head: Exchange
  readonly get: Exchange
  readonly preflight: Exchange
  /** A request without a token from a page of another origin. */
  readonly fromPage: Exchange
  readonly challenge: ChallengeSeen | undefined
  /** The metadata of the resource: at the hint, at the path, at the root. */
  readonly metadata: ReadonlyArray<Fetched>
  /** The document that clients use: that of the hint, or else the first one. */
  readonly used: (Fetched & { readonly document: Schema.JsonObject }) | undefined
  /** The metadata, requested with another host. */
  readonly otherHost: Exchange | undefined
  /** The host of that request. */
  readonly otherHostName: string
  /** Well-known URLs of the origin at which most servers have nothing. */
  readonly unknown: ReadonlyArray<Exchange>
  /** The authorization server metadata at the origin of the MCP server, which legacy clients use. */
  readonly originProvider: Fetched | undefined
  readonly token: TokenSeen | undefined
}

/**
 * The evidence of an examination.
 *
 * @category models
 * @since 0.2.0
 */
export interface Evidence {
  /** The URL as the caller typed it. */
  readonly target: string
  readonly kind: "issuer" | "resource"
  /** All requests, in order. */
  readonly exchanges: ReadonlyArray<Exchange>
  /** Absent for an issuer, and for a server that cannot be reached. */
  readonly server: McpServerSeen | undefined
  readonly providers: ReadonlyArray<Provider>
}
