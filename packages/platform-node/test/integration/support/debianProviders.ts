/**
 * OpenID providers from packages of Debian. Each start has a free loopback port and a temporary folder with its settings, its
 * database and its keys. Process and folder are removed with the scope.
 */
import { freePort } from "@effect-mcp-auth/examples/serve"
import { Effect, Schedule } from "effect"
import { FetchHttpClient, HttpClient } from "effect/http"
import { spawn } from "node:child_process"
import { generateKeyPairSync } from "node:crypto"
import { accessSync, existsSync } from "node:fs"
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import {
  type Browser,
  callback,
  getTokens,
  json,
  makeBrowser,
  type PublicProvider,
  type Tokens
} from "./publicProvider.ts"

/** A provider. Its user has logged in, and its public client `notes` can get tokens. */
interface DebianProvider {
  readonly issuer: string
  readonly tokensFor: (resource: string) => Effect.Effect<Tokens>
  /** Opens a page in a browser of its own, whose user logs in and consents, until the client is reached. */
  readonly openPage: (page: URL) => Effect.Effect<void>
}

/** What a user does on a page of the provider. */
type Act = (page: { readonly url: URL; readonly html: string }) => Promise<Response>

/** A login has fewer pages. If there are more, the same page is shown again, for example with an error. */
const maxPages = 5

/** A browser in which a user acts on every page of the provider, until it leaves the provider. */
const makeUser = (provider: PublicProvider, actOf: (browser: Browser) => Act) => {
  const browser = makeBrowser(provider)
  const act = actOf(browser)
  const arrive = async (url: URL, response: Response, pages: number): Promise<void> => {
    const location = response.headers.get("location")
    if (location !== null) return open(new URL(location, url), pages)
    if (url.origin !== provider.origin) return
    const html = await response.text()
    if (!response.ok || pages === maxPages) throw new Error(`${url.href} responded with ${response.status}: ${html}`)
    return arrive(url, await act({ url, html }), pages + 1)
  }
  const open = async (url: URL, pages = 0): Promise<void> => arrive(url, await browser.visit(url.href), pages)
  return (page: URL) => Effect.promise(() => open(page))
}

/** The files that a provider needs, and the packages that have them. */
interface Needs {
  readonly programs: ReadonlyArray<string>
  readonly files: ReadonlyArray<string>
  readonly packages: string
}

const isProgram = (name: string): boolean =>
  (process.env["PATH"] ?? "").split(delimiter).some((folder) => existsSync(join(folder, name)))

const isReadable = (file: string): boolean => {
  try {
    accessSync(file)
    return true
  } catch {
    return false
  }
}

/** The reason why a provider cannot be started on this machine, if there is one. */
export const missing = ({ files, packages, programs }: Needs): string | undefined => {
  const lacking = [...programs.filter((name) => !isProgram(name)), ...files.filter((file) => !isReadable(file))]
  return lacking.length === 0 ? undefined : `${lacking.join(", ")} is missing: apt-get install ${packages}`
}

/** The reason why tests are skipped, as a part of their name. */
export const because = (reason: string | undefined): string =>
  reason === undefined ? "" : ` (skipped, because ${reason})`

const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "provider-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
)

/** Runs a program until the scope ends. */
const run = (program: string, args: ReadonlyArray<string>, environment: Readonly<Record<string, string>> = {}) =>
  Effect.acquireRelease(
    Effect.sync(() => spawn(program, args, { stdio: "ignore", env: { ...process.env, ...environment } })),
    (child) =>
      Effect.callback<void>((resume) => {
        if (child.exitCode !== null) return resume(Effect.void)
        child.once("exit", () => resume(Effect.void))
        child.kill("SIGKILL")
      })
  )

/** Waits until a URL is served. The timeout of the test ends it otherwise. */
const served = (url: string) =>
  HttpClient.get(url).pipe(
    Effect.retry(Schedule.spaced("100 millis")),
    Effect.orDie,
    Effect.provide(FetchHttpClient.layer)
  )

const keyPair = () =>
  generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" }
  })

