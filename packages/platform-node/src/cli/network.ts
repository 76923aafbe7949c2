import type * as HttpClient from "effect/http/HttpClient"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as NodeMcpAuth from "../NodeMcpAuth.ts"

/** The flags of `flags.network`. */
interface Network {
  readonly allow: ReadonlyArray<string>
  readonly allowInsecureLoopback: boolean
  readonly ca: ReadonlyArray<string>
  readonly cert: Option.Option<string>
  readonly key: Option.Option<string>
}

/** The HTTP client of a command. Command-line tools use the proxy of the environment. */
export const networkLayer = (
  { allow, allowInsecureLoopback, ca, cert, key }: Network
): Layer.Layer<HttpClient.HttpClient, NodeMcpAuth.InvalidOption> =>
  NodeMcpAuth.layerWith({
    proxy: "environment",
    allow: allowInsecureLoopback ? [...allow, "loopback"] : allow,
    ca: ca.length === 0 ? undefined : ca,
    cert: Option.getOrUndefined(cert),
    key: Option.getOrUndefined(Option.map(key, (text) => Redacted.make(text)))
  })
