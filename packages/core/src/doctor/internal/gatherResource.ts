import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as AuthorizationServer from "../../discovery/AuthorizationServer.ts"
import * as Metadata from "../../metadata/AuthorizationServerMetadata.ts"
import type { ResourceIdentifier } from "../../metadata/ResourceIdentifier.ts"
import * as WellKnown from "../../metadata/WellKnown.ts"
import * as TokenVerifier from "../../token/TokenVerifier.ts"
import * as WwwAuthenticate from "../../token/WwwAuthenticate.ts"
import type { ChallengeSeen, Exchange, Fetched, McpServerSeen, Provider, TokenSeen } from "../Evidence.ts"
import { isProviderMetadata } from "./gatherProvider.ts"
import { answerOf, statusOf } from "./model.ts"
import type { Probe, Question } from "./probe.ts"

const clientInfo = { name: "mcp-auth-doctor", version: "0.2.0" }

const mcpHeaders = { accept: "application/json, text/event-stream" }

/** The first request of a client in a revision. The newest revision has no session. */
const firstRequest = (url: string, revision: string): Question => {
  if (revision !== "2026-07-28") {
    return {
      purpose: `request without a token, MCP ${revision}`,
      method: "POST",
      url,
      headers: mcpHeaders,
      json: {
        jsonrpc: "2.0",
        id: 1,
        method: "initialize",
        params: { protocolVersion: revision, capabilities: {}, clientInfo }
      }
    }
  }
  return {
    purpose: `request without a token, MCP ${revision}`,
    method: "POST",
    url,
    headers: { ...mcpHeaders, "mcp-protocol-version": revision, "mcp-method": "server/discover" },
    json: {
      jsonrpc: "2.0",
      id: 1,
      method: "server/discover",
      params: {
        _meta: {
          "io.modelcontextprotocol/protocolVersion": revision,
          "io.modelcontextprotocol/clientCapabilities": {},
          "io.modelcontextprotocol/clientInfo": clientInfo
        }
      }
    }
  }
}

const newest = "2026-07-28"

/** The revision that most clients use. */
const usual = "2025-11-25"

const older = [usual, "2025-06-18", "2025-03-26"]

/** The first request to the server. */
export const firstContact = (probe: Probe, target: string): Effect.Effect<Exchange> =>
  probe.ask(firstRequest(target, newest))

const challengeOf = (posts: McpServerSeen["posts"]): ChallengeSeen | undefined => {
  const refused = posts.filter(({ exchange }) => statusOf(exchange) === 401)
  const post = refused.find(({ revision }) => revision === usual) ?? refused[0]
  if (post === undefined) return undefined
  const header = answerOf(post.exchange)?.headers["www-authenticate"] ?? ""
  const challenges = WwwAuthenticate.parse(header)
  return { exchange: post.exchange, header, challenges, bearer: WwwAuthenticate.forTokens(challenges) }
}

/** The metadata of the resource at every place that clients try. */
const fetchMetadata = Effect.fnUntraced(function*(
  probe: Probe,
  resource: ResourceIdentifier,
  hint: string | undefined,
  origin: string
) {
  const purpose = "metadata of the resource"
  const headers = { origin, "mcp-protocol-version": usual }
  const [path, root] = WellKnown.protectedResourceCandidates(resource)
  const places: ReadonlyArray<readonly [Fetched["place"], string | undefined]> = [
    ["hint", hint !== undefined && URL.canParse(hint) ? hint : undefined],
    ["path", path],
    ["root", root]
  ]
  return yield* Effect.forEach(
    places.flatMap(([place, url]) => url === undefined ? [] : [[place, url] as const]),
    ([place, url]) => probe.fetch(place, { purpose, url, headers })
  )
})

/** The name of a host that does not exist (RFC 6761, section 6.4). */
const otherHostName = "other-host.invalid"

const askOtherHost = (probe: Probe, url: string): Effect.Effect<Exchange> =>
  probe.ask({
    purpose: "metadata with another host",
    url,
    headers: { host: otherHostName, "x-forwarded-host": otherHostName }
  })

