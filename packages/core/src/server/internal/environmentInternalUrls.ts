import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Options } from "../../discovery/AuthorizationServer.ts"
import { configError } from "../../metadata/internal/environmentNames.ts"
import { parse } from "../../metadata/internal/httpUri.ts"

/** The variable with the URLs inside the own network. */
const name = "MCP_AUTH_UNSAFE_INTERNAL_URLS"

/** The URLs inside the own network that replace public ones. */
export type InternalUrls = NonNullable<Options["unsafeInternalUrls"]>

const isUrl = (url: string): boolean =>
  Result.isSuccess(parse(url, { query: "allowed", insecureLoopback: true, insecure: true }))

const Url = Schema.String.check(Schema.makeFilter(isUrl))

const decodeUrls = Schema.decodeUnknownEffect(
  Schema.fromJsonString(Schema.Struct({
    metadata: Schema.optionalKey(Url),
    jwks: Schema.optionalKey(Url),
    introspection: Schema.optionalKey(Url)
  })),
  { onExcessProperty: "error" }
)

const invalid = configError([
  `${name} is not a JSON object of URLs: write at least one member of {"metadata": …, "jwks": …, "introspection": …}, ` +
  "each an http or https URL without user information and a fragment"
])

/** The URLs of the environment. An object without a URL would have the effect of no variable. */
export const internalUrls: Config.Config<InternalUrls> = Config.mapEffect(
  Config.NonEmptyString(name),
  (text) =>
    decodeUrls(text).pipe(
      Effect.filterOrFail((urls) => Object.keys(urls).length > 0, () => invalid),
      Effect.mapError(() => invalid)
    )
)

/** Settings beside which internal URLs have no effect. */
interface Beside {
  readonly issuers: ReadonlyArray<string>
  readonly hasPreset: boolean
  readonly hasMetadataUrl: boolean
  readonly introspects: boolean
}

/** Internal URLs that have no effect, or contradict another variable. */
export const internalUrlProblems = (
  urls: Option.Option<InternalUrls>,
  { hasMetadataUrl, hasPreset, introspects, issuers }: Beside
): ReadonlyArray<string> => {
  if (Option.isNone(urls)) return []
  const { introspection, metadata } = urls.value
  // A preset says itself which URLs it uses.
  if (hasPreset) return []
  if (issuers.length === 0) {
    return [`${name} has no effect without MCP_AUTH_ISSUER or MCP_AUTH_PRESET: set one of them, or remove the variable`]
  }
  return [
    ...issuers.length > 1
      ? [
        `${name} applies to one issuer, but MCP_AUTH_ISSUER names ${issuers.length}: remove it, or configure the ` +
        "authorization servers in code"
      ]
      : [],
    ...metadata !== undefined && hasMetadataUrl
      ? [`${name} has the member metadata, and MCP_AUTH_METADATA_URL is set: remove one of the two`]
      : [],
    ...introspection !== undefined && !introspects
      ? [
        `${name} has the member introspection, which has no effect without MCP_AUTH_CLIENT_ID: set it, or remove the member`
      ]
      : []
  ]
}
