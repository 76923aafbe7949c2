/**
 * How a client finds the metadata of an MCP server (RFC 9728): first at the URL that a challenge names, then at the
 * well-known URLs of the server.
 *
 * A challenge is the word of the server alone, so by default the metadata must be on the origin of the server, and must be
 * about the server.
 *
 * **Example** (Which metadata is about a server)
 *
 * ```ts import.meta.vitest
 * import * as ResourceDiscovery from "@effect-mcp-auth/core/ResourceDiscovery"
 *
 * ResourceDiscovery.covers("https://api.example.com", "https://api.example.com/mcp") // => true
 * ResourceDiscovery.covers("https://api.example.com/other", "https://api.example.com/mcp") // => false
 * ResourceDiscovery.exact("https://api.example.com", "https://api.example.com/mcp") // => false
 * ```
 *
 * @since 0.2.0
 */
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { resourceOf } from "../fetch/internal/documentBody.ts"
import { fetchDocument } from "../fetch/internal/fetchDocument.ts"
import { withRetries } from "../fetch/internal/retry.ts"
import { isTransient, type MetadataFetchError } from "../fetch/MetadataFetchError.ts"
import * as Metadata from "../metadata/ProtectedResourceMetadata.ts"
import * as ResourceIdentifier from "../metadata/ResourceIdentifier.ts"
import * as WellKnown from "../metadata/WellKnown.ts"
import { ResourceRefused } from "./OAuthClientError.ts"

/**
 * Whether the resource that a document names is that of a server, given by its URL.
 *
 * @category models
 * @since 0.2.0
 */
export type ResourceMatch = (resource: string, server: string) => boolean

/**
 * The resource is the URL of the server, character by character (RFC 9728, section 3.3).
 *
 * @category matches
 * @since 0.2.0
 */
export const exact: ResourceMatch = (resource, server) => resource === server

/**
 * The resource is the URL of the server, or a part of its path from the start: MCP servers often name their origin, or a
 * folder above their endpoint. The origin must be the same, and the path ends where a segment ends.
 *
 * A resource above the server counts only if its own well-known URL says so (RFC 9728, section 3.1). Otherwise one of
 * several servers on an origin could get a token for all of them.
 *
 * @category matches
 * @since 0.2.0
 */
export const covers: ResourceMatch = (resource, server) => {
  if (!URL.canParse(resource) || !URL.canParse(server)) return false
  const named = new URL(resource)
  const asked = new URL(server)
  if (named.origin !== asked.origin || named.hash !== "") return false
  if (named.search !== "" && named.search !== asked.search) return false
  const folder = named.pathname.endsWith("/") ? named.pathname : `${named.pathname}/`
  return `${asked.pathname}/`.startsWith(folder)
}

/**
 * Whether metadata may be fetched from the URL that a challenge names.
 *
 * @category models
 * @since 0.2.0
 */
export type HintPolicy = (hint: URL, server: URL) => boolean

/**
 * Only from the origin of the server. Another origin would let a server make the client send requests to any host.
 *
 * @category policies
 * @since 0.2.0
 */
export const sameOrigin: HintPolicy = (hint, server) => hint.origin === server.origin

/**
 * Also from these origins, such as `https://metadata.example.com`.
 *
 * @category policies
 * @since 0.2.0
 */
export const allowOrigins = (origins: ReadonlyArray<string>): HintPolicy => (hint, server) =>
  sameOrigin(hint, server) || origins.includes(hint.origin)

/**
 * Options for finding the metadata of a server.
 *
 * @category models
 * @since 0.2.0
 */
export interface Options {
  /** Which metadata is about the server. Default: `covers`. */
  readonly resourceMatch?: ResourceMatch | undefined
  /** Where metadata may be fetched from, if a challenge names a URL. Default: `sameOrigin`. */
  readonly hintPolicy?: HintPolicy | undefined
}

/** A response that says that there is no metadata at this URL, so that the next one is tried. */
const isMiss = ({ reason }: MetadataFetchError): boolean =>
  reason._tag === "NotMetadata" || (reason._tag === "Status" && reason.status >= 400 && reason.status < 500)

