/**
 * The user agent of a program on the user's own machine: a browser, and a server on loopback that receives the answer
 * (RFC 8252, sections 7.3 and 8.3).
 *
 * The server listens on `127.0.0.1` only, while a login runs, and accepts one answer. The answer must be a GET request with
 * the exact `Host` header, the path, and the `state` of the login: other web pages, other names for the address (DNS
 * rebinding) and repetitions are rejected. A page is opened only if its URL is https, or http on a loopback host. It is an
 * argument of the program that opens it, so no shell interprets it.
 *
 * **Details**
 *
 * `layer` opens the default browser. `layerPrint` prints the URL, for a browser that the user chooses, or for a machine
 * without one whose port is forwarded (`ssh -L 8765:127.0.0.1:8765`, with the option `port`). If no port can be forwarded,
 * use `UserAgent.layerPaste` of core: the user pastes the URL of the answer. For tests and for programs with their own
 * page, use `UserAgent.layerHeadless`.
 *
 * **Example** (A login without a browser)
 *
 * ```ts import.meta.vitest
 * import * as UserAgent from "@effect-mcp-auth/core/UserAgent"
 * import * as NodeUserAgent from "@effect-mcp-auth/platform-node/NodeUserAgent"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.scoped(Effect.gen(function*() {
 *   const session = yield* (yield* UserAgent.UserAgent).open()
 *   return session.redirectUri
 * }))
 *
 * const redirectUri = await Effect.runPromise(Effect.provide(program, NodeUserAgent.layerPrint()))
 * redirectUri.startsWith("http://127.0.0.1:") // => true
 * ```
 *
 * @since 0.2.0
 */
import * as Issuer from "@effect-mcp-auth/core/Issuer"
import { type Session, UserAgent, UserAgentFailed } from "@effect-mcp-auth/core/UserAgent"
import * as Console from "effect/Console"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { spawn } from "node:child_process"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

/**
 * Options for a user agent with a server on loopback.
 *
 * @category models
 * @since 0.2.0
 */
export interface Options {
  /**
   * The port of the redirect URI. Fix it for an authorization server that compares the redirect URI with the port, although
   * RFC 8252, section 7.3 forbids that. Default: the port of the earlier registration if it is free, otherwise any free port.
   */
  readonly port?: number | undefined
  /** The path of the redirect URI. Default: `/callback`. */
  readonly path?: string | undefined
  /** How long the user may take. Default: 5 minutes. */
  readonly timeout?: Duration.Input | undefined
}

/**
 * Options for a user agent that opens a browser.
 *
 * @category models
 * @since 0.2.0
 */
export interface BrowserOptions extends Options {
  /**
   * Shows a page to the user. It fails if it knows that it cannot, and may return before or after the user is done.
   * Default: `openBrowser`.
   */
  readonly openPage?: ((url: URL) => Effect.Effect<void, UserAgentFailed>) | undefined
}

/** The program that opens a page in the default browser, and its arguments. */
const opener = (url: URL): readonly [program: string, args: ReadonlyArray<string>] => {
  switch (process.platform) {
    case "darwin":
      return ["open", [url.href]]
    case "win32":
      return ["rundll32", ["url.dll,FileProtocolHandler", url.href]]
    default:
      return ["xdg-open", [url.href]]
  }
}

/** Whether a page may be opened: no other scheme can start a program or read a file of this machine. */
const isPage = ({ host, protocol }: URL): boolean =>
  // Not `origin`: that of `blob:https://…` is https.
  Result.isSuccess(Issuer.makeResult(`${protocol}//${host}`, { allowInsecureLoopback: true }))

/**
 * Opens a page in the default browser: with `xdg-open`, `open` or `rundll32`, without a shell. It returns when that program
 * ends, and fails if it cannot start or reports a failure. The browser outlives this program.
 *
 * @category opening
 * @since 0.2.0
 */
export const openBrowser = (url: URL): Effect.Effect<void, UserAgentFailed> =>
  isPage(url) ? start(url) : Effect.fail(new UserAgentFailed({ reason: "failed", detail: notAPage }))

const notAPage = "the URL of the authorization page is neither https nor http on a loopback host"

const start = (url: URL) =>
  Effect.callback<void, UserAgentFailed>((resume) => {
    const [program, args] = opener(url)
    const fail = (detail: string) =>
      resume(Effect.fail(new UserAgentFailed({ reason: "no-browser", detail: `${program}: ${detail}` })))
    const codeOf = (error: unknown) => error instanceof Error && "code" in error ? String(error.code) : "failed"
    // Throws for a URL that is too long for an argument. The message of the error contains the URL.
    const started = Result.try({
      try: () => spawn(program, args, { detached: true, shell: false, stdio: "ignore" }),
      catch: codeOf
    })
    if (Result.isFailure(started)) return fail(started.failure)
    const child = started.success
    child.once("error", (error) => fail(codeOf(error)))
    child.once("exit", (code) => code === 0 ? resume(Effect.void) : fail(`exit code ${code}`))
    child.unref()
  })

