import * as Doctor from "@effect-mcp-auth/core/doctor/Doctor"
import { exitCode, Report } from "@effect-mcp-auth/core/doctor/Report"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { TerminalCapabilities } from "effect/cli/TerminalCapabilities"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Terminal from "effect/Terminal"
import { doctorHtml } from "./doctorHtml.ts"
import { doctorMarkdown } from "./doctorMarkdown.ts"
import { doctorSarif } from "./doctorSarif.ts"
import { doctorFixes, doctorText } from "./doctorText.ts"
import { Exit, misused, wrongUsage } from "./exit.ts"
import { network } from "./flags.ts"
import { networkLayer } from "./network.ts"
import { withProgress } from "./progress.ts"
import { readToken } from "./token.ts"

const flags = {
  target: Argument.String("url").pipe(
    Argument.withDescription("The URL of the MCP server, as people type it into a client, or an issuer")
  ),
  kind: Flag.Literals("kind", ["auto", "resource", "issuer"]).pipe(
    Flag.withDescription("Whether the URL is an MCP server (resource) or an authorization server (issuer)"),
    Flag.withDefault("auto")
  ),
  tokenFile: Flag.String("token-file").pipe(
    Flag.withDescription(
      "A file with an access token for the server, or - for standard input. It is sent to the URL only"
    ),
    Flag.optional
  ),
  clientId: Flag.String("client-id").pipe(
    Flag.withDescription("A client ID, to ask the authorization endpoint with a redirect URI that cannot succeed"),
    Flag.optional
  ),
  register: Flag.Boolean("register").pipe(
    Flag.withDescription("Register one client at the provider, which is not deleted afterwards"),
    Flag.withDefault(false)
  ),
  origin: Flag.String("origin").pipe(
    Flag.withDescription("The origin of your web client, for the CORS requests"),
    Flag.optional
  ),
  all: Flag.Boolean("all").pipe(
    Flag.withDescription("Also show hints, notes, every client, every request, and what was not judged"),
    Flag.withDefault(false)
  ),
  fix: Flag.Boolean("fix").pipe(
    Flag.withDescription("Print the code that repairs a server on this library, ready to paste"),
    Flag.withDefault(false)
  ),
  format: Flag.Literals("format", ["text", "json", "sarif", "markdown", "html"]).pipe(
    Flag.withDescription("The output format of the report"),
    Flag.withDefault("text")
  ),
  ...network
}

const encode = Schema.encodeEffect(Schema.fromJsonString(Report, { space: 2 }))

/** The token of the option, which is never an argument, because other users of the machine can see arguments. */
const tokenOf = Effect.fnUntraced(function*(file: Option.Option<string>) {
  if (Option.isNone(file)) return undefined
  if (file.value === "-") return yield* readToken
  const fileSystem = yield* FileSystem.FileSystem
  const text = yield* fileSystem.readFileString(file.value).pipe(
    Effect.catchTag(
      "PlatformError",
      () =>
        Effect.andThen(
          Console.error("The file of --token-file cannot be read: check its path, or pass - and pipe the token"),
          wrongUsage
        )
    )
  )
  return Redacted.make(text.trim(), { label: "access token" })
})

interface Style {
  readonly format: "html" | "json" | "markdown" | "sarif" | "text"
  readonly all: boolean
  readonly fix: boolean
  readonly color: boolean
  readonly width: number
}

const render = (report: Report, { format, ...style }: Style): Effect.Effect<string> => {
  if (style.fix) return Effect.succeed(doctorFixes(report))
  switch (format) {
    case "json":
      return Effect.orDie(encode(report))
    case "sarif":
      return Effect.succeed(doctorSarif(report))
    case "markdown":
      return Effect.succeed(doctorMarkdown(report))
    case "html":
      return Effect.succeed(doctorHtml(report))
    case "text":
      return Effect.succeed(doctorText(report, style))
  }
}

/** `mcp-auth doctor` */
export const doctorCommand = Command.make(
  "doctor",
  flags,
  Effect.fnUntraced(function*({ all, clientId, fix, format, kind, origin, register, target, tokenFile, ...input }) {
    const { canAnimate, canColor } = yield* TerminalCapabilities
    const token = yield* tokenOf(tokenFile)
    if (register) {
      yield* Console.error("Registers one client at the provider of this server. Delete it there afterwards.")
    }
    const run = Doctor.examine(target, {
      kind: kind === "auto" ? undefined : kind,
      token,
      clientId: Option.getOrUndefined(clientId),
      register,
      origin: Option.getOrUndefined(origin),
      allowInsecureLoopback: input.allowInsecureLoopback
    }).pipe(
      Effect.provide(networkLayer(input)),
      Effect.catchTags({
        InvalidResourceIdentifier: misused,
        InvalidAddressPolicy: misused,
        InvalidProxy: misused,
        InvalidTlsOptions: misused
      })
    )
    const report = yield* canAnimate && format === "text" ? withProgress(run, target) : run
    const columns = canAnimate ? yield* Effect.flatMap(Terminal.Terminal, (terminal) => terminal.columns) : 100
    const style = { format, all, fix, color: canColor, width: Math.min(120, Math.max(60, columns)) }
    yield* Console.log(yield* render(report, style))
    const code = exitCode(report)
    if (code !== 0) return yield* new Exit({ code })
  })
).pipe(
  Command.withDescription(
    "Explain why clients do not connect: ask a server as clients do, and say which fail, at which step, and who must act"
  ),
  Command.withExamples([
    { command: "mcp-auth doctor https://api.example.com/mcp", description: "Examine a server" },
    {
      command: "mcp-auth doctor https://api.example.com/mcp --format html > report.html",
      description: "Write a page with the flow and the matrix of clients"
    },
    {
      command: "mcp-auth doctor https://api.example.com/mcp --token-file - < token.txt",
      description: "Also ask what the server says to a token"
    }
  ])
)
