import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import { keySetOf } from "../../fetch/internal/documentBody.ts"
import * as Issuer from "../../metadata/Issuer.ts"
import * as WellKnown from "../../metadata/WellKnown.ts"
import * as Preset from "../../presets/Preset.ts"
import * as Presets from "../../presets/Presets.ts"
import { makeKeySetParser } from "../../token/internal/parsedKeySet.ts"
import type { Exchange, Fetched, Keys, Product, Provider } from "../Evidence.ts"
import type { Probe } from "./probe.ts"

/** What the examination of a provider may do beyond reading its metadata. */
export interface ProviderOptions {
  /** The origin of web clients. */
  readonly origin: string
  /** The resource of authorization requests. */
  readonly resource: string | undefined
  readonly clientId: string | undefined
  readonly register: boolean
}

const forms: ReadonlyArray<readonly [Fetched["place"], WellKnown.Form]> = [
  ["oauth", "oauth-authorization-server"],
  ["oidc-inserted", "openid-configuration-inserted"],
  ["oidc", "openid-configuration"]
]

const members = ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "response_types_supported"]

/** Whether a JSON object is metadata of an authorization server, and not the error of a catch-all route. */
export const isProviderMetadata = (document: Schema.JsonObject): boolean =>
  members.some((member) => Object.hasOwn(document, member))

const textOf = (document: Schema.JsonObject, member: string): string | undefined => {
  const value = document[member]
  return typeof value === "string" && URL.canParse(value) ? value : undefined
}

/** Whether redirects led to another origin. Some clients do not follow them, and try the next URL. */
const leavesOrigin = ({ exchanges }: Fetched): boolean =>
  exchanges.some(({ url }) => new URL(url).origin !== new URL(exchanges[0].url).origin)

/** The documents up to the first one that every client can use. */
const fetchDocuments = Effect.fnUntraced(function*(probe: Probe, issuer: Issuer.Issuer, origin: string) {
  const urls = new Set<string>()
  const fetched: Array<Fetched> = []
  for (const [place, form] of forms) {
    const url = WellKnown.ofForm(issuer, form)
    if (urls.has(url)) continue
    urls.add(url)
    const found = yield* probe.fetch(place, {
      purpose: "metadata of the provider",
      url,
      headers: { origin, "mcp-protocol-version": "2025-11-25" }
    })
    const document = found.document !== undefined && isProviderMetadata(found.document) ? found.document : undefined
    fetched.push({ ...found, document })
    if (document !== undefined && !leavesOrigin(found)) break
  }
  return fetched
})

const keysOf = Effect.fnUntraced(function*(probe: Probe, url: string): Effect.fn.Return<Keys> {
  const exchange = yield* probe.ask({
    purpose: "key set",
    url,
    headers: { accept: "application/jwk-set+json, application/json;q=0.9, */*;q=0.1" }
  })
  const { result } = exchange
  if (result._tag === "Failure" || result.status !== 200 || result.body.kind !== "json") {
    return { exchange, document: undefined, set: undefined }
  }
  const keys = keySetOf(result.body.value)
  if (Result.isFailure(keys)) return { exchange, document: undefined, set: undefined }
  const parser = yield* makeKeySetParser(new Set())
  const { entries, passedOver } = yield* parser.parse(keys.success)
  // `keySetOf` returns an object with a list of JSON objects.
  const document = keys.success as { readonly keys: ReadonlyArray<Schema.JsonObject> }
  return { exchange, document, set: { usable: entries.size, unusable: passedOver } }
})

/** Redirect URIs of each kind that clients register, in one request. */
const registrationRequest = {
  client_name: "mcp-auth doctor",
  redirect_uris: [
    "http://localhost:8787/callback",
    "http://127.0.0.1:33418/",
    "https://vscode.dev/redirect",
    "cursor://anysphere.cursor-mcp/oauth/callback"
  ],
  grant_types: ["authorization_code", "refresh_token"],
  response_types: ["code"],
  token_endpoint_auth_method: "none"
}

/** The redirect URI of a request that cannot succeed. The name is reserved (RFC 6761, section 6.4). */
const badRedirect = "https://doctor.invalid/callback"

/** An authorization request with a redirect URI that no client has registered. */
const authorizationUrl = (endpoint: string, clientId: string, resource: string | undefined): string => {
  const url = new URL(endpoint)
  const parameters = {
    response_type: "code",
    client_id: clientId,
    redirect_uri: badRedirect,
    state: "doctor",
    // SHA-256 of the example in RFC 7636, appendix B. No code is ever issued for it.
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    code_challenge_method: "S256",
    ...resource === undefined ? {} : { resource }
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return url.href
}

const askIf = (
  probe: Probe,
  url: string | undefined,
  question: (url: string) => Parameters<Probe["ask"]>[0]
): Effect.Effect<Exchange | undefined> => url === undefined ? Effect.undefined : probe.ask(question(url))

/** Recognizes the product by its document. */
const productOf = Effect.fnUntraced(function*(document: Schema.JsonObject): Effect.fn.Return<Product | undefined> {
  const [suggestion] = Preset.detect(document, yield* Presets.loadAll)
  if (suggestion === undefined) return undefined
  const { confidence, definition: { facts, name, title } } = suggestion
  return { preset: name, title, confidence, facts }
})

/** Examines a provider as clients and servers do. */
export const gatherProvider = Effect.fnUntraced(function*(
  probe: Probe,
  named: string,
  { clientId, origin, register, resource }: ProviderOptions
): Effect.fn.Return<Provider> {
  const issuer = Issuer.makeResult(named, { allowInsecureLoopback: true })
  const fetched = Result.isFailure(issuer) ? [] : yield* fetchDocuments(probe, issuer.success, origin)
  const first = fetched.find(({ document }) => document !== undefined)
  const document = first?.document
  const nothing = { keys: undefined, preflight: undefined, registration: undefined, authorization: undefined }
  if (first === undefined || document === undefined) {
    return { named, fetched, used: undefined, product: undefined, ...nothing }
  }
  const jwksUri = textOf(document, "jwks_uri")
  const registrationEndpoint = textOf(document, "registration_endpoint")
  const keys = jwksUri === undefined ? undefined : yield* keysOf(probe, jwksUri)
  const preflight = yield* askIf(probe, registrationEndpoint, (url) => ({
    purpose: "preflight of the registration",
    method: "OPTIONS",
    url,
    headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type" }
  }))
  const registration = yield* askIf(probe, register ? registrationEndpoint : undefined, (url) => ({
    purpose: "registration of a client",
    method: "POST",
    url,
    json: registrationRequest
  }))
  const authorization = clientId === undefined
    ? undefined
    : yield* askIf(probe, textOf(document, "authorization_endpoint"), (url) => ({
      purpose: "authorization request that cannot succeed",
      url: authorizationUrl(url, clientId, resource),
      headers: { accept: "text/html" }
    }))
  const product = yield* productOf(document)
  return { named, fetched, used: { ...first, document }, product, keys, preflight, registration, authorization }
})