/** Not the identity: a document that another instance has fetched could be older than the response with status 401. */
const unshared = (request: HttpClientRequest.HttpClientRequest): HttpClientRequest.HttpClientRequest => request

const fetch = (url: string) =>
  withRetries(url, (limits) =>
    fetchDocument(url, {
      limits,
      mapRequest: unshared,
      allowInsecureLoopback: false,
      shape: resourceOf,
      asked: "metadata"
    }))

const decode = Schema.decodeUnknownEffect(Metadata.ProtectedResourceMetadata)

/** The URL of a challenge, if it may be fetched. */
const checkHint = (
  server: string,
  hint: string,
  policy: HintPolicy
): Effect.Effect<ReadonlyArray<string>, ResourceRefused> =>
  URL.canParse(hint) && policy(new URL(hint), new URL(server))
    ? Effect.succeed([hint])
    : Effect.fail(new ResourceRefused({ server, reason: "foreign-metadata-url", detail: hint.slice(0, 200) }))

/** The path and the query, where a slash at the end makes no difference. */
const placeOf = (url: string): string => {
  const { pathname, search } = new URL(url)
  return `${pathname.replace(/\/$/, "")}${search}`
}

/** The well-known URL of the resource that covers a server and is above it. `undefined` if it is the server itself. */
const urlOfWider = (resource: string, server: string): Effect.Effect<string | undefined> =>
  placeOf(resource) === placeOf(server)
    ? Effect.undefined
    : ResourceIdentifier.make(resource).pipe(
      Effect.map(WellKnown.protectedResource),
      Effect.orElseSucceed(() => undefined)
    )

/**
 * Finds the metadata of a server: at the URL of a challenge (`hint`), then at its well-known URLs. None if there is no
 * metadata at any of them. `FetchLimits` limits time, size, redirects and retries for each URL.
 *
 * @category fetching
 * @since 0.2.0
 */
export const find = Effect.fn("ResourceDiscovery.find")(function*(
  server: string,
  hint?: string,
  options?: Options
): Effect.fn.Return<
  Option.Option<Metadata.ProtectedResourceMetadata>,
  ResourceRefused,
  HttpClient.HttpClient
> {
  const refuse = (reason: ResourceRefused["reason"], detail?: string) =>
    new ResourceRefused({ server, reason, ...(detail === undefined ? {} : { detail }) })
  const identifier = yield* Effect.mapError(
    ResourceIdentifier.make(server),
    (error) => refuse("not-found", error.message)
  )
  const hinted = hint === undefined ? [] : yield* checkHint(server, hint, options?.hintPolicy ?? sameOrigin)
  const match = options?.resourceMatch ?? covers
  const read = Effect.fnUntraced(function*(url: string) {
    const loaded = yield* Effect.catch(
      Effect.asSome(fetch(url)),
      (error) =>
        isMiss(error) && !isTransient(error)
          ? Effect.succeedNone
          : Effect.fail(refuse(isTransient(error) ? "unreachable" : "invalid-metadata", error.message))
    )
    if (Option.isNone(loaded)) return undefined
    const metadata = yield* Effect.mapError(
      decode(loaded.value.document),
      () => refuse("invalid-metadata", `${url} does not match the schema of RFC 9728`)
    )
    if (!match(metadata.resource, server)) {
      return yield* refuse("resource-mismatch", `${url} is about ${metadata.resource}`)
    }
    return metadata
  })
  for (const url of new Set([...hinted, ...WellKnown.protectedResourceCandidates(identifier)])) {
    const named = yield* read(url)
    if (named === undefined) continue
    const own = match === covers ? yield* urlOfWider(named.resource, server) : undefined
    const metadata = own === undefined || own === url ? named : yield* read(own)
    if (metadata?.resource !== named.resource) {
      return yield* refuse("resource-mismatch", `${url} is about ${named.resource}, and ${own} does not confirm it`)
    }
    if (!Metadata.acceptsHeader(metadata)) return yield* refuse("header-not-accepted")
    return Option.some(metadata)
  }
  return Option.none()
})
