import * as Struct from "effect/Struct"

/**
 * What can be wrong with a string that should be an https URI: one word per cause, because each asks for another
 * remedy, and what to write instead.
 */
export const advice = {
  "empty": "it is empty; write an absolute https URL such as https://as.example.com",
  "whitespace": "it contains white space or a control character; remove it, URL parsers drop it silently",
  "backslash": "it contains a backslash, which URL parsers read as a slash; write a slash",
  "non-ascii": "it contains a character outside ASCII; write the host in its xn-- form and percent-encode the path, " +
    "as the provider publishes it",
  "template": "it contains a {placeholder}; write the value in its place, for example your tenant's id",
  "not-absolute": "it is not an absolute URL with a host; write it in full, starting with https://",
  "not-https": "it is not an https URL; write https://",
  "insecure-loopback": "http is refused, also on a loopback host, unless insecure loopback identifiers are allowed " +
    "explicitly for development",
  "empty-host": "it names no host; write one between https:// and the path",
  "user-info": "it contains user information before an @, which must not be part of it; remove it",
  "percent-encoded-host": "its host is percent-encoded; write the host plainly",
  "ambiguous-host": "its host is an IP address in a form that parsers rewrite; write the four decimal numbers or the " +
    "shortest IPv6 form",
  "invalid-host": "its host is not valid; write a DNS name, an IPv4 address or an IPv6 address in brackets",
  "invalid-port": "its port is not a number up to 65535 without leading zeros",
  "dot-segment": "its path contains a \".\" or \"..\" segment, which URL parsers resolve silently; write the path it " +
    "leads to",
  "percent-encoding": "it contains a % that is not followed by two hexadecimal digits; write %25 for a plain %",
  "forbidden-character": "it contains a character that is not allowed in a URL; percent-encode it as the provider does",
  "query": "it contains a query; remove it",
  "empty-query": "it ends in an empty query; remove the question mark",
  "fragment": "it contains a fragment; remove it",
  "empty-fragment": "it ends in an empty fragment; remove the #"
}

/** What is wrong with a string that should be an https URI. */
export type Violation = keyof typeof advice

/** Every violation, for the schemas of the errors that carry one. */
export const violations: ReadonlyArray<Violation> = Struct.keys(advice)
