import type * as CredentialStore from "@effect-mcp-auth/core/CredentialStore"
import * as Flag from "effect/cli/Flag"
import * as Config from "effect/Config"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { homedir } from "node:os"
import { join } from "node:path"
import { harmless } from "./paint.ts"

/** Where the commands of a client keep credentials. */
export const storeFlag = Flag.String("store").pipe(
  Flag.withDescription("The directory of the credentials. Default: mcp-auth/credentials in the user's configuration"),
  Flag.optional
)

/** The variable with the directory for the configuration of the user's programs. */
const configurationVariable = process.platform === "win32" ? "APPDATA" : "XDG_CONFIG_HOME"

/** The directory of the option, or that of the user. */
export const storeDirectory = (store: Option.Option<string>): Effect.Effect<string> =>
  Option.match(store, {
    onSome: Effect.succeed,
    onNone: () =>
      Config.option(Config.String(configurationVariable)).pipe(
        Effect.orElseSucceed(() => Option.none<string>()),
        // A relative path is to be ignored (XDG Base Directory Specification), and so is an empty one.
        Effect.map(Option.filter((path) => path.startsWith("/") || process.platform === "win32" && path !== "")),
        Effect.map(Option.getOrElse(() => join(homedir(), ".config"))),
        Effect.map((path) => join(path, "mcp-auth", "credentials"))
      )
  })

/** Tokens without their values. */
export interface Described {
  readonly server: string
  readonly issuer: string
  readonly resource: string
  readonly clientId: string
  readonly scopes: ReadonlyArray<string>
  readonly expiresAt?: string
  readonly hasExpired: boolean
  readonly hasRefreshToken: boolean
}

/** What a person may know about tokens at a time, in milliseconds since 1970. */
export const describeTokens = (server: string, tokens: CredentialStore.Tokens, now: number): Described => {
  const { clientId, expiresAt, granted, issuer, refreshToken, requested, resource } = tokens
  return {
    server,
    issuer,
    resource,
    clientId,
    scopes: granted ?? requested,
    ...(expiresAt === undefined ? {} : { expiresAt: DateTime.formatIso(DateTime.makeUnsafe(expiresAt)) }),
    hasExpired: expiresAt !== undefined && expiresAt <= now,
    hasRefreshToken: refreshToken !== undefined
  }
}

/** The description as lines for a terminal. */
export const printDescribed = (
  { clientId, expiresAt, hasExpired, hasRefreshToken, issuer, scopes, server }: Described
): string => {
  const end = expiresAt === undefined ? "unknown" : `${expiresAt}${hasExpired ? " (expired)" : ""}`
  const rows = [
    ["issuer", issuer],
    ["client", clientId],
    ["scopes", scopes.join(" ")],
    ["expires", end],
    ["refresh", hasRefreshToken ? "yes" : "no"]
  ]
  return [harmless(server), ...rows.map(([name = "", value = ""]) => `  ${name.padEnd(8)} ${harmless(value)}`)].join(
    "\n"
  )
}
