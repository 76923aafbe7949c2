/**
 * How a user gets to the authorization page, and how the answer gets back to the client: a browser with a server on
 * loopback (`NodeUserAgent` of `@effect-mcp-auth/platform-node`), a page that a web backend redirects to, a terminal, or a
 * test.
 *
 * **Example** (A user agent for tests)
 *
 * ```ts import.meta.vitest
 * import * as UserAgent from "@effect-mcp-auth/core/UserAgent"
 * import * as Effect from "effect/Effect"
 *
 * const consents = UserAgent.layerHeadless({
 *   redirectUri: "http://127.0.0.1:33418/callback",
 *   authorize: (url) => Effect.succeed(new URLSearchParams({ code: "c", state: url.searchParams.get("state") ?? "" }))
 * })
 *
 * const program = Effect.scoped(Effect.gen(function*() {
 *   const session = yield* (yield* UserAgent.UserAgent).open()
 *   const answer = yield* session.authorize(new URL("https://as.example.com/authorize?state=s"))
 *   return answer.get("state")
 * }))
 *
 * await Effect.runPromise(Effect.provide(program, consents)) // => "s"
 * ```
 *
 * @since 0.2.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Terminal from "effect/Terminal"
import { printable } from "../metadata/internal/printable.ts"

const reasons = {
  "no-browser": "no browser could be opened; open the page by hand, or use another user agent",
  "no-answer": "the user did not come back from the authorization page in time; log in again",
  "cancelled": "the user cancelled the login; log in again",
  "port-taken": "the port for the answer is in use; free it, or choose another one",
  "unreadable-answer": "the answer is no URL with parameters; log in again, and copy the whole URL",
  "failed": "it failed"
} as const

/**
 * The user agent brought no answer.
 *
 * @category errors
 * @since 0.2.0
 */
export class UserAgentFailed extends Schema.TaggedError<UserAgentFailed>()("UserAgentFailed", {
  reason: Schema.Literals(["no-browser", "no-answer", "cancelled", "port-taken", "unreadable-answer", "failed"]),
  /** What failed. Never the URL of the authorization page, which contains `state`, nor a part of the answer. */
  detail: Schema.optionalKey(Schema.String)
}) {
  /** A user can log in again. A program alone would only open the page again. */
  readonly retryable: boolean = false

  override get message(): string {
    const detail = this.detail === undefined ? "" : ` (${printable(this.detail)})`
    return `The user agent did not complete the login: ${reasons[this.reason]}${detail}`
  }
}

/**
 * One login that is about to begin.
 *
 * @category models
 * @since 0.2.0
 */
export interface Session {
  /** Where the answer arrives. It is known before the client registers, because authorization servers compare it exactly. */
  readonly redirectUri: string
  /**
   * Shows the authorization page, and waits for the parameters of the answer. The URL is checked before: https, or http of
   * a loopback host if that is allowed. No parameter may be dropped, changed or merged, because duplicates are an attack.
   */
  readonly authorize: (url: URL) => Effect.Effect<URLSearchParams, UserAgentFailed>
}

/**
 * The operations of a user agent.
 *
 * @category models
 * @since 0.2.0
 */
export interface Shape {
  /**
   * Begins a login, and ends it with the scope. `preferredRedirectUri` is that of an earlier registration: a user agent
   * that can receive the answer there again does so, which saves another registration.
   */
  readonly open: (preferredRedirectUri?: string) => Effect.Effect<Session, UserAgentFailed, Scope.Scope>
}

/**
 * The user agent of logins.
 *
 * @category services
 * @since 0.2.0
 */
export class UserAgent extends Context.Service<UserAgent, Shape>()("@effect-mcp-auth/core/client/UserAgent") {}

/**
 * Options for a user agent that is an effect.
 *
 * @category models
 * @since 0.2.0
 */
export interface HeadlessOptions<R> {
  /** Where the answer arrives. */
  readonly redirectUri: string
  /** Takes a login from the URL of the authorization page to the parameters of the answer. */
  readonly authorize: (url: URL) => Effect.Effect<URLSearchParams, UserAgentFailed, R>
}

/**
 * A user agent that is an effect: for tests, and for programs that show the page in their own way. A web backend sends its
 * user to the URL, and completes the effect in the route of `redirectUri`.
 *
 * @category layers
 * @since 0.2.0
 */
export const layerHeadless = <R = never>(options: HeadlessOptions<R>): Layer.Layer<UserAgent, never, R> =>
  Layer.effect(
    UserAgent,
    Effect.map(Effect.context<R>(), (context) => ({
      open: () =>
        Effect.succeed({
          redirectUri: options.redirectUri,
          authorize: (url: URL) => Effect.provideContext(options.authorize(url), context)
        })
    }))
  )

/**
 * Options for a user agent in a terminal.
 *
 * @category models
 * @since 0.2.0
 */
export interface PasteOptions {
  /**
   * Where the authorization server sends the browser. Nothing has to listen there: the user copies the URL from the address
   * bar of the browser. Default: `http://127.0.0.1:33418/callback`.
   */
  readonly redirectUri?: string | undefined
}

/** The parameters of a URL, or of a query alone. */
const answerOf = (line: string): Effect.Effect<URLSearchParams, UserAgentFailed> => {
  const text = line.trim()
  const query = URL.canParse(text) ? new URL(text).search : text
  const answer = new URLSearchParams(query)
  return answer.has("state")
    ? Effect.succeed(answer)
    : Effect.fail(new UserAgentFailed({ reason: "unreadable-answer" }))
}

const instructions = (url: URL) =>
  `Open this page in a browser and log in:\n\n  ${url.href}\n\n` +
  "Then copy the URL of the page that the browser ends at (it may be an error page), and paste it here:\n"

/**
 * A user agent without a browser on this machine: it prints the URL of the authorization page, and the user pastes the URL
 * of the answer. The page can be open on any machine.
 *
 * @category layers
 * @since 0.2.0
 */
export const layerPaste = (options?: PasteOptions): Layer.Layer<UserAgent, never, Terminal.Terminal> =>
  Layer.effect(
    UserAgent,
    Effect.map(Terminal.Terminal, (terminal) => ({
      open: () =>
        Effect.succeed({
          redirectUri: options?.redirectUri ?? "http://127.0.0.1:33418/callback",
          authorize: (url: URL) =>
            terminal.display(instructions(url)).pipe(
              Effect.andThen(terminal.readLine),
              Effect.mapError((error) =>
                new UserAgentFailed({ reason: error._tag === "QuitError" ? "cancelled" : "failed" })
              ),
              Effect.flatMap(answerOf)
            )
        })
    }))
  )
