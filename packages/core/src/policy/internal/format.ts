import type { Any } from "./model.ts"

const list = (parts: ReadonlyArray<string>): string => parts.join(", ")

const literal = (text: string): string => JSON.stringify(text)

/** A policy as the code that makes it, but for the functions in it. */
export const format = (policy: Any): string => {
  switch (policy._tag) {
    case "Anonymous":
      return "anonymous"
    case "Authenticated":
      return "authenticated"
    case "Scopes":
      return `scopes(${list(policy.scopes.map(literal))})`
    case "Role":
      return `role(${literal(policy.role)})`
    case "Claim":
      return `claim(${literal(policy.label)})`
    case "Check":
      return `check(${literal(policy.label)})`
    case "ByOperation":
      return `byOperation(${literal(policy.label)})`
    case "AllOf":
      return `allOf(${list(policy.parts.map(format))})`
    case "AnyOf":
      return `anyOf(${list(policy.parts.map(format))})`
    case "Not":
      return `not(${format(policy.part)})`
  }
}
