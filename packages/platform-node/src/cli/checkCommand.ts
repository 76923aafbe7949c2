import * as Repairs from "@effect-mcp-auth/core/Repairs"
import * as Validation from "@effect-mcp-auth/core/Validation"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { TerminalCapabilities } from "effect/cli/TerminalCapabilities"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { CheckReport, exitCode } from "../CheckReport.ts"
import { check } from "./check.ts"
import { Exit, misused } from "./exit.ts"
import { format, network } from "./flags.ts"
import { networkLayer } from "./network.ts"
import { pretty } from "./pretty.ts"
import { withProgress } from "./progress.ts"

const flags = {
  issuer: Argument.String("issuer").pipe(Argument.withDescription("The issuer identifier of the authorization server")),
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

/** `mcp-auth check` */
export const checkCommand = Command.make(
  "check",
  flags,
  Effect.fnUntraced(function*({ format, ...input }) {
    const { canAnimate, canColor } = yield* TerminalCapabilities
    const run = check(input).pipe(
      Effect.provide(networkLayer(input)),
      Effect.catchTags({
        InvalidIssuer: misused,
        InvalidAddressPolicy: misused,
        InvalidProxy: misused,
        InvalidTlsOptions: misused
      })
    )
    const report = yield* canAnimate && format === "pretty" ? withProgress(run, input.issuer) : run
    yield* Console.log(format === "json" ? yield* Effect.orDie(encode(report)) : pretty(report, { color: canColor }))
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
    }
  ])
)
