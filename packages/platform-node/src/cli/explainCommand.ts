import * as Policy from "@effect-mcp-auth/core/Policy"
import * as PolicyDeclaration from "@effect-mcp-auth/core/PolicyDeclaration"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { TerminalCapabilities } from "effect/cli/TerminalCapabilities"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { exitCode, ExplainReport } from "../ExplainReport.ts"
import { Exit, misused } from "./exit.ts"
import { explain } from "./explain.ts"
import { format, network } from "./flags.ts"
import { networkLayer } from "./network.ts"
import { harmlessJson } from "./paint.ts"
import { prettyExplanation } from "./prettyExplanation.ts"
import { readToken } from "./token.ts"

const flags = {
  resource: Flag.String("resource").pipe(Flag.withDescription("The URL of the MCP server, as clients write it")),
  issuers: Flag.String("issuer").pipe(
    Flag.withDescription("An issuer whose tokens are accepted; repeatable"),
    Flag.atLeast(1)
  ),
  policy: Flag.String("policy").pipe(
    Flag.withDescription(
      "The policy (default: every valid token), as JSON: {\"allOf\":[{\"scopes\":[\"notes:read\"]},{\"role\":\"admin\"}]}"
    ),
    Flag.withSchema(Schema.fromJsonString(PolicyDeclaration.PolicyDeclaration)),
    Flag.map(PolicyDeclaration.toPolicy),
    Flag.withDefault(Policy.authenticated)
  ),
  rules: Flag.String("hierarchy").pipe(
    Flag.withDescription("The scope hierarchy: which scopes include others, as JSON: {\"*:write\":[\"*:read\"]}"),
    Flag.withSchema(Schema.fromJsonString(Schema.Record(Schema.String, Schema.Array(Schema.String)))),
    Flag.withDefault({})
  ),
  audiences: Flag.String("audience").pipe(
    Flag.withDescription("An audience that is accepted instead of the resource; repeatable"),
    Flag.atLeast(0)
  ),
  type: Flag.Literals("type", ["auto", "oidc", "oauth"]).pipe(
    Flag.withDescription(
      "The metadata of the issuers to fetch: MCP order (auto), OpenID Connect Discovery (oidc), or RFC 8414 (oauth)"
    ),
    Flag.withDefault("auto")
  ),
  format,
  ...network
}

const encode = Schema.encodeEffect(Schema.fromJsonString(ExplainReport, { space: 2 }))

/** `mcp-auth explain` */
export const explainCommand = Command.make(
  "explain",
  flags,
  Effect.fnUntraced(function*({ format, policy, ...input }) {
    const { canColor } = yield* TerminalCapabilities
    const token = yield* readToken
    const report = yield* explain({ ...input, token, policy }).pipe(
      Effect.scoped,
      Effect.provide(networkLayer(input)),
      Effect.catchTags({
        InvalidIssuer: misused,
        InvalidResourceIdentifier: misused,
        InvalidScopeHierarchy: misused,
        InvalidVerifier: misused,
        InvalidAddressPolicy: misused,
        InvalidProxy: misused,
        InvalidTlsOptions: misused
      })
    )
    const text = format === "json"
      ? harmlessJson(yield* Effect.orDie(encode(report)))
      : prettyExplanation(report, { color: canColor })
    yield* Console.log(text)
    const code = exitCode(report)
    if (code !== 0) return yield* new Exit({ code })
  })
).pipe(
  Command.withDescription(
    "Explain how a server would respond to a token, and why. The token is read from standard input"
  ),
  Command.withExamples([
    {
      command: "mcp-auth explain --resource https://api.example.com/mcp --issuer https://auth.example.com " +
        "--policy '{\"scopes\":[\"notes:write\"]}' < token.txt",
      description: "Explain a refusal"
    }
  ])
)
