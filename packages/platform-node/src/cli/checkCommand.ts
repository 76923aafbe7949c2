import * as Repairs from "@effect-mcp-auth/core/Repairs"
import * as Validation from "@effect-mcp-auth/core/Validation"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { TerminalCapabilities } from "effect/cli/TerminalCapabilities"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { CheckReport, exitCode } from "../CheckReport.ts"
import { check, type Input, repairsOf, strategyOf } from "./check.ts"
import { Exit, misused } from "./exit.ts"
import { format, network } from "./flags.ts"
import { networkLayer } from "./network.ts"
import { harmlessJson } from "./paint.ts"
import { presetInput, WrongArguments } from "./presetInput.ts"
import { pretty } from "./pretty.ts"
import { withProgress } from "./progress.ts"

const flags = {
  issuer: Argument.String("issuer").pipe(
    Argument.withDescription("The issuer identifier of the authorization server, unless --preset is given"),
    Argument.optional
  ),
  preset: Flag.String("preset").pipe(
    Flag.withDescription("The preset that determines issuer, URL, repairs and issuer policy, such as keycloak"),
    Flag.optional
  ),
  parameters: Flag.String("parameter").pipe(
    Flag.withDescription("A parameter of the preset, as name=value; repeatable"),
    Flag.atLeast(0)
  ),
  type: Flag.Literals("type", ["auto", "oidc", "oauth"]).pipe(
    Flag.withDescription(
      "The metadata to fetch: MCP order (auto), OpenID Connect Discovery (oidc), or RFC 8414 (oauth)"
    ),
    Flag.withDefault("auto")
  ),
  url: Flag.String("url").pipe(
    Flag.withDescription("The metadata URL, if it does not follow from the issuer"),
    Flag.optional
  ),
  repairs: Flag.Literals("repair", [...Repairs.byName.keys()]).pipe(
    Flag.withDescription("A repair to apply; repeatable"),
    Flag.atLeast(0)
  ),
  revision: Flag.Literals("spec", Validation.Revision.literals).pipe(
    Flag.withDescription("The MCP revision to validate against"),
    Flag.withDefault(Validation.latestRevision)
  ),
  format,
  ...network
}

const encode = Schema.encodeEffect(Schema.fromJsonString(CheckReport, { space: 2 }))

interface Arguments {
  readonly issuer: Option.Option<string>
  readonly preset: Option.Option<string>
  readonly parameters: ReadonlyArray<string>
  readonly type: "auto" | "oidc" | "oauth"
  readonly url: Option.Option<string>
  readonly repairs: ReadonlyArray<string>
  readonly revision: Validation.Revision
  readonly allowInsecureLoopback: boolean
}

/** What is checked: the preset, or else the issuer. */
const inputOf = Effect.fnUntraced(function*(
  { issuer, parameters, preset, repairs, type, url, ...rest }: Arguments
): Effect.fn.Return<Input, WrongArguments> {
  const transpileData = repairsOf(repairs)
  if (Option.isSome(preset)) {
    if (Option.isSome(issuer) || Option.isSome(url) || type !== "auto") {
      return yield* new WrongArguments({
        message: "The preset determines the issuer and the URL: remove <issuer>, --url and --type, or remove --preset"
      })
    }
    const found = yield* presetInput({ preset: preset.value, parameters, repairs: transpileData })
    const { name, ...settings } = found
    return { ...rest, ...settings, preset: name }
  }
  if (parameters.length > 0) {
    return yield* new WrongArguments({
      message: "--parameter has no effect without --preset: add --preset, or remove it"
    })
  }
  if (Option.isNone(issuer)) {
    return yield* new WrongArguments({
      message: "There is nothing to check: pass <issuer>, or --preset with parameters"
    })
  }
  const { allowInsecureLoopback } = rest
  const strategy = strategyOf({ issuer: issuer.value, type, url, transpileData, allowInsecureLoopback })
  return { ...rest, issuer: issuer.value, strategy }
})

/** `mcp-auth check` */
export const checkCommand = Command.make(
  "check",
  flags,
  Effect.fnUntraced(function*({ format, ...input }) {
    const { canAnimate, canColor } = yield* TerminalCapabilities
    const checked = yield* Effect.catchTag(inputOf(input), "WrongArguments", misused)
    const run = check(checked).pipe(
      Effect.provide(networkLayer(input)),
      Effect.catchTags({
        InvalidIssuer: misused,
        InvalidAddressPolicy: misused,
        InvalidProxy: misused,
        InvalidTlsOptions: misused
      })
    )
    const report = yield* canAnimate && format === "pretty" ? withProgress(run, checked.issuer) : run
    yield* Console.log(
      format === "json" ? harmlessJson(yield* Effect.orDie(encode(report))) : pretty(report, { color: canColor })
    )
    const code = exitCode(report)
    if (code !== 0) return yield* new Exit({ code })
  })
).pipe(
  Command.withDescription(
    "Fetch an authorization server's metadata, repair it, and validate it against the rules of MCP"
  ),
  Command.withExamples([
    { command: "mcp-auth check https://accounts.google.com", description: "Check a provider" },
    {
      command: "mcp-auth check https://accounts.google.com --type oidc --repair pkce --format json",
      description: "Check a provider with a repair, and print JSON"
    },
    {
      command: "mcp-auth check --preset keycloak --parameter url=https://id.example.com --parameter realm=notes",
      description: "Check a provider with the settings of its preset"
    }
  ])
)