/** Sends a request that must succeed. */
const demand = async (response: Promise<Response>): Promise<void> => {
  const { ok, status, text, url } = await response.then(async (response) => ({
    ok: response.ok,
    status: response.status,
    url: response.url,
    text: await response.text()
  }))
  if (!ok) throw new Error(`${url} responded with ${status}: ${text}`)
}

const schema = "/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3"

const webapp = "/usr/share/glewlwyd/webapp"

/** What Glewlwyd needs. */
export const glewlwydNeeds: Needs = {
  programs: ["glewlwyd"],
  files: [schema, `${webapp}/login.html`],
  packages: "glewlwyd"
}

const glewlwydSettings = (port: number, path: string): string => {
  const modules = "/usr/lib/glewlwyd"
  const settings = {
    port,
    bind_address: "127.0.0.1",
    external_url: `http://127.0.0.1:${port}`,
    static_files_path: webapp,
    login_url: "login.html",
    api_prefix: "api",
    log_mode: "console",
    log_level: "ERROR",
    cookie_secure: 0,
    session_expiration: 3600,
    session_key: "GLEWLWYD2_SESSION_ID",
    admin_session_authentication: "cookie",
    profile_session_authentication: "cookie",
    login_api_enabled: true,
    admin_scope: "g_admin",
    profile_scope: "g_profile",
    user_module_path: `${modules}/user`,
    client_module_path: `${modules}/client`,
    user_auth_scheme_module_path: `${modules}/scheme`,
    plugin_module_path: `${modules}/plugin`,
    hash_algorithm: "SHA512",
    use_secure_connection: false,
    // It does not start without a value, even without TLS.
    secure_connection_key_file: "unused",
    secure_connection_pem_file: "unused",
    secure_connection_ca_file: "unused"
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return [...lines, `database = { type="sqlite3"; path=${JSON.stringify(join(path, "database"))}; };`, ""].join("\n")
}

const noteScopes = ["notes:read", "notes:write"]

const put = (body: object): RequestInit => ({ ...json(body), method: "PUT" })

const administrator = { username: "admin", password: "password" }

/** What the script of the login page does for a user who logs in and consents. */
const actOnGlewlwyd = ({ visit }: Browser): Act => async ({ url }) => {
  const query = (name: string): string => url.searchParams.get(name) ?? ""
  await demand(visit(`${url.origin}/api/auth/`, json(administrator)))
  await demand(visit(`${url.origin}/api/auth/grant/${query("client_id")}`, put({ scope: query("scope") })))
  return visit(`${query("callback_url")}&g_continue`)
}

/** The plugin for OpenID Connect, which issues tokens for these resources (RFC 8707). */
const glewlwydPlugin = (issuer: string, resources: ReadonlyArray<string>) => {
  const { privateKey, publicKey } = keyPair()
  return {
    module: "oidc",
    name: "oidc",
    display_name: "oidc",
    parameters: {
      "iss": issuer,
      "jwt-type": "rsa",
      "jwt-key-size": "256",
      "key": privateKey,
      "cert": publicKey,
      "access-token-duration": 300,
      "refresh-token-duration": 3600,
      "code-duration": 600,
      "allow-non-oidc": true,
      "auth-type-code-enabled": true,
      "auth-type-refresh-enabled": true,
      "pkce-allowed": true,
      "resource-allowed": true,
      "resource-scope": Object.fromEntries(noteScopes.map((name) => [name, resources])),
      "subject-type": "public",
      "jwks-show": true
    }
  }
}

/** Starts Glewlwyd, and configures it by its API as an administrator does. */
export const startGlewlwyd = Effect.fnUntraced(function*(
  resources: ReadonlyArray<string>,
  redirectUri: string = callback
) {
  const path = yield* folder
  const port = yield* freePort
  const origin = `http://127.0.0.1:${port}`
  const provider: PublicProvider = { issuer: `${origin}/api/oidc`, origin }
  yield* Effect.promise(async () => {
    const database = new DatabaseSync(join(path, "database"))
    database.exec(await readFile(schema, "utf8"))
    database.close()
    await writeFile(join(path, "glewlwyd.conf"), glewlwydSettings(port, path))
  })
  yield* run("glewlwyd", [`--config-file=${join(path, "glewlwyd.conf")}`])
  yield* served(origin)
  const { follow, visit } = makeBrowser(provider)
  const scopes = ["g_admin", "g_profile", "openid", ...noteScopes]
  yield* Effect.promise(async () => {
    // The administrator of a new installation.
    await demand(visit(`${origin}/api/auth/`, json(administrator)))
    for (const name of noteScopes) {
      const scope = { name, display_name: name, description: name, password_required: false, scheme: {} }
      // The server answers them in turn.
      // eslint-disable-next-line no-await-in-loop
      await demand(visit(`${origin}/api/scope/`, json(scope)))
    }
    await demand(visit(`${origin}/api/mod/plugin/`, json(glewlwydPlugin(provider.issuer, resources))))
    const client = {
      client_id: "notes",
      name: "notes",
      confidential: false,
      enabled: true,
      redirect_uri: [redirectUri],
      authorization_type: ["code", "refresh_token"],
      scope: []
    }
    await demand(visit(`${origin}/api/client/`, json(client)))
    await demand(
      visit(`${origin}/api/user/admin`, put({ username: "admin", name: "Ada", enabled: true, scope: scopes }))
    )
    await demand(visit(`${origin}/api/auth/grant/notes`, put({ scope: "openid notes:read" })))
  })
  // The user has logged in already, and continues without the login page.
  const continuing = { visit, follow: (url: string) => follow(url.includes("?") ? `${url}&g_continue` : url) }
  const glewlwyd: DebianProvider = {
    issuer: provider.issuer,
    openPage: makeUser(provider, actOnGlewlwyd),
    tokensFor: (resource) =>
      Effect.promise(() => getTokens(provider, continuing, { clientId: "notes", resource, scope: "openid notes:read" }))
  }
  return glewlwyd
})

const portal = "/usr/share/lemonldap-ng/portal/htdocs/index.psgi"
const defaults = "/var/lib/lemonldap-ng/conf/lmConf-1.json"

/** What LemonLDAP::NG needs. Its package names some modules as suggestions, without which it does not start. */
export const lemonldapNeeds: Needs = {
  programs: ["plackup"],
  files: [
    portal,
    defaults,
    "/usr/share/perl5/GD/SecurityImage.pm",
    "/usr/share/perl5/String/Random.pm",
    "/usr/share/perl5/IO/String.pm"
  ],
  packages: "lemonldap-ng libplack-perl libimage-magick-perl libstring-random-perl"
}

/** The settings that differ from those of a new installation. Its users are those of the demonstration. */
const lemonldapSettings = (
  { origin, path, redirectUri, resource }: {
    readonly origin: string
    readonly path: string
    readonly redirectUri: string
    readonly resource: string
  }
) => {
  const { privateKey, publicKey } = keyPair()
  const store = (name: string) => ({
    Directory: join(path, name),
    LockDirectory: join(path, "locks"),
    generateModule: "Lemonldap::NG::Common::Apache::Session::Generate::SHA256"
  })
  return {
    portal: `${origin}/`,
    domain: "127.0.0.1",
    securedCookie: 0,
    requireToken: 0,
    // These need further modules, for mail.
    registerDB: "Null",
    portalDisplayRegister: 0,
    portalDisplayResetPassword: 0,
    portalDisplayCertificateResetByMail: 0,
    authentication: "Demo",
    userDB: "Same",
    globalStorage: "Apache::Session::File",
    globalStorageOptions: store("sessions"),
    persistentStorage: "Apache::Session::File",
    persistentStorageOptions: store("persistent"),
    localSessionStorage: "Cache::FileCache",
    localSessionStorageOptions: { namespace: "sessions", cache_root: join(path, "cache"), cache_depth: 3 },
    locationRules: { "127.0.0.1": { default: "accept" } },
    issuerDBOpenIDConnectActivation: 1,
    oidcServiceMetaDataIssuer: origin,
    oidcServicePrivateKeySig: privateKey,
    oidcServicePublicKeySig: publicKey,
    oidcServiceKeyIdSig: "k1",
    oidcServiceAllowAuthorizationCodeFlow: 1,
    oidcRPMetaDataExportedVars: { notes: { email: "mail" } },
    oidcRPMetaDataScopeRules: {
      notes: Object.fromEntries(noteScopes.map((name) => [name, "$requested"]))
    },
    oidcRPMetaDataOptions: {
      notes: {
        oidcRPMetaDataOptionsClientID: "notes",
        oidcRPMetaDataOptionsPublic: 1,
        oidcRPMetaDataOptionsRedirectUris: redirectUri,
        // Only a user on its pages can consent.
        oidcRPMetaDataOptionsBypassConsent: redirectUri === callback ? 1 : 0,
        oidcRPMetaDataOptionsRefreshToken: 1,
        oidcRPMetaDataOptionsAccessTokenJWT: 1,
        oidcRPMetaDataOptionsAccessTokenExpiration: 300,
        oidcRPMetaDataOptionsAccessTokenSignAlg: "RS256",
        oidcRPMetaDataOptionsIDTokenSignAlg: "RS256",
        oidcRPMetaDataOptionsAdditionalAudiences: resource
      }
    }
  }
}

const lemonldapIni = (path: string): string =>
  [
    "[all]",
    "logLevel=error",
    "logger=Lemonldap::NG::Common::Logger::Std",
    "userLogger=Lemonldap::NG::Common::Logger::Std",
    "[configuration]",
    "type=File",
    `dirName=${join(path, "conf")}`,
    "localStorage=Cache::FileCache",
    `localStorageOptions={ 'namespace' => 'conf', 'cache_root' => '${join(path, "cache")}', 'cache_depth' => 3 }`,
    "[portal]",
    "staticPrefix=/static",
    "templateDir=/usr/share/lemonldap-ng/portal/templates",
    ""
  ].join("\n")

const demoUser = { user: "dwho", password: "dwho" }

/** Submits the form of a page: that of the login, or that of the consent. */
const actOnLemonldap = ({ visit }: Browser): Act => ({ html, url }) => {
  const hidden = [...html.matchAll(/<input type="hidden"[^>]*? name="([^"]+)"(?: value="([^"]*)")?/g)]
  const fields = new URLSearchParams(hidden.map(([, name = "", value = ""]) => [name, value]))
  if (html.includes(`name="password"`)) Object.entries(demoUser).forEach(([name, value]) => fields.set(name, value))
  return visit(url.href, { method: "POST", body: fields })
}

