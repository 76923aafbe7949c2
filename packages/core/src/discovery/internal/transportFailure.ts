import * as Arr from "effect/Array"
import type { HttpClientError } from "effect/http/HttpClientError"
import * as Predicate from "effect/Predicate"
import { RefusedAddress, Transport } from "../MetadataFetchError.ts"

/** An error and what it says caused it, outermost first. Bounded, because a cause may lead back to itself. */
const chain = (error: unknown): ReadonlyArray<unknown> => {
  const links: Array<unknown> = []
  let pending: ReadonlyArray<unknown> = [error]
  while (pending.length > 0 && links.length < 16) {
    const [link, ...others] = pending
    if (link === undefined || link === null) {
      pending = others
      continue
    }
    links.push(link)
    // Node joins the failures of several addresses in an `AggregateError`.
    const joined = Predicate.hasProperty(link, "errors") && Array.isArray(link.errors) ? link.errors : []
    const cause = Predicate.hasProperty(link, "cause") ? [link.cause] : []
    const reason = Predicate.hasProperty(link, "reason") ? [link.reason] : []
    pending = [...reason, ...cause, ...joined, ...others]
  }
  return links
}

const codeOf = (link: unknown): string | undefined =>
  Predicate.hasProperty(link, "code") && typeof link.code === "string" ? link.code : undefined

const messageOf = (link: unknown): string | undefined =>
  Predicate.hasProperty(link, "message") && typeof link.message === "string" && link.message !== ""
    ? link.message
    : undefined

/**
 * What a failed transport says. The innermost error knows most, and its code, if it has one, is the shortest way to say
 * it. Messages of the wrappers are passed over: they repeat the URL, and the query with it.
 */
export const transportFailure = (error: HttpClientError): Transport | RefusedAddress => {
  const links = chain(error)
  const refused = links.find((link): link is RefusedAddress => link instanceof RefusedAddress)
  if (refused !== undefined) return refused
  const innermost = Arr.reverse(links)
  const wrapped = innermost.filter((link) => link !== error && link !== error.reason)
  const detail = innermost.map(codeOf).find((code) => code !== undefined) ??
    wrapped.map(messageOf).find((message) => message !== undefined) ??
    error.reason._tag
  return new Transport({ detail: detail.slice(0, 200) })
}
