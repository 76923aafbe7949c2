/**
 * A forward proxy, for networks in which programs reach the internet only through one.
 *
 * Requests to https origins go through a tunnel (CONNECT: RFC 9110, section 9.3.6), so TLS is still between this program
 * and the provider. Requests to http origins, which are allowed only inside the own network, and to loopback hosts never go
 * to a proxy.
 *
 * The proxy resolves the names of hosts, so this program cannot check their addresses. Therefore it checks the address of
 * the proxy, and the name of each host: IP addresses that the address policy refuses, and names of local networks, are
 * refused. A proxy must itself refuse names that resolve to addresses of the internal network.
 *
 * **Example** (A proxy with credentials)
 *
 * ```ts import.meta.vitest
 * import * as NodeMcpAuth from "@effect-mcp-auth/platform-node/NodeMcpAuth"
 * import * as Layer from "effect/Layer"
 * import * as Redacted from "effect/Redacted"
 *
 * const layer = NodeMcpAuth.layerWith({
 *   proxy: {
 *     url: "http://proxy.internal:3128",
 *     credentials: { username: "notes", password: Redacted.make("secret") }
 *   }
 * })
 *
 * Layer.isLayer(layer) // => true
 * ```
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import * as AddressPolicy from "./AddressPolicy.ts"
import { makeNoProxy, type NoProxy } from "./internal/noProxy.ts"

/**
 * Options for a forward proxy.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The URL of the proxy: scheme (`http` or `https`), host and port, without credentials. */
  readonly url: string
  /** The credentials for the proxy, sent to it only (Basic authentication: RFC 7617). Default: none. */
  readonly credentials?: Credentials | undefined
  /**
   * Addresses of the proxy that are allowed in addition to globally reachable ones, as in the option `allow` of
   * `NodeMcpAuth`. Default: `loopback`, `private`, `shared` and `unique-local`.
   */
  readonly allow?: ReadonlyArray<AddressPolicy.Range | (string & {})> | undefined
  /**
   * Hosts that the proxy may resolve although their names are those of a local network: names without a dot, and names
   * below `internal`, `local` and similar domains. Default: none.
   */
  readonly allowHosts?: ReadonlyArray<string> | undefined
  /**
   * Hosts that are reached without the proxy, in the forms of `NO_PROXY`: a name, which includes the names below it, an
   * IP address, a network in CIDR form, each with an optional port, or `*` for all. Default: none.
   */
  readonly noProxy?: ReadonlyArray<string> | undefined
}

/**
 * Credentials for a proxy.
 *
 * @category models
 * @since 0.1.0
 */
export interface Credentials {
  /** The user name, without a colon. */
  readonly username: string
  readonly password: Redacted.Redacted
}

/**
 * A forward proxy whose options are valid.
 *
 * @category models
 * @since 0.1.0
 */
export interface ForwardProxy {
  /** Scheme, host and port. */
  readonly origin: string
  /** The value of the header `Proxy-Authorization`. */
  readonly authorization: Redacted.Redacted | undefined
  /** The addresses that the proxy may have. */
  readonly policy: AddressPolicy.AddressPolicy
  /** The names of local networks that the proxy may resolve, in lower case. */
  readonly allowHosts: ReadonlySet<string>
  /** The hosts that are reached without the proxy. */
  readonly noProxy: NoProxy
}

const corrections = {
  "not-a-url": "it is not a URL; write scheme, host and port, such as http://proxy.internal:3128",
  "unsupported-scheme": "its scheme is not supported; write http:// or https:// (SOCKS proxies are not supported)",
  "not-an-origin": "it has a path, a query or a fragment; write only scheme, host and port",
  "credentials-in-url": "it contains credentials, which would be visible in logs; set them in proxy.credentials",
  "invalid-credentials":
    "its credentials cannot be sent; percent-encode them in a variable, and use a user name without " +
    "a colon"
} as const

/**
 * The proxy is not valid. The message does not contain its URL, because that can contain a password.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidProxy extends Schema.TaggedError<InvalidProxy>()("InvalidProxy", {
  /** The option or the environment variable. */
  source: Schema.String,
  reason: Schema.Literals(Struct.keys(corrections))
}) {
  override get message(): string {
    return `The proxy in ${this.source} cannot be used: ${corrections[this.reason]}`
  }
}

