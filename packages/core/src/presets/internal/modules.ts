// Written by `pnpm codegen` from the modules of presets.
/** Imports the module of a preset, by the name of the preset. */
export const modules = {
  "keycloak": () => import("../Keycloak.ts")
} as const
