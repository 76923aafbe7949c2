import * as Discovery from "@effect-mcp-auth/core/Discovery"
import { acceptAnyUnsafe, IssuerMismatch } from "@effect-mcp-auth/core/IssuerPolicy"
import { ProtectedResourceMetadata } from "@effect-mcp-auth/core/ProtectedResourceMetadata"
import * as ResourceIdentifier from "@effect-mcp-auth/core/ResourceIdentifier"
import * as WellKnown from "@effect-mcp-auth/core/WellKnown"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { CheckReport } from "../CheckReport.ts"

type Hint = NonNullable<CheckReport["hint"]>

/** What was checked. */
interface Asked {
  readonly issuer: string
  readonly allowInsecureLoopback: boolean
}

/** An argument for a shell. An issuer of a foreign document can contain characters that a shell interprets. */
const argument = (text: string): string =>
  /^[\w.:/~-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`

const commandFor = (
  issuer: string,
  { allowInsecureLoopback }: Asked,
  command: "check" | "doctor" = "check"
): string => `mcp-auth ${command} ${argument(issuer)}${allowInsecureLoopback ? " --allow-insecure-loopback" : ""}`

/** The issuer in the document at a discovery URL. The document is used for nothing else. */
const issuerAt = (url: string, { allowInsecureLoopback }: Asked) => {
  const strategy = Discovery.withIssuerPolicy(
    Discovery.wellKnownUrl(url, undefined, { allowInsecureLoopback }),
    acceptAnyUnsafe
  )
  return Discovery.search(Discovery.retry(strategy, { times: 0 }), new URL(url).origin, { allowInsecureLoopback }).pipe(
    Effect.map(({ config }) => Option.map(config, ({ issuer }) => issuer))
  )
}

const discoveryHint = Effect.fnUntraced(function*(asked: Asked) {
  const issuer = yield* issuerAt(asked.issuer, asked)
  const next = Option.match(issuer, {
    onNone: () => "pass the issuer, which is the value of \"issuer\" in the document at that URL",
    onSome: (issuer) => `pass the issuer in the document at that URL: ${commandFor(issuer, asked)}`
  })
  const message = `This is a discovery URL: ${next}. If the URL does not follow from the issuer, add --url`
  return { code: "discovery-url" as const, message, issuers: Option.toArray(issuer) }
})

const decode = Schema.decodeEffect(Schema.fromJsonString(ProtectedResourceMetadata))

/** The limits of a hint: a document that exceeds them is none. */
const [maxBytes, timeout] = [65_536, "5 seconds"] as const

/** Protected resource metadata at a URL. Redirects are not followed. */
const resourceAt = (url: string) =>
  Effect.gen(function*() {
    const request = HttpClientRequest.setHeader(HttpClientRequest.get(url), "accept", "application/json")
    const response = yield* HttpClient.execute(request)
    if (response.status !== 200) return []
    const sizes = { total: 0 }
    const text = yield* response.stream.pipe(
      Stream.takeWhile(({ length }) => (sizes.total += length) <= maxBytes),
      Stream.decodeText,
      Stream.mkString
    )
    const metadata = yield* decode(text)
    return metadata.authorizationServers ?? []
  }).pipe(Effect.scoped, Effect.timeout(timeout), Effect.orElseSucceed((): ReadonlyArray<string> => []))

/** The places of protected resource metadata: the URL itself, that of the path, or that of the host (RFC 9728, section 3.1). */
const placesOf = Effect.fnUntraced(function*({ allowInsecureLoopback, issuer }: Asked) {
  if (issuer.includes("/.well-known/oauth-protected-resource")) return [issuer]
  const places = yield* Effect.forEach(
    new Set([issuer, new URL(issuer).origin]),
    (resource) => ResourceIdentifier.make(resource, { allowInsecureLoopback })
  )
  return places.map(WellKnown.protectedResource)
})

const resourceHint = Effect.fnUntraced(function*(asked: Asked) {
  const places = yield* Effect.orElseSucceed(placesOf(asked), () => [])
  for (const place of places) {
    const issuers = yield* resourceAt(place)
    if (issuers.length === 0) continue
    const commands = issuers.map((issuer) => commandFor(issuer, asked)).join(", or ")
    const message = `This is an MCP server and not an authorization server: ${place} names ` +
      `${
        issuers.length === 1 ? "its authorization server" : "its authorization servers"
      }. Check it instead: ${commands}. ` +
      `To find out why clients do not connect: ${commandFor(asked.issuer, asked, "doctor")}`
    return { code: "protected-resource" as const, message, issuers }
  }
  return undefined
})

/** A hint for a URL that is not an issuer, but the URL of metadata or of an MCP server. */
export const hintOf = Effect.fnUntraced(function*(
  asked: Asked,
  attempts: Discovery.Search["attempts"]
): Effect.fn.Return<Hint | undefined, never, HttpClient.HttpClient> {
  const isElsewhere = attempts.every(({ error, outcome }) =>
    outcome === "Miss" || outcome === "Refused" && !(error instanceof IssuerMismatch)
  )
  if (!isElsewhere) return undefined
  return asked.issuer.includes("/.well-known/") && !asked.issuer.includes("/.well-known/oauth-protected-resource")
    ? yield* Effect.orElseSucceed(discoveryHint(asked), () => undefined)
    : yield* resourceHint(asked)
})