const defaultAllow: ReadonlyArray<AddressPolicy.Range> = ["loopback", "private", "shared", "unique-local"]

const parse = (text: string, source: string): Result.Result<URL, InvalidProxy> => {
  const fail = (reason: InvalidProxy["reason"]) => Result.fail(new InvalidProxy({ source, reason }))
  if (!URL.canParse(text)) return fail("not-a-url")
  const url = new URL(text)
  if (url.protocol !== "http:" && url.protocol !== "https:") return fail("unsupported-scheme")
  return url.pathname === "/" && url.search === "" && url.hash === "" ? Result.succeed(url) : fail("not-an-origin")
}

// A header value is a byte string. A control character would end it early.
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const control = /[\u0000-\u001f\u007f]/

const authorizationOf = (
  { password, username }: Credentials,
  source: string
): Result.Result<Redacted.Redacted, InvalidProxy> => {
  const text = `${username}:${Redacted.value(password)}`
  return username.includes(":") || control.test(text)
    ? Result.fail(new InvalidProxy({ source, reason: "invalid-credentials" }))
    : Result.succeed(Redacted.make(`Basic ${Buffer.from(text).toString("base64")}`, { label: "proxy credentials" }))
}

const fromUrl = Effect.fnUntraced(function*(url: URL, options: Omit<Options, "url">, source: string) {
  const { allow = defaultAllow, allowHosts = [], credentials, noProxy = [] } = options
  return {
    origin: url.origin,
    authorization: credentials === undefined
      ? undefined
      : yield* Effect.fromResult(authorizationOf(credentials, source)),
    policy: yield* AddressPolicy.allow(...allow),
    allowHosts: new Set(allowHosts.map((host) => host.toLowerCase())),
    noProxy: makeNoProxy(noProxy)
  } satisfies ForwardProxy
})

/**
 * Creates a proxy from its options, or from its URL.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  proxy: string | Options
): Effect.fn.Return<ForwardProxy, InvalidProxy | AddressPolicy.InvalidAddressPolicy> {
  const source = "the option proxy"
  const options = typeof proxy === "string" ? { url: proxy } : proxy
  const url = yield* Effect.fromResult(parse(options.url, source))
  if (url.username !== "" || url.password !== "") {
    return yield* new InvalidProxy({ source, reason: "credentials-in-url" })
  }
  return yield* fromUrl(url, options, source)
})

/** The first of the variables that is set and not empty, with its name. */
const firstOf = Effect.fnUntraced(function*(...names: ReadonlyArray<string>) {
  for (const name of names) {
    // A variable with a value of another kind is not one of the environment.
    const value = yield* Effect.orElseSucceed(Config.option(Config.Redacted(name)), Option.none)
    if (Option.isSome(value) && Redacted.value(value.value) !== "") return { name, value: Redacted.value(value.value) }
  }
  return undefined
})

const decoded = (url: URL, source: string): Result.Result<Credentials | undefined, InvalidProxy> =>
  url.username === "" && url.password === "" ? Result.succeed(undefined) : Result.try({
    try: () => ({
      username: decodeURIComponent(url.username),
      password: Redacted.make(decodeURIComponent(url.password))
    }),
    catch: () => new InvalidProxy({ source, reason: "invalid-credentials" })
  })

/**
 * Reads the proxy from the environment, as command-line tools do: `https_proxy` or `HTTPS_PROXY`, and `no_proxy` or
 * `NO_PROXY`. Lower case wins. `undefined`: no proxy is set. The URL can contain credentials, and its scheme can be
 * omitted.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromEnvironment: Effect.Effect<
  ForwardProxy | undefined,
  InvalidProxy | AddressPolicy.InvalidAddressPolicy
> = Effect.gen(function*() {
  const variable = yield* firstOf("https_proxy", "HTTPS_PROXY")
  if (variable === undefined) return undefined
  const source = `the variable ${variable.name}`
  const url = yield* Effect.fromResult(
    parse(variable.value.includes("://") ? variable.value : `http://${variable.value}`, source)
  )
  const credentials = yield* Effect.fromResult(decoded(url, source))
  const noProxy = (yield* firstOf("no_proxy", "NO_PROXY"))?.value.split(/[\s,]+/)
  return yield* fromUrl(url, { credentials, noProxy }, source)
})
