import * as CredentialStore from "@effect-mcp-auth/core/CredentialStore"
import * as Command from "effect/cli/Command"
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as NodeCredentialStore from "../NodeCredentialStore.ts"
import { describeTokens, printDescribed, storeDirectory, storeFlag } from "./clientStore.ts"
import { loginFailed, misused } from "./exit.ts"
import { format } from "./flags.ts"
import { harmlessJson } from "./paint.ts"

const encode = Schema.encodeEffect(Schema.fromJsonString(Schema.Unknown, { space: 2 }))

/** All tokens of the store, without their values. */
const described = Effect.gen(function*() {
  const store = yield* CredentialStore.CredentialStore
  const now = yield* Clock.currentTimeMillis
  const found = yield* Effect.forEach(
    yield* store.servers,
    (server) => Effect.map(store.tokens(server), Option.map((tokens) => describeTokens(server, tokens, now)))
  )
  return found.flatMap(Option.toArray)
})

/** `mcp-auth tokens` */
export const tokensCommand = Command.make(
  "tokens",
  { store: storeFlag, format },
  Effect.fnUntraced(function*({ format, store }) {
    const directory = yield* storeDirectory(store)
    const tokens = yield* described.pipe(
      Effect.provide(NodeCredentialStore.layerFile({ directory })),
      Effect.catchTags({ InvalidStoreSecret: misused, StoreFailed: loginFailed })
    )
    if (format === "json") return yield* Console.log(harmlessJson(yield* Effect.orDie(encode(tokens))))
    yield* Console.log(
      tokens.length === 0
        ? `There are no tokens in ${directory}. mcp-auth login <mcp-url> gets them`
        : tokens.map(printDescribed).join("\n\n")
    )
  })
).pipe(
  Command.withDescription("List the MCP servers that you are logged in to, without the values of the tokens")
)
