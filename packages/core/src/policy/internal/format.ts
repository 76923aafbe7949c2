import { printable } from "../../metadata/internal/printable.ts"
import type { Any, Role } from "./model.ts"
import { permissionPaths, rolePaths } from "./rolePaths.ts"

const list = (parts: ReadonlyArray<string>): string => parts.join(", ")

const literal = (text: string): string => printable(JSON.stringify(text), Infinity)

const array = (parts: ReadonlyArray<string>): string => `[${list(parts)}]`

const formatRole = ({ paths, role }: Role): string => {
  if (paths === permissionPaths) return `permission(${literal(role)})`
  const at = paths === rolePaths ? "" : `, { at: ${array(paths.map((path) => array(path.map(literal))))} }`
  return `role(${literal(role)}${at})`
}

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
      return formatRole(policy)
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
