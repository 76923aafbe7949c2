import * as Repairs from "@effect-mcp-auth/core/Repairs"
import * as Validation from "@effect-mcp-auth/core/Validation"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { TerminalCapabilities } from "effect/cli/TerminalCapabilities"
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"
import * as Terminal from "effect/Terminal"
import { CheckReport, exitCode } from "../CheckReport.ts"
import * as NodeMcpAuth from "../NodeMcpAuth.ts"
import { check } from "./check.ts"
import { pretty } from "./pretty.ts"

/** Ends the program with a code, after everything was said. */
class Exit extends Data.TaggedError("Exit")<{ readonly code: number }> {
  override readonly [Runtime.errorExitCode] = this.code
  override readonly [Runtime.errorReported] = false
}

/** EX_USAGE of sysexits.h. */
export const wrongUsage = new Exit({ code: 64 })

const flags = {
  issuer: Argument.String("issuer").pipe(Argument.withDescription("The issuer of the authorization server")),
  type: Flag.Literals("type", ["auto", "oidc", "oauth"]).pipe(
    Flag.withDescription("Where to look: the order of MCP, OpenID Connect Discovery, or RFC 8414"),
    Flag.withDefault("auto")
  ),
  url: Flag.String("url").pipe(
    Flag.withDescription("The URL of the metadata, where it does not follow from the issuer"),
    Flag.optional
  ),
  repairs: Flag.Literals("repair", [...Repairs.byName.keys()]).pipe(
    Flag.withDescription("A repair to apply; may be given more than once"),
    Flag.atLeast(0)
  ),
  revision: Flag.Literals("spec", Validation.Revision.literals).pipe(
    Flag.withDescription("The MCP revision to judge by"),
    Flag.withDefault(Validation.latestRevision)
  ),
  format: Flag.Literals("format", ["pretty", "json"]).pipe(
    Flag.withDescription("How to print the report"),
    Flag.withDefault("pretty")
  ),
  allow: Flag.String("allow").pipe(
    Flag.withDescription("An address range (private, loopback, …) or network to allow; may be given more than once"),
    Flag.atLeast(0)
  ),
  allowInsecureLoopback: Flag.Boolean("allow-insecure-loopback").pipe(
    Flag.withDescription("Allow http and the loopback addresses, for a provider on this machine"),
    Flag.withDefault(false)
  )
}

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]

/** Shows that something is going on while there is nothing to say, and leaves no trace. */
const withProgress = <A, E, R>(effect: Effect.Effect<A, E, R>, issuer: string) =>
  Effect.gen(function*() {
    const terminal = yield* Terminal.Terminal
    const show = (text: string) => Effect.ignore(terminal.display(text))
    const spin = Effect.forEach(frames, (frame) =>
      Effect.andThen(show(`\r${frame} asking ${issuer}`), Effect.sleep("100 millis")), { discard: true })
    return yield* Effect.raceFirst(effect, Effect.forever(spin)).pipe(Effect.ensuring(show("\r\u001b[2K")))
  })

const encode = Schema.encodeEffect(Schema.fromJsonString(CheckReport, { space: 2 }))

const checkCommand = Command.make(
  "check",
  flags,
  Effect.fnUntraced(function*({ allow, format, ...input }) {
    const { canAnimate, canColor } = yield* TerminalCapabilities
    const layer = NodeMcpAuth.layerWith({ allow: input.allowInsecureLoopback ? [...allow, "loopback"] : allow })
    const run = check(input).pipe(
      Effect.provide(layer),
      Effect.catchTags({
        InvalidIssuer: (error) => Effect.andThen(Console.error(error.message), wrongUsage),
        InvalidAddressPolicy: (error) => Effect.andThen(Console.error(error.message), wrongUsage)
      })
    )
    const report = yield* canAnimate && format === "pretty" ? withProgress(run, input.issuer) : run
    yield* Console.log(format === "json" ? yield* Effect.orDie(encode(report)) : pretty(report, { color: canColor }))
    const code = exitCode(report)
    if (code !== 0) return yield* new Exit({ code })
  })
).pipe(
  Command.withDescription("Find an authorization server's metadata, repair it, and hold it to the rules of MCP"),
  Command.withExamples([
    { command: "mcp-auth check https://accounts.google.com", description: "Check a provider" },
    {
      command: "mcp-auth check https://accounts.google.com --type oidc --repair pkce --format json",
      description: "Check a provider with a repair, for a program to read"
    }
  ])
)

/** The `mcp-auth` command. */
export const command = Command.make("mcp-auth").pipe(
  Command.withDescription("OAuth for MCP servers: check what a provider publishes"),
  Command.withSubcommands([checkCommand])
)
