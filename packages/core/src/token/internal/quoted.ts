/** How much of a stranger's word is repeated. */
const longest = 200

/** A stranger's word, so that it can neither forge a log line nor flood it. */
export const quoted = (text: string): string =>
  JSON.stringify(text.length > longest ? `${text.slice(0, longest)}…` : text)
