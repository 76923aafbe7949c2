import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { AuthorizationServer } from "../../discovery/AuthorizationServer.ts"
import type { ServerWithVerifier } from "../McpAuthOptions.ts"

/** A parameter of a preset, as far as the environment needs it. */
export interface PresetParameter {
  readonly description: string
  readonly example: string
  readonly expected: string
  readonly isOptional: boolean
  readonly accepts: (value: unknown) => boolean
  readonly fromText: (text: string) => unknown
}

/** The server of a preset, with the method that verifies its tokens. */
export interface PresetServer<out E> extends ServerWithVerifier<E, HttpClient.HttpClient | Scope.Scope> {
  readonly authorizationServer: Effect.Effect<AuthorizationServer<unknown>, E, HttpClient.HttpClient | Scope.Scope>
}

/** What prevents the use of a preset. */
interface Problem {
  readonly message: string
}

/** A preset that can be configured at run time. */
export interface RegisteredPreset {
  readonly parameters: Readonly<Record<string, PresetParameter>>
  /** Creates the server, or says why the provider cannot be used. */
  readonly make: (
    values: Readonly<Record<string, unknown>>
  ) => Result.Result<PresetServer<Problem>, Problem>
}

/**
 * The presets that `MCP_AUTH_PRESET` can name. `Presets.layer` provides them, so that a program without that layer
 * contains no preset.
 */
export const PresetRegistry: Context.Reference<ReadonlyMap<string, Effect.Effect<RegisteredPreset>> | undefined> =
  Context.Reference<ReadonlyMap<string, Effect.Effect<RegisteredPreset>> | undefined>(
    "@effect-mcp-auth/core/server/internal/presetRegistry/PresetRegistry",
    { defaultValue: () => undefined }
  )
