import * as UserAgent from "@effect-mcp-auth/core/UserAgent"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Terminal from "effect/Terminal"
import * as NodeUserAgent from "../NodeUserAgent.ts"

/** How a user logs in. */
export const userAgentFlags = {
  port: Flag.Int("port").pipe(
    Flag.withDescription("The port of the redirect URI http://127.0.0.1:<port>/callback. Default: any free port"),
    Flag.filter((port) => port > 0 && port < 65_536, () => "--port is a number between 1 and 65535"),
    Flag.optional
  ),
  printUrl: Flag.Boolean("print-url").pipe(
    Flag.withDescription("Print the URL of the login page, and open no browser"),
    Flag.withDefault(false)
  ),
  paste: Flag.Boolean("paste").pipe(
    Flag.withDescription("Print the URL of the login page, and read the URL of the answer from the terminal"),
    Flag.withDefault(false)
  )
}

/** Opens the browser, and always prints the URL: on a machine without a browser, another one can be used. */
const openPage = (url: URL): Effect.Effect<void> =>
  Effect.andThen(
    NodeUserAgent.printUrl(url),
    Effect.catchTag(NodeUserAgent.openBrowser(url), "UserAgentFailed", ({ message }) => Console.error(`${message}\n`))
  )

/** The user agent of the flags. */
export const userAgentLayer = (
  { paste, port, printUrl }: {
    readonly port: Option.Option<number>
    readonly printUrl: boolean
    readonly paste: boolean
  }
): Layer.Layer<UserAgent.UserAgent, never, Terminal.Terminal> =>
  paste
    ? UserAgent.layerPaste(Option.match(port, {
      onNone: () => undefined,
      onSome: (port) => ({ redirectUri: `http://127.0.0.1:${port}/callback` })
    }))
    : NodeUserAgent.layer({
      port: Option.getOrUndefined(port),
      openPage: printUrl ? NodeUserAgent.printUrl : openPage
    })
