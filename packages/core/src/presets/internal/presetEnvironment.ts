import * as Arr from "effect/Array"
import * as Config from "effect/Config"
import type * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { closestTo, configError } from "../../metadata/internal/environmentNames.ts"
import { quoted } from "../../metadata/internal/printable.ts"
import type { InternalUrls } from "../../server/internal/environmentInternalUrls.ts"
import {
  type ChoosePreset,
  type ChosenPreset,
  type PresetServer,
  presetVariable
} from "../../server/internal/presetRegistry.ts"
import { type Constructor, withUnsafeInternalUrls } from "../Preset.ts"
import type { Parameter } from "./parameter.ts"

/** The variable of a parameter: its name in upper snake case. */
const variableOf = (parameter: string): string =>
  `${presetVariable}_${parameter.replaceAll(/[A-Z]/g, "_$&").toUpperCase()}`

const lowerFirst = (text: string): string => text.replace(/^[A-Z](?=[a-z ])/, (letter) => letter.toLowerCase())

/** The value of a parameter, or what is wrong. A text is never part of an error, because it can be a secret. */
const valueOf = Effect.fnUntraced(function*(
  provider: ConfigProvider.ConfigProvider,
  variable: string,
  { accepts, expected, fromText }: Parameter
) {
  const text = yield* Config.option(Config.Redacted(variable)).parse(provider)
  if (Option.isNone(text)) return { value: undefined, problems: [] }
  const value = fromText(Redacted.value(text.value))
  return { value, problems: accepts(value) ? [] : [`${variable} is not ${expected}: correct its value`] }
})

/** Creates the server of a preset with the parameters in the environment. */
const serverOf = Effect.fnUntraced(function*(
  provider: ConfigProvider.ConfigProvider,
  preset: Constructor,
  internalUrls: InternalUrls | undefined
): Effect.fn.Return<PresetServer, Config.ConfigError> {
  const read = yield* Effect.forEach(
    Object.entries(preset.definition.parameters),
    ([name, parameter]) => Effect.map(valueOf(provider, variableOf(name), parameter), (read) => ({ name, ...read }))
  )
  const problems = read.flatMap(({ problems }) => problems)
  if (problems.length > 0) return yield* Effect.fail(configError(problems))
  const configured = preset(Object.fromEntries(
    read.flatMap(({ name, value }) => value === undefined ? [] : [[name, value] as const])
  ))
  const made = internalUrls === undefined ? configured : withUnsafeInternalUrls(configured, internalUrls)
  const unusable = ({ message }: { readonly message: string }) => configError([`${presetVariable}: ${message}`])
  if (Result.isFailure(made.settings)) return yield* Effect.fail(unusable(made.settings.failure))
  return { ...made, authorizationServer: Effect.mapError(made.authorizationServer, unusable) }
})

const chosen = (preset: Constructor, provider: ConfigProvider.ConfigProvider): ChosenPreset => {
  const parameters = Object.entries(preset.definition.parameters)
  return {
    known: parameters.map(([parameter]) => variableOf(parameter)),
    required: parameters.flatMap(([parameter, { description, example, isOptional }]) =>
      isOptional ? [] : [[variableOf(parameter), `${lowerFirst(description)}, for example ${example}`] as const]
    ),
    explain: () => undefined,
    problems: [],
    server: (internalUrls) => serverOf(provider, preset, internalUrls)
  }
}

/** Chooses among presets that are loaded by name. */
export const chooseFrom =
  (presets: ReadonlyMap<string, Effect.Effect<Constructor>>): ChoosePreset => (name, provider) => {
    const load = presets.get(name)
    if (load !== undefined) return Effect.map(load, (preset) => chosen(preset, provider))
    const names = [...presets.keys()]
    const advice = Arr.isReadonlyArrayNonEmpty(names)
      ? `; the closest name is ${closestTo(name.toLowerCase(), names)}, and all names are ${names.join(", ")}`
      : ""
    return Effect.succeed(`there is no preset ${quoted(name)}${advice}`)
  }
