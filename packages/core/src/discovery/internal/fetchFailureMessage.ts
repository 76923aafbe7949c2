import { printable, quoted } from "../../metadata/internal/printable.ts"
import { advice } from "../../metadata/internal/violation.ts"
import type * as Fetch from "../MetadataFetchError.ts"
import { isTransientStatus } from "./status.ts"

const found: { readonly [Found in Fetch.NotMetadata["found"]]: string } = {
  "empty": "the body is empty",
  "html": "an HTML page came back",
  "malformed-json": "the body is not JSON",
  "not-an-object": "the JSON is not an object",
  "no-issuer": "the JSON object has no string member \"issuer\"",
  "no-keys": "the key set has no key that can be used"
}

const redirect: { readonly [Why in Fetch.Redirect["why"]]: (reason: Fetch.Redirect) => string } = {
  "foreign-origin": (reason) =>
    `redirects to another origin, ${quoted(reason.origin ?? "")}, which is never followed; if that origin is the ` +
    "issuer, configure it instead",
  "too-many": () => "redirects too often",
  "unusable-location": () => "redirects without a usable Location"
}

type Method = "GET" | "POST"

const status = (reason: Fetch.Status, method: Method): string => {
  const wait = reason.retryAfter === undefined ? "" : `, which asks to wait ${Math.ceil(reason.retryAfter / 1000)} s`
  if (isTransientStatus(reason.status)) {
    return `HTTP ${reason.status}, the server cannot answer now${wait}`
  }
  return method === "POST"
    ? `HTTP ${reason.status}, the server refuses to answer; check the credentials that it knows this program by`
    : `HTTP ${reason.status}, there is no metadata at this URL`
}

const messages: {
  readonly [Tag in Fetch.Reason["_tag"]]: (
    reason: Extract<Fetch.Reason, { readonly _tag: Tag }>,
    method: Method
  ) => string
} = {
  Transport: ({ detail }) =>
    `no response (${printable(detail)}); check the host name and that it can be reached from here`,
  Timeout: ({ milliseconds, of }) =>
    of === "attempt"
      ? `no complete answer within ${milliseconds} ms`
      : `given up, the whole search may take ${milliseconds} ms`,
  Status: status,
  BodyTooLarge: ({ limit }) => `the body is longer than ${limit} bytes`,
  NotMetadata: (reason) => `HTTP 200, but ${found[reason.found]}`,
  Redirect: (reason) => `HTTP ${reason.status} ${redirect[reason.why](reason)}`,
  RefusedAddress: ({ address, host, range }) =>
    `${quoted(host)} leads to the ${printable(range)} address ${
      printable(address)
    }, which must not be connected to; allow it ` +
    "explicitly if the provider really runs there",
  RefusedUrl: ({ why }) => `the URL is refused: ${advice[why]}`
}

/** What a reason means and what to do next. */
export const fetchFailureMessage = (reason: Fetch.Reason, method: Method): string =>
  // The table is total over the tags, but TypeScript cannot correlate an indexed function with its argument.
  (messages[reason._tag] as (reason: Fetch.Reason, method: Method) => string)(reason, method)
