/**
 * A certified OpenID provider (`oidc-provider`) on a loopback port of its own, with nothing to configure.
 *
 * It stands in for your real provider: the demo and the integration tests talk to it over HTTP. Its only user is ada,
 * who is always logged in and consents to everything.
 */
import * as Effect from "effect/Effect"
import { exportJWK, generateKeyPair } from "jose"
import type { IncomingMessage, ServerResponse } from "node:http"
import { type AdapterPayload, type Configuration, type JWK, Provider } from "oidc-provider"
import MemoryAdapter from "oidc-provider/lib/adapters/memory_adapter.js"
import { listen } from "./loopback.ts"

/** Options for the provider. */
export interface Options {
  /** Whether access tokens are JWTs or opaque, asked for each token if it may change. Default: `jwt`. */
  readonly accessTokenFormat?: Format | (() => Format) | undefined
  /** Seconds until an access token expires. Default: 300. */
  readonly accessTokenLifetime?: number | undefined
  /** A confidential client, for example of a resource server that introspects. */
  readonly client?: { readonly id: string; readonly secret: string } | undefined
  readonly port?: number | undefined
  /** The origin of the issuer, if a reverse proxy in front of the provider has another one. Default: its own. */
  readonly publicOrigin?: string | undefined
  /** Further claims of access tokens. */
  readonly tokenClaims?: Readonly<Record<string, unknown>> | undefined
  /** The scopes that clients may request for any resource. Default: those of the demo's server. */
  readonly scopes?: ReadonlyArray<string> | undefined
  /** The keys of a restarted provider. Default: new keys. */
  readonly signingKeys?: ReadonlyArray<JWK> | undefined
  /**
   * The origin from which the documents are read that clients publish about themselves, instead of their own: the
   * provider reads them over https only, and from no loopback address.
   */
  readonly clientDocuments?: string | undefined
}

type Format = "jwt" | "opaque"

const freshKeys = Effect.forEach(
  ["RS256", "ES256"],
  (alg) =>
    Effect.promise(() => generateKeyPair(alg, { extractable: true })).pipe(
      Effect.flatMap(({ privateKey }) => Effect.promise(() => exportJWK(privateKey))),
      Effect.map((key): JWK => ({ ...key, alg, use: "sig", kid: alg }))
    )
)

/** The scopes of the demo's server. */
export const defaultScopes: ReadonlyArray<string> = ["notes:read", "notes:write"]

/**
 * Clients that may grow. The SDK registers for the scopes of its first login, and this provider would hold it to these for
 * ever: a client could then not step up.
 */
class GrowingClients extends MemoryAdapter {
  override upsert(id: string, { scope: _, ...payload }: AdapterPayload, expiresIn: number) {
    return super.upsert(id, payload, expiresIn)
  }
}

const features = (
  { accessTokenFormat = "jwt", accessTokenLifetime = 300, scopes = defaultScopes }: Options
): Configuration["features"] => ({
  devInteractions: { enabled: false },
  registration: { enabled: true },
  revocation: { enabled: true, allowedPolicy: (_, client, token) => token.clientId === client.clientId },
  introspection: { enabled: true, allowedPolicy: () => true },
  clientIdMetadataDocument: { enabled: true, ack: "draft-02" },
  // RFC 8707: the client says for which resource it wants a token, and the token says so too.
  resourceIndicators: {
    enabled: true,
    useGrantedResource: () => true,
    getResourceServerInfo: (_, resource) => ({
      audience: resource,
      scope: scopes.join(" "),
      accessTokenTTL: accessTokenLifetime,
      accessTokenFormat: typeof accessTokenFormat === "function" ? accessTokenFormat() : accessTokenFormat,
      jwt: { sign: { alg: "RS256" } }
    })
  }
})

const configuration = (keys: ReadonlyArray<JWK>, options: Options): Configuration => ({
  // Named, so that the provider does not warn of a default: for a demo, memory is the right place.
  adapter: (name: string) => name === "Client" ? new GrowingClients(name) : new MemoryAdapter(name),
  cookies: { keys: ["a provider that lives for minutes needs no secret"] },
  jwks: { keys: [...keys] },
  scopes: ["openid", "offline_access", ...options.scopes ?? defaultScopes],
  clients: options.client === undefined ? [] : [{
    client_id: options.client.id,
    client_secret: options.client.secret,
    redirect_uris: [],
    response_types: [],
    grant_types: []
  }],
  clientAuthMethods: ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"],
  clientBasedCORS: () => true,
  extraTokenClaims: () => options.tokenClaims,
  findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  issueRefreshToken: () => true,
  interactions: { url: (_, { uid }) => `/interaction/${uid}` },
  ttl: {
    AccessToken: (_, { resourceServer }) => resourceServer?.accessTokenTTL ?? 300,
    Grant: 3600,
    IdToken: 300,
    Interaction: 300,
    RefreshToken: 3600,
    Session: 3600
  },
  fetch: (url, init) =>
    options.clientDocuments === undefined
      ? fetch(url, init)
      // Without the provider's own dispatcher, which hangs up on loopback addresses.
      : fetch(new URL(new URL(String(url)).pathname, options.clientDocuments)),
  features: features(options) ?? {}
})

/** Ada logs in and agrees to whatever the client asks for. */
const interact = async (
  provider: Provider,
  { scopes = defaultScopes }: Options,
  request: IncomingMessage,
  response: ServerResponse
): Promise<void> => {
  const { grantId, params, prompt, session } = await provider.interactionDetails(request, response)
  if (prompt.name === "login") {
    return provider.interactionFinished(request, response, { login: { accountId: "ada" } })
  }
  const clientId = String(params["client_id"])
  const grant = (grantId === undefined ? undefined : await provider.Grant.find(grantId)) ??
    new provider.Grant({ accountId: session?.accountId, clientId })
  grant.addOIDCScope(String(params["scope"] ?? "openid"))
  if (params["resource"] !== undefined) grant.addResourceScope(String(params["resource"]), scopes.join(" "))
  return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } }, {
    mergeWithLastSubmission: true
  })
}

/** Starts the provider. It ends with the scope. */
export const start = Effect.fnUntraced(function*(options: Options = {}) {
  // The issuer names the port, so the server has to be there before the provider is.
  const { close, origin, server } = yield* listen(options.port)
  const signingKeys = options.signingKeys ?? (yield* freshKeys)
  const issuer = options.publicOrigin ?? origin
  const provider = new Provider(issuer, configuration(signingKeys, options))
  // The proxy says by which URL it was asked.
  provider.proxy = options.publicOrigin !== undefined
  const handle = provider.callback()
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const isInteraction = request.url?.startsWith("/interaction/") === true
    void (isInteraction ? interact(provider, options, request, response) : handle(request, response))
  })
  return { issuer, origin, signingKeys, stop: close }
})
