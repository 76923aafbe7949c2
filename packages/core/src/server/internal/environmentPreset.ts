import * as Config from "effect/Config"
import type * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import { type ChosenPreset, PresetRegistry, presetVariable } from "./presetRegistry.ts"

const parameterPrefix = `${presetVariable}_`

const adviceFor = (advice: string) => (name: string): string | undefined =>
  name.toUpperCase().startsWith(parameterPrefix) ? advice : undefined

const none = {
  known: [],
  required: [],
  explain: adviceFor(`set ${presetVariable} to the name of the preset that it belongs to, or remove it`),
  problems: [],
  server: undefined
}

/** A preset that cannot be used. Its parameters are not reported as misspelt. */
const unusable = (problem: string): ChosenPreset => ({
  ...none,
  explain: adviceFor(`correct ${presetVariable} first, because its preset determines the variables with this prefix`),
  problems: [`${presetVariable} cannot be used: ${problem}`]
})

/** Reads which preset the environment names. Empty names are reported with those of other variables. */
export const choosePreset = Effect.fnUntraced(function*(
  provider: ConfigProvider.ConfigProvider
): Effect.fn.Return<ChosenPreset & { readonly isChosen: boolean }, Config.ConfigError> {
  const node = yield* Effect.mapError(provider.load([presetVariable]), (error) => new Config.ConfigError(error))
  const name = node?.value
  if (name === undefined || name.trim() === "") return { ...none, isChosen: false }
  const choose = yield* PresetRegistry
  const chosen = choose === undefined
    ? "this program contains no presets; provide `Presets.layer` (`NodeMcpAuth.layer` includes it), or remove the variable"
    : yield* choose(name, provider)
  return { ...typeof chosen === "string" ? unusable(chosen) : chosen, isChosen: true }
})
