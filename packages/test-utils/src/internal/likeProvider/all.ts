import { keycloak } from "./keycloak.ts"
import type { LikeProvider } from "./model.ts"

/** All fixtures, by the names of their presets. */
export const all = {
  keycloak
} as const satisfies Readonly<Record<string, LikeProvider>>

/** The name of a fixture. */
export type Name = keyof typeof all
