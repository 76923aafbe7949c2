import type * as Config from "effect/Config"
import type * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Scope from "effect/Scope"
import type { Vocabulary } from "../../metadata/internal/environmentNames.ts"
import type { ServerWithVerifier } from "../McpAuthOptions.ts"
import type { InternalUrls } from "./environmentInternalUrls.ts"

/** The variable that names a preset. The variables of its parameters begin with this name. */
export const presetVariable = "MCP_AUTH_PRESET"

/** The server of a preset, with the method that verifies its tokens. */
export type PresetServer = ServerWithVerifier<Config.ConfigError, HttpClient.HttpClient | Scope.Scope>

/** What a preset adds to the variables of every server, and the server that they configure. */
export interface ChosenPreset extends Pick<Vocabulary, "explain" | "problems" | "required"> {
  readonly known: ReadonlyArray<string>
  /**
   * Fails if a parameter is invalid, or if the preset does not use one of the internal URLs. Run it after the names of the
   * variables were checked.
   */
  readonly server:
    | ((internalUrls: InternalUrls | undefined) => Effect.Effect<PresetServer, Config.ConfigError>)
    | undefined
}

/** Finds a preset by its name, or says why it cannot be used. */
export type ChoosePreset = (
  name: string,
  provider: ConfigProvider.ConfigProvider
) => Effect.Effect<ChosenPreset | string>

/**
 * How `MCP_AUTH_PRESET` is read. `Presets.layer` provides it, so that a program without that layer contains neither presets
 * nor the code that reads their parameters.
 */
export const PresetRegistry: Context.Reference<ChoosePreset | undefined> = Context.Reference<ChoosePreset | undefined>(
  "@effect-mcp-auth/core/server/internal/presetRegistry/PresetRegistry",
  { defaultValue: () => undefined }
)