/** Starts the portal of LemonLDAP::NG. Its tokens name their client and one resource as their audiences. */
export const startLemonldap = Effect.fnUntraced(function*(resource: string, redirectUri: string = callback) {
  const path = yield* folder
  const port = yield* freePort
  const origin = `http://127.0.0.1:${port}`
  const provider: PublicProvider = { issuer: origin, origin }
  const ini = join(path, "lemonldap-ng.ini")
  yield* Effect.promise(async () => {
    await Promise.all(
      ["conf", "cache", "locks", "sessions", "persistent"].map((name) => mkdir(join(path, name), { recursive: true }))
    )
    const settings = {
      ...JSON.parse(await readFile(defaults, "utf8")),
      ...lemonldapSettings({ origin, path, redirectUri, resource })
    }
    await writeFile(join(path, "conf", "lmConf-1.json"), JSON.stringify(settings))
    await writeFile(ini, lemonldapIni(path))
  })
  yield* run("plackup", ["--host", "127.0.0.1", "--port", String(port), portal], { LLNG_DEFAULTCONFFILE: ini })
  yield* served(`${origin}/.well-known/openid-configuration`)
  const browser = makeBrowser(provider)
  const login = { method: "POST", body: new URLSearchParams(demoUser) }
  yield* Effect.promise(() =>
    demand(browser.visit(`${origin}/`, { ...login, headers: { accept: "application/json" } }))
  )
  const lemonldap: DebianProvider = {
    issuer: origin,
    openPage: makeUser(provider, actOnLemonldap),
    tokensFor: (resource) =>
      Effect.promise(() => getTokens(provider, browser, { clientId: "notes", resource, scope: "openid notes:read" }))
  }
  return lemonldap
})
