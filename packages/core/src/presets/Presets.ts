/**
 * All presets by name, for programs that learn the name of their provider at run time, such as from `MCP_AUTH_PRESET`.
 *
 * A program that knows its provider imports the module of the preset, such as `presets/Keycloak`, and contains no other
 * preset. This module imports a preset when its name is asked for.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { quoted } from "../metadata/internal/printable.ts"
import { PresetRegistry } from "../server/internal/presetRegistry.ts"
import { modules } from "./internal/modules.ts"
import { chooseFrom } from "./internal/presetEnvironment.ts"
import type { Constructor, Definition } from "./Preset.ts"

/**
 * The name of a preset.
 *
 * @category models
 * @since 0.1.0
 */
export type Name = keyof typeof modules

/**
 * The names of all presets.
 *
 * @category constants
 * @since 0.1.0
 */
export const names: ReadonlyArray<Name> = Struct.keys(modules)

/**
 * There is no preset of this name.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnknownPreset extends Schema.TaggedError<UnknownPreset>()("UnknownPreset", {
  name: Schema.String
}) {
  override get message(): string {
    return `There is no preset ${quoted(this.name)}; the presets are ${names.join(", ")}`
  }
}

/** Each preset has parameters of its own, so their modules have one type only without the types of the presets. */
const loaders: Readonly<Record<Name, () => Promise<{ readonly preset: unknown }>>> = modules

const isName = (name: string): name is Name => Object.hasOwn(modules, name)

/**
 * Imports a preset by its name.
 *
 * **Example** (The title of a preset)
 *
 * ```ts import.meta.vitest
 * import * as Presets from "@effect-mcp-auth/core/presets/Presets"
 * import * as Effect from "effect/Effect"
 *
 * const title = Effect.map(Presets.load("keycloak"), ({ definition }) => definition.title)
 *
 * await Effect.runPromise(title) // => "Keycloak"
 * ```
 *
 * @category loading
 * @since 0.1.0
 */
export const load = (name: string): Effect.Effect<Constructor, UnknownPreset> =>
  isName(name)
    // A module that is part of this package can be imported. Every one has a preset, which checks its parameters at run time.
    ? Effect.map(Effect.promise(() => loaders[name]()), ({ preset }) => preset as Constructor)
    : Effect.fail(new UnknownPreset({ name }))

/**
 * Imports the definitions of all presets, for `Preset.detect` and for documentation.
 *
 * @category loading
 * @since 0.1.0
 */
export const loadAll: Effect.Effect<ReadonlyArray<Definition>> = Effect.forEach(
  names,
  (name) => Effect.map(Effect.orDie(load(name)), ({ definition }) => definition),
  { concurrency: "unbounded" }
)

/**
 * The presets that `MCP_AUTH_PRESET` can name. `NodeMcpAuth.layer` includes this layer. On other platforms, provide it to
 * `McpAuth.layerFromConfig`.
 *
 * **Example** (A preset from the environment)
 *
 * ```ts import.meta.vitest
 * import * as McpAuth from "@effect-mcp-auth/core/McpAuth"
 * import * as Presets from "@effect-mcp-auth/core/presets/Presets"
 * import * as Layer from "effect/Layer"
 *
 * const Auth = McpAuth.layerFromConfig().pipe(Layer.provide(Presets.layer))
 *
 * Layer.isLayer(Auth) // => true
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never> = Layer.succeed(
  PresetRegistry,
  chooseFrom(new Map(names.map((name) => [name, Effect.orDie(load(name))])))
)
