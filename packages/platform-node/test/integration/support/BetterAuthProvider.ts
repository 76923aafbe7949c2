/**
 * A second authorization server, independent of the first: `better-auth` with its OAuth provider, in memory and on its
 * own loopback port. Its only user is ada, who signs up, logs in and consents through its HTTP API.
 */
import { oauthProvider } from "@better-auth/oauth-provider"
import { listen } from "@effect-mcp-auth/examples/loopback"
import { betterAuth, type BetterAuthPlugin } from "better-auth"
import { memoryAdapter } from "better-auth/adapters/memory"
import { getAuthTables } from "better-auth/db"
import { toNodeHandler } from "better-auth/node"
import { jwt } from "better-auth/plugins"
import { Effect } from "effect"
import { randomBytes, randomUUID } from "node:crypto"
import type { IncomingMessage, ServerResponse } from "node:http"

/** Options for the provider. */
export interface Options {
  /** The resources for which it issues tokens; it refuses all others. */
  readonly resources: ReadonlyArray<string>
  /** The origin of the issuer, if a reverse proxy in front of the provider has another one. Default: its own. */
  readonly publicOrigin?: string | undefined
  /** Further claims of access tokens. */
  readonly tokenClaims?: Readonly<Record<string, string | ReadonlyArray<string>>> | undefined
}

const scopes = ["openid", "offline_access", "notes:read", "notes:write"]
const ada = { email: "ada@example.com", password: randomBytes(16).toString("hex"), name: "Ada" }

const build = (origin: string, { resources, tokenClaims = {} }: Options) => {
  const plugins: Array<BetterAuthPlugin> = [
    // The private key is stored in plain text, so that a test can sign what the provider never would.
    jwt({ jwks: { disablePrivateKeyEncryption: true } }),
    oauthProvider({
      loginPage: `${origin}/login`,
      consentPage: `${origin}/consent`,
      scopes,
      // Without these two an MCP client cannot register, because it has no user session.
      allowDynamicClientRegistration: true,
      allowUnauthenticatedClientRegistration: true,
      // Without these two there is no token for a resource, and so no JWT.
      resources: [...resources],
      clientRegistrationDefaultResources: resources,
      accessTokenExpiresIn: 300,
      customAccessTokenClaims: () => tokenClaims,
      silenceWarnings: { oauthAuthServerConfig: true, openidConfig: true }
      // Its types do not support exact optional properties.
    }) as BetterAuthPlugin
  ]
  const tables = Object.values(getAuthTables({ plugins })).map(({ modelName }) => [modelName, []])
  const store: Record<string, Array<Record<string, unknown>>> = Object.fromEntries(tables)
  const auth = betterAuth({
    baseURL: origin,
    secret: randomBytes(32).toString("base64"),
    database: memoryAdapter(store),
    plugins,
    emailAndPassword: { enabled: true },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    // The subject of its tokens equals that of the other provider, so that only the issuer distinguishes their users.
    advanced: { database: { generateId: ({ model }) => model === "user" ? "ada" : randomUUID() } }
  })
  return { auth, store }
}

type Auth = ReturnType<typeof build>["auth"]

const post = (auth: Auth, origin: string, path: string, body: object, cookie = "") =>
  auth.handler(
    new Request(`${origin}/api/auth${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", origin, cookie },
      body: JSON.stringify(body)
    })
  )

/** The pages of the provider, with a scripted user who fills them in at once. */
const page = async (auth: Auth, origin: string, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const { pathname, search } = new URL(request.url ?? "/", origin)
  const query = { oauth_query: search.slice(1) }
  const answer = pathname === "/login"
    ? await post(auth, origin, "/sign-in/email", { ...ada, ...query })
    : await post(auth, origin, "/oauth2/consent", { accept: true, ...query }, request.headers.cookie)
  const { url } = await answer.json() as { readonly url?: string }
  response.writeHead(url === undefined ? 500 : 302, {
    "set-cookie": answer.headers.getSetCookie(),
    ...(url === undefined ? {} : { location: url })
  })
  response.end()
}

/** Starts the provider. It ends with the scope. */
export const start = Effect.fnUntraced(function*(options: Options) {
  const listening = yield* listen()
  const { server } = listening
  const origin = options.publicOrigin ?? listening.origin
  const { auth, store } = build(origin, options)
  const handle = toNodeHandler(auth)
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    // The scripted user follows links, as a browser does. Node's fetch marks them as requests of a page's script, and
    // the provider answers those with JSON instead of a redirect.
    if (request.method === "GET") request.headers["sec-fetch-mode"] = "navigate"
    const isPage = /^\/(?:login|consent)\?/.test(request.url ?? "")
    void (isPage ? page(auth, origin, request, response) : handle(request, response))
  })
  yield* Effect.promise(() => post(auth, origin, "/sign-up/email", ada))
  return { issuer: `${origin}/api/auth`, origin: listening.origin, store }
})