/**
 * Prints the URL of a page to standard error.
 *
 * @category opening
 * @since 0.2.0
 */
export const printUrl = (url: URL): Effect.Effect<void> =>
  Console.error(`Open this page in a browser and log in:\n\n  ${url.href}\n`)

/** What the user sees in the end. Nothing of the answer is on the page. */
const page = (text: string): string =>
  "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">" +
  `<meta name="color-scheme" content="light dark"><title>${text}</title><p>${text}. You can close this page.</p></html>`

const headers = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
  "connection": "close"
}

type Waiting = Map<string, Deferred.Deferred<URLSearchParams>>

const respond = (response: ServerResponse, status: number, text: string) => {
  response.writeHead(status, headers)
  response.end(page(text))
}

/** Takes the answer of a login that waits, once. */
const receive = (waiting: Waiting, redirectUri: URL) => (request: IncomingMessage, response: ServerResponse): void => {
  const target = request.url ?? ""
  const url = URL.canParse(target, redirectUri) ? new URL(target, redirectUri) : undefined
  const isExpected = request.method === "GET" && request.headers.host === redirectUri.host &&
    url?.origin === redirectUri.origin && url.pathname === redirectUri.pathname
  if (url === undefined || !isExpected) return respond(response, 404, "Not found")
  const answer = url.searchParams
  const state = answer.get("state") ?? ""
  const login = waiting.get(state)
  if (login === undefined) return respond(response, 400, "No login waits for this answer")
  waiting.delete(state)
  // The program may end at once, so the user must have the page first.
  response.once("close", () => Deferred.doneUnsafe(login, Effect.succeed(answer)))
  respond(response, 200, answer.has("error") ? "Access was not granted" : "The login is complete")
}

const listen = (port: number): Effect.Effect<Server, UserAgentFailed, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.callback<Server, UserAgentFailed>((resume) => {
      // Not a server of Effect: its spans would contain the code of the answer.
      const server = createServer()
      server.once("error", ({ code = "failed" }: NodeJS.ErrnoException) =>
        resume(Effect.fail(
          code === "EADDRINUSE"
            ? new UserAgentFailed({ reason: "port-taken", detail: `port ${port}` })
            : new UserAgentFailed({ reason: "failed", detail: `the server on port ${port}: ${code}` })
        )))
      server.listen(port, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.sync(() => {
        server.close()
        server.closeAllConnections()
      })
  )

/** The port of an earlier redirect URI, if a server of this module could have it again. */
const portOf = (redirectUri: string | undefined, path: string): number | undefined => {
  if (redirectUri === undefined || !URL.canParse(redirectUri)) return undefined
  const { port } = new URL(redirectUri)
  return redirectUri === `http://127.0.0.1:${port}${path}` ? Number(port) : undefined
}

const openSession = Effect.fnUntraced(function*(
  { openPage = openBrowser, path = "/callback", port, timeout = "5 minutes" }: BrowserOptions,
  preferredRedirectUri: string | undefined
): Effect.fn.Return<Session, UserAgentFailed, Scope.Scope> {
  const preferred = port === undefined ? portOf(preferredRedirectUri, path) : undefined
  const server = yield* preferred === undefined
    ? listen(port ?? 0)
    : Effect.catchTag(listen(preferred), "UserAgentFailed", () => listen(0))
  // A server that listens on a port has an address of this kind.
  const redirectUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`
  const waiting: Waiting = new Map()
  server.on("request", receive(waiting, new URL(redirectUri)))
  const authorize = Effect.fnUntraced(function*(url: URL) {
    const state = url.searchParams.get("state") ?? ""
    if (state === "") {
      return yield* new UserAgentFailed({ reason: "failed", detail: "the URL of the authorization page has no state" })
    }
    if (!isPage(url)) return yield* new UserAgentFailed({ reason: "failed", detail: notAPage })
    const answer = yield* Deferred.make<URLSearchParams>()
    waiting.set(state, answer)
    return yield* Effect.raceFirst(Deferred.await(answer), Effect.andThen(openPage(url), Effect.never)).pipe(
      Effect.timeoutOrElse({
        duration: timeout,
        orElse: () => Effect.fail(new UserAgentFailed({ reason: "no-answer" }))
      }),
      Effect.ensuring(Effect.sync(() => waiting.delete(state)))
    )
  })
  return { redirectUri, authorize }
})

/**
 * Logs in with a browser of this machine.
 *
 * @category layers
 * @since 0.2.0
 */
export const layer = (options: BrowserOptions = {}): Layer.Layer<UserAgent> =>
  Layer.succeed(UserAgent, { open: (preferredRedirectUri) => openSession(options, preferredRedirectUri) })

/**
 * Prints the URL of the authorization page to standard error, and waits for the answer on this machine.
 *
 * @category layers
 * @since 0.2.0
 */
export const layerPrint = (options: Options = {}): Layer.Layer<UserAgent> => layer({ ...options, openPage: printUrl })
