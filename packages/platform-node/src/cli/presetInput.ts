import * as Discovery from "@effect-mcp-auth/core/Discovery"
import * as Preset from "@effect-mcp-auth/core/presets/Preset"
import * as Presets from "@effect-mcp-auth/core/presets/Presets"
import * as Transpiler from "@effect-mcp-auth/core/Transpiler"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

/** Arguments that cannot be used. */
export class WrongArguments extends Data.TaggedError("WrongArguments")<{ readonly message: string }> {}

/** A parameter as an argument: its name, an equals sign, and its value. */
const pairOf = (argument: string): readonly [name: string, value: string] | undefined => {
  const [, name, value] = /^([^=]+)=(.+)$/s.exec(argument) ?? []
  return name === undefined || value === undefined ? undefined : [name, value]
}

/** No request of a check sends a secret, so that any text can take its place. */
const placeholder = Redacted.make("not needed by check")

const valuesOf = Effect.fnUntraced(function*(
  { name: preset, parameters }: Preset.Definition,
  given: ReadonlyArray<string>
) {
  const secrets = Object.entries(parameters).filter(([, { isSecret }]) => isSecret).map(([name]) => name)
  const values: Record<string, unknown> = Object.fromEntries(secrets.map((name) => [name, placeholder]))
  for (const argument of given) {
    const pair = pairOf(argument)
    if (pair === undefined) {
      return yield* new WrongArguments({
        message: "A --parameter is not in the form name=value: write --parameter realm=notes"
      })
    }
    const [name, text] = pair
    if (secrets.includes(name)) {
      return yield* new WrongArguments({
        message:
          `The parameter ${name} of ${preset} is a secret, and check does not need it: remove --parameter ${name}`
      })
    }
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined
    // The preset itself reports an unknown parameter, and lists the known ones.
    values[name] = parameter === undefined ? text : parameter.fromText(text)
  }
  return values
})

/** The settings of a preset for a search of its metadata. */
export interface PresetInput {
  readonly name: string
  readonly issuer: string
  readonly strategy: Discovery.Strategy
  readonly verification: Preset.Verification["method"]
}

/** Rules about clients are checked, too, so that repairs for logging in apply. */
const strategyOf = (settings: Preset.Settings, repairs: Transpiler.Transpiler): Discovery.Strategy =>
  Discovery.transpile(
    Preset.strategyOf(settings),
    Transpiler.all(settings.loginRepairs ?? Transpiler.identity, repairs)
  )

/** Reads a preset and its parameters from arguments. */
export const presetInput = Effect.fnUntraced(function*(
  { parameters, preset: name, repairs }: {
    readonly preset: string
    readonly parameters: ReadonlyArray<string>
    readonly repairs: Transpiler.Transpiler
  }
): Effect.fn.Return<PresetInput, WrongArguments> {
  const preset = yield* Effect.mapError(Presets.load(name), ({ message }) => new WrongArguments({ message }))
  const values = yield* valuesOf(preset.definition, parameters)
  const settings = yield* Effect.mapError(
    Effect.fromResult(preset(values).settings),
    ({ message }) => new WrongArguments({ message })
  )
  return {
    name,
    issuer: settings.issuer,
    strategy: strategyOf(settings, repairs),
    verification: settings.verification.method
  }
})
