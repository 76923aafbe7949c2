import * as Arr from "effect/Array"
import * as Config from "effect/Config"
import type * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { quoted } from "../../metadata/internal/printable.ts"
import { closestTo, configError, type Vocabulary } from "./environmentNames.ts"
import { type PresetParameter, PresetRegistry, type PresetServer, type RegisteredPreset } from "./presetRegistry.ts"

/** The variable that names a preset. */
export const presetVariable = "MCP_AUTH_PRESET"

const parameterPrefix = `${presetVariable}_`

/** The variable of a parameter: its name in upper snake case. */
const variableOf = (parameter: string): string => parameterPrefix + parameter.replaceAll(/[A-Z]/g, "_$&").toUpperCase()

/** The preset that the environment names. */
export interface Choice {
  readonly preset: RegisteredPreset | undefined
  /** What the variables of the preset add to those of every server. */
  readonly vocabulary: Pick<Vocabulary, "explain" | "problems" | "required"> & {
    readonly known: ReadonlyArray<string>
    readonly isChosen: boolean
  }
}

const adviceFor = (advice: string) => (name: string): string | undefined =>
  name.toUpperCase().startsWith(parameterPrefix) ? advice : undefined

const unusable = (problem: string): Choice => ({
  preset: undefined,
  vocabulary: {
    known: [],
    required: [],
    explain: adviceFor(`correct ${presetVariable} first, because its preset determines the variables with this prefix`),
    problems: [`${presetVariable} cannot be used: ${problem}`],
    isChosen: true
  }
})

const none: Choice = {
  preset: undefined,
  vocabulary: {
    known: [],
    required: [],
    explain: adviceFor(`set ${presetVariable} to the name of the preset that it belongs to, or remove it`),
    problems: [],
    isChosen: false
  }
}

const lowerFirst = (text: string): string => text.replace(/^[A-Z](?=[a-z ])/, (letter) => letter.toLowerCase())

const chosen = (preset: RegisteredPreset): Choice => {
  const parameters = Object.entries(preset.parameters)
  return {
    preset,
    vocabulary: {
      known: parameters.map(([parameter]) => variableOf(parameter)),
      required: parameters.flatMap(([parameter, { description, example, isOptional }]) =>
        isOptional ? [] : [[variableOf(parameter), `${lowerFirst(description)}, for example ${example}`] as const]
      ),
      explain: () => undefined,
      problems: [],
      isChosen: true
    }
  }
}

const missingRegistry =
  "this program contains no presets; provide `Presets.layer` of @effect-mcp-auth/core/presets/Presets (`NodeMcpAuth.layer` " +
  "includes it), or remove the variable"

/** Reads which preset the environment names. Empty names are reported with those of other variables. */
export const choosePreset = Effect.fnUntraced(function*(
  provider: ConfigProvider.ConfigProvider
): Effect.fn.Return<Choice, Config.ConfigError> {
  const node = yield* Effect.mapError(provider.load([presetVariable]), (error) => new Config.ConfigError(error))
  const name = node?.value
  if (name === undefined || name.trim() === "") return none
  const registry = yield* PresetRegistry
  if (registry === undefined) return unusable(missingRegistry)
  const load = registry.get(name)
  if (load !== undefined) return chosen(yield* load)
  const names = [...registry.keys()]
  const advice = Arr.isReadonlyArrayNonEmpty(names)
    ? `; the closest name is ${closestTo(name.toLowerCase(), names)}, and all names are ${names.join(", ")}`
    : ""
  return unusable(`there is no preset ${quoted(name)}${advice}`)
})

/** The value of a parameter, or what is wrong. A text is never part of an error, because it can be a secret. */
const valueOf = Effect.fnUntraced(function*(
  provider: ConfigProvider.ConfigProvider,
  variable: string,
  { accepts, expected, fromText }: PresetParameter
) {
  const text = yield* Config.option(Config.Redacted(variable)).parse(provider)
  if (Option.isNone(text)) return { value: undefined, problems: [] }
  const value = fromText(Redacted.value(text.value))
  return { value, problems: accepts(value) ? [] : [`${variable} is not ${expected}: correct its value`] }
})

/** Creates the server of a preset with the parameters in the environment. */
export const presetServer = Effect.fnUntraced(function*(
  provider: ConfigProvider.ConfigProvider,
  { make, parameters }: RegisteredPreset
): Effect.fn.Return<PresetServer<Config.ConfigError>, Config.ConfigError> {
  const read = yield* Effect.forEach(
    Object.entries(parameters),
    ([name, parameter]) => Effect.map(valueOf(provider, variableOf(name), parameter), (read) => ({ name, ...read }))
  )
  const problems = read.flatMap(({ problems }) => problems)
  if (problems.length > 0) return yield* Effect.fail(configError(problems))
  const made = make(Object.fromEntries(
    read.flatMap(({ name, value }) => value === undefined ? [] : [[name, value] as const])
  ))
  const unusable = ({ message }: { readonly message: string }) => configError([`${presetVariable}: ${message}`])
  if (Result.isFailure(made)) return yield* Effect.fail(unusable(made.failure))
  const server = made.success
  return { ...server, authorizationServer: Effect.mapError(server.authorizationServer, unusable) }
})
