import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { configError } from "../../metadata/internal/environmentNames.ts"
import * as ApiKey from "../../token/ApiKey.ts"
import * as TokenVerifier from "../../token/TokenVerifier.ts"

const name = "MCP_AUTH_API_KEYS"

const decodeList = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.Array(Schema.Unknown)))
const decodeKey = Schema.decodeUnknownEffect(ApiKey.FromJson, { onExcessProperty: "error" })

/** An error without values, because an operator may have written a key in place of its hash. */
const fail = (problem: string) => Effect.fail(configError([`${name} ${problem}`]))

const decode = (text: Redacted.Redacted): Effect.Effect<ReadonlyArray<ApiKey.ApiKey>, Config.ConfigError> =>
  Effect.matchEffect(decodeList(Redacted.value(text)), {
    onFailure: () => fail("is not a JSON list: write [{\"id\": …, \"hash\": …, \"subject\": …, \"scopes\": […]}]"),
    onSuccess: Effect.forEach((key, index) =>
      Effect.catch(decodeKey(key), () =>
        fail(
          `has an invalid entry [${index}]: it needs the strings \`id\`, \`hash\` and \`subject\` and the list ` +
            "`scopes`, and may have `expiresAt`, `enabledFrom` (ISO 8601) and `claims`; run `mcp-auth api-key`"
        ))
    )
  })

/** The API keys of the environment. */
export const apiKeys: Config.Config<ReadonlyArray<ApiKey.ApiKey>> = Config.mapEffect(Config.Redacted(name), decode)

/** The method that accepts API keys, and then those of another method. */
export const withApiKeys = (
  verifier: TokenVerifier.Method | undefined,
  keys: Option.Option<ReadonlyArray<ApiKey.ApiKey>>
): TokenVerifier.Method | undefined => {
  if (Option.isNone(keys)) return undefined
  const apiKeys = TokenVerifier.apiKeys({ keys: keys.value })
  return verifier === undefined ? apiKeys : TokenVerifier.firstOf(apiKeys, verifier)
}
