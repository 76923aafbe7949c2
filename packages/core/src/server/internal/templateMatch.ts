/** What a server reads into a URI before it looks for a template: escapes, and everything from these characters on. */
const reread = /[%?;#]/

/** Slashes that a server does not tell apart. */
const plain = (uri: string): string => uri.replaceAll(/\/+/g, "/").replace(/\/$/, "")

/** Whether literals stand in a text in this order. Each is taken where it comes first: that finds them if they are there. */
const inOrder = (text: string, literals: ReadonlyArray<string>): boolean => {
  let position = 0
  for (const literal of literals) {
    const found = text.indexOf(literal, position)
    if (found === -1) return false
    position = found + literal.length
  }
  return true
}

/**
 * Whether a template may be meant by a URI. When in doubt it is: this is asked where a policy would otherwise be forgotten.
 */
export const mayMatch = (uriTemplate: string, uri: string): boolean => {
  const [head = "", ...literals] = plain(uriTemplate).split(/\{[^}]*\}/)
  const text = plain(uri)
  return reread.test(uri) || (text.startsWith(head) && inOrder(text.slice(head.length), literals))
}