/** The other requests that clients make without a token. */
const askOtherMethods = Effect.fnUntraced(function*(probe: Probe, url: string, origin: string) {
  const head = yield* probe.ask({ purpose: "HEAD without a token", method: "HEAD", url, headers: mcpHeaders })
  const get = yield* probe.ask({ purpose: "GET without a token", url, headers: mcpHeaders })
  const preflight = yield* probe.ask({
    purpose: "preflight of a web page",
    method: "OPTIONS",
    url,
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type,mcp-protocol-version"
    }
  })
  const page = firstRequest(url, usual)
  const purpose = "request of a web page, without a token"
  const fromPage = yield* probe.ask({ ...page, purpose, headers: { ...page.headers, origin } })
  return { head, get, preflight, fromPage }
})

/** Options of the examination of a server. */
export interface ServerOptions {
  readonly resource: ResourceIdentifier
  readonly target: string
  /** The origin of web clients. */
  readonly origin: string
}

/** Asks the MCP server for everything that clients ask for, without a token. */
export const gatherServer = Effect.fnUntraced(function*(
  probe: Probe,
  first: Exchange,
  { origin, resource, target }: ServerOptions
): Effect.fn.Return<McpServerSeen> {
  const others = yield* Effect.forEach(
    older,
    (revision) => Effect.map(probe.ask(firstRequest(target, revision)), (exchange) => ({ revision, exchange }))
  )
  const posts = [{ revision: newest, exchange: first }, ...others]
  const otherMethods = yield* askOtherMethods(probe, target, origin)
  const challenge = challengeOf(posts)
  const metadata = yield* fetchMetadata(
    probe,
    resource,
    challenge?.bearer?.parameters.get("resource_metadata"),
    origin
  )
  const used = metadata.find((one): one is Fetched & { readonly document: Schema.JsonObject } =>
    one.document !== undefined
  )
  const otherHost = used === undefined ? undefined : yield* askOtherHost(probe, used.url)
  const root = new URL(target).origin
  const unknown = yield* probe.ask({ purpose: "unknown well-known URL", url: `${root}/.well-known/mcp-auth-doctor` })
  const atOrigin = yield* probe.fetch("fallback", {
    purpose: "metadata of a provider at the origin of the server",
    url: `${root}/.well-known/oauth-authorization-server`,
    headers: { origin, "mcp-protocol-version": usual }
  })
  const isMetadata = atOrigin.document !== undefined && isProviderMetadata(atOrigin.document)
  return {
    posts,
    ...otherMethods,
    challenge,
    metadata,
    used,
    otherHost,
    otherHostName,
    unknown: isMetadata ? [unknown] : [unknown, atOrigin.exchanges.at(-1) ?? atOrigin.exchanges[0]],
    originProvider: { ...atOrigin, document: isMetadata ? atOrigin.document : undefined },
    token: undefined
  }
})

const decodeMetadata = Schema.decodeUnknownOption(Metadata.AuthorizationServerMetadata)

/** The server of a provider, with the keys that were fetched, so that verification makes no request. */
const trusted = ({ keys, used }: Provider) => {
  const metadata = decodeMetadata(used?.document)
  if (Option.isNone(metadata) || keys?.document === undefined) return Effect.succeedNone
  return Effect.option(AuthorizationServer.make(
    { type: used?.place === "oauth" ? "oauth" : "oidc", metadata: metadata.value, keys: keys.document },
    { allowInsecureLoopback: true }
  ))
}

/** Sends the token to the MCP URL, and nowhere else, and asks our own rules about it. */
export const gatherToken = Effect.fnUntraced(function*(
  probe: Probe,
  token: Redacted.Redacted,
  { resource, target }: ServerOptions,
  providers: ReadonlyArray<Provider>
): Effect.fn.Return<TokenSeen, never, HttpClient.HttpClient> {
  const question = firstRequest(target, usual)
  const exchange = yield* probe.ask({
    ...question,
    purpose: "request with the token",
    headers: { ...question.headers, authorization: `Bearer ${Redacted.value(token)}` }
  })
  const servers = (yield* Effect.forEach(providers, trusted)).flatMap((server) =>
    Option.isSome(server) ? [server.value] : []
  )
  if (servers.length === 0 || !TokenVerifier.jwt().handles(Redacted.value(token))) {
    return { exchange, problem: undefined }
  }
  const verified = yield* TokenVerifier.jwt().make({ resource, authorizationServers: servers }).pipe(
    Effect.flatMap((verify) => verify(token)),
    Effect.result,
    Effect.scoped
  )
  return { exchange, problem: Result.isFailure(verified) ? verified.failure.message : undefined }
})
