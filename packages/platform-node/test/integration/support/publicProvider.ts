/**
 * Providers as they run in production: their issuer is a public https URL, and a reverse proxy, which can be replaced,
 * is in front of them. The proxy terminates TLS with a certificate of an own authority, or speaks plain http inside the
 * network.
 */
import { Effect, Schema } from "effect"
import { createHash, randomBytes } from "node:crypto"
import { createServer, type IncomingMessage, request as send, type ServerResponse } from "node:http"
import { createServer as createTlsServer } from "node:https"
import type { AddressInfo } from "node:net"
import { trusted } from "../../standing/support/certificates.ts"

/** The host of the certificate. */
export const host = "as.test"

/** A reverse proxy. */
export interface Proxy {
  readonly port: number
  /** From now on, requests are forwarded to this origin. */
  readonly forwardTo: (origin: string) => void
  /** The paths of all requests so far. */
  readonly paths: ReadonlyArray<string>
}

const forward =
  (origin: string, headers: Readonly<Record<string, string>>) =>
  (request: IncomingMessage, response: ServerResponse): void => {
    const upstream = send(new URL(request.url ?? "/", origin), {
      method: request.method ?? "GET",
      headers: { ...request.headers, ...headers }
    }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    upstream.on("error", () => response.writeHead(502).end())
    request.pipe(upstream)
  }

/** Starts a proxy. It ends with the scope. Behind TLS, it tells the provider its public origin. */
export const startProxy = Effect.fnUntraced(function*({ tls }: { readonly tls: boolean }) {
  let target = "http://127.0.0.1:1"
  const paths: Array<string> = []
  const server = tls ? createTlsServer(trusted) : createServer()
  const port = yield* Effect.acquireRelease(
    Effect.callback<number>((resume) => {
      server.listen(0, "127.0.0.1", () => {
        // A server that listens on a port has an address of this kind.
        resume(Effect.succeed((server.address() as AddressInfo).port))
      })
    }),
    () =>
      Effect.sync(() => {
        server.closeAllConnections()
        server.close()
      })
  )
  const headers: Readonly<Record<string, string>> = tls
    ? { "x-forwarded-proto": "https", "x-forwarded-host": `${host}:${port}` }
    : {}
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    paths.push(request.url ?? "")
    forward(target, headers)(request, response)
  })
  const proxy: Proxy = {
    port,
    paths,
    forwardTo: (origin) => {
      target = origin
    }
  }
  return proxy
})

/** The tokens of a login. */
export interface Tokens {
  readonly access: string
  readonly id: string
}

/** A provider with a public issuer, and the loopback origin at which it listens. */
export interface PublicProvider {
  readonly issuer: string
  readonly origin: string
}

/** Where a client waits for its user. */
export const callback = "http://127.0.0.1:1/callback"

const Metadata = Schema.Struct({
  issuer: Schema.String,
  authorization_endpoint: Schema.String,
  token_endpoint: Schema.String,
  registration_endpoint: Schema.optional(Schema.String)
})

const Registered = Schema.Struct({ client_id: Schema.String })

const Issued = Schema.Struct({ access_token: Schema.String, id_token: Schema.String })

/** A browser of the internet, whose requests pass the proxy of the provider. */
export const makeBrowser = ({ issuer, origin }: PublicProvider) => {
  const { host, origin: publicOrigin, protocol } = new URL(issuer)
  const cookies = new Map<string, string>()
  const visit = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const response = await fetch(url.replace(publicOrigin, origin), {
      ...init,
      redirect: "manual",
      headers: {
        ...init.headers,
        "x-forwarded-proto": protocol.slice(0, -1),
        "x-forwarded-host": host,
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ")
      }
    })
    for (const set of response.headers.getSetCookie()) {
      const [pair = ""] = set.split(";")
      cookies.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1))
    }
    return response
  }
  const follow = async (url: string): Promise<URL> => {
    if (url.startsWith(callback)) return new URL(url)
    const response = await visit(url)
    const location = response.headers.get("location")
    if (location === null) {
      throw new Error(`The login ended at ${url} with ${response.status}: ${await response.text()}`)
    }
    return follow(new URL(location, url).href)
  }
  return { visit, follow }
}

/** A browser. */
export type Browser = ReturnType<typeof makeBrowser>

const decode = async <A>(schema: Schema.ConstraintDecoder<A>, response: Response): Promise<A> => {
  const text = await response.text()
  try {
    return Schema.decodeUnknownSync(Schema.fromJsonString(schema))(text)
  } catch (error) {
    throw new Error(`${response.status} ${text}`, { cause: error })
  }
}

/** A request with a JSON body. */
export const json = (body: object): RequestInit => ({
  method: "POST",
  headers: { "accept": "application/json", "content-type": "application/json" },
  body: JSON.stringify(body)
})

/** What a client asks for. */
interface Wish {
  readonly clientId: string
  readonly resource: string
  readonly scope: string
}

/** The metadata, as the public reads it. */
const metadataOf = async (provider: PublicProvider) =>
  decode(Metadata, await makeBrowser(provider).visit(`${provider.issuer}/.well-known/openid-configuration`))

/** Gets tokens by an authorization code, for the user of a browser (RFC 6749, section 4.1; RFC 7636; RFC 8707). */
export const getTokens = async (
  provider: PublicProvider,
  browser: Browser,
  { clientId, resource, scope }: Wish
): Promise<Tokens> => {
  const { authorization_endpoint, token_endpoint } = await metadataOf(provider)
  const verifier = randomBytes(32).toString("base64url")
  const query = new URLSearchParams({
    client_id: clientId,
    scope,
    resource,
    response_type: "code",
    redirect_uri: callback,
    state: randomBytes(8).toString("hex"),
    nonce: randomBytes(8).toString("hex"),
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256"
  })
  const landed = await browser.follow(`${authorization_endpoint}?${query}`)
  // The client itself has no cookies.
  const response = await makeBrowser(provider).visit(token_endpoint, {
    method: "POST",
    body: new URLSearchParams({
      client_id: clientId,
      resource,
      grant_type: "authorization_code",
      code: landed.searchParams.get("code") ?? landed.href,
      redirect_uri: callback,
      code_verifier: verifier
    })
  })
  const { access_token, id_token } = await decode(Issued, response)
  return { access: access_token, id: id_token }
}

/** Registers a client, logs in, and gets tokens for a resource. */
export const logIn = (provider: PublicProvider, resource: string, scope = "openid notes:read") =>
  Effect.promise(async (): Promise<Tokens> => {
    const browser = makeBrowser(provider)
    const { registration_endpoint } = await metadataOf(provider)
    const registration = {
      client_name: "A client of the internet",
      redirect_uris: [callback],
      grant_types: ["authorization_code"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
      application_type: "native",
      scope
    }
    const { client_id } = await decode(Registered, await browser.visit(registration_endpoint ?? "", json(registration)))
    return getTokens(provider, browser, { clientId: client_id, resource, scope })
  })
