import type * as HttpServerRequest from "effect/http/HttpServerRequest"

type Request = Pick<HttpServerRequest.HttpServerRequest, "headers" | "originalUrl" | "url">

/** The URL of a request with the host that the client asked for. Only the host and the path are used. */
const askedUrl = ({ headers, originalUrl, url }: Request): URL | undefined => {
  const host = headers["host"]
  const asked = host === undefined ? originalUrl : `https://${host}${url.startsWith("/") ? url : "/"}`
  return URL.canParse(asked) ? new URL(asked) : undefined
}

/** The host of a URL, without the default port of https. */
const hostOf = (url: URL): string => url.hostname + (url.port === "" || url.port === "443" ? "" : `:${url.port}`)

const pathOf = ({ pathname }: URL): string => pathname.replace(/\/$/, "")

/**
 * Chooses among several names of one resource the one that a request was sent to: by its host, and by its path if several
 * names have that host. A host that is not configured gets the first name, so a request never chooses another string than
 * a configured one.
 */
export const byAskedHost = <A extends { readonly resource: string }>(
  names: readonly [A, ...ReadonlyArray<A>]
): (request: Request) => A => {
  const [first, ...others] = names
  if (others.length === 0) return () => first
  const configured = names.map((name) => ({ name, url: new URL(name.resource) }))
  return (request) => {
    const asked = askedUrl(request)
    if (asked === undefined) return first
    const sameHost = configured.filter(({ url }) => hostOf(url) === hostOf(asked))
    const samePath = sameHost.find(({ url }) => pathOf(url) === pathOf(asked))
    return (samePath ?? sameHost[0])?.name ?? first
  }
}
