import type * as HttpServerRequest from "effect/http/HttpServerRequest"

type Request = Pick<HttpServerRequest.HttpServerRequest, "headers" | "originalUrl" | "url">

/** The host and the path that a client asked for. */
interface Place {
  readonly host: string
  readonly path: string
}

/** The default port of https and a slash at the end make no difference. */
const placeOf = (url: string): Place | undefined => {
  if (!URL.canParse(url)) return undefined
  const { hostname, pathname, port } = new URL(url)
  return { host: port === "" || port === "443" ? hostname : `${hostname}:${port}`, path: pathname.replace(/\/$/, "") }
}

/** Without a `Host` header, such as in a request of fetch, the URL has the host. */
const askedPlace = ({ headers, originalUrl, url }: Request): Place | undefined => {
  const host = headers["host"]
  return placeOf(host === undefined ? originalUrl : `https://${host}${url.startsWith("/") ? url : "/"}`)
}

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
  const places = names.map((name) => ({ name, place: placeOf(name.resource) }))
  return (request) => {
    const asked = askedPlace(request)
    const sameHost = places.filter(({ place }) => asked !== undefined && place?.host === asked.host)
    const samePath = sameHost.find(({ place }) => place?.path === asked?.path)
    return (samePath ?? sameHost[0])?.name ?? first
  }
}
