import * as ApiKey from "@effect-mcp-auth/core/ApiKey"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { wrongUsage } from "./exit.ts"
import { format } from "./flags.ts"

const flags = {
  id: Flag.String("id").pipe(Flag.withDescription("The name of the key in logs, different for each key")),
  subject: Flag.String("subject").pipe(Flag.withDescription("The user or service that owns the key")),
  scopes: Flag.String("scope").pipe(Flag.withDescription("A scope that the key grants; repeatable"), Flag.atLeast(0)),
  expiresAt: Flag.String("expires-at").pipe(
    Flag.withDescription("The time at which the key becomes invalid, in ISO 8601: 2027-01-01T00:00:00Z"),
    Flag.withSchema(Schema.DateTimeUtcFromString),
    Flag.atLeast(0)
  ),
  prefix: Flag.String("prefix").pipe(
    Flag.withDescription("The prefix of the key. The server needs it as well: TokenVerifier.apiKeys({ prefix })"),
    Flag.withDefault(ApiKey.defaultPrefix)
  ),
  format
}

const Report = Schema.Struct({ key: Schema.String, entry: ApiKey.FromJson })

const encodeReport = Schema.encodeEffect(Schema.fromJsonString(Report))
const encodeEntry = Schema.encodeEffect(Schema.fromJsonString(ApiKey.FromJson))

/** `mcp-auth api-key` */
export const apiKeyCommand = Command.make(
  "api-key",
  flags,
  Effect.fnUntraced(function*({ expiresAt: [expiresAt], format, id, prefix, scopes, subject }) {
    if (!ApiKey.isPrefix(prefix)) {
      yield* Console.error(
        "--prefix must have 3 to 32 letters, digits, underscores and hyphens, and must not begin with \"ey\""
      )
      return yield* wrongUsage
    }
    const { hash, key } = yield* Effect.provide(ApiKey.generate(prefix), SecureRandom.layerWebCrypto)
    const entry = { id, hash, subject, scopes, ...(expiresAt === undefined ? {} : { expiresAt }) }
    // The only place that prints a key: the operator asked for it, and gets it once.
    const shown = Redacted.value(key)
    yield* Console.log(
      format === "json"
        ? yield* Effect.orDie(encodeReport({ key: shown, entry }))
        : [
          "The key, shown only now. Give it to its owner:",
          `  ${shown}`,
          "Its entry for MCP_AUTH_API_KEYS or TokenVerifier.apiKeys, with its SHA-256 hash:",
          `  ${yield* Effect.orDie(encodeEntry(entry))}`
        ].join("\n")
    )
  })
).pipe(
  Command.withDescription("Generate an API key, and print it once, with its entry for the configuration"),
  Command.withExamples([
    {
      command: "mcp-auth api-key --id ci-2026 --subject ci --scope notes:read --expires-at 2027-01-01T00:00:00Z",
      description: "Generate a key that expires"
    }
  ])
)
