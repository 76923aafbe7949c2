import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type * as Schema from "effect/Schema"
import { type Answer, healthy } from "./answer.ts"
import type { Options } from "./model.ts"
import { now } from "./tokens.ts"

const looksLikeJwt = (token: string): boolean => token.split(".").length === 3

const inactive: Schema.JsonObject = { active: false }

const refuse = (status: number, error: string): Answer => ({ ...healthy({ error }, {}), status })

/**
 * The introspection endpoint (RFC 7662). A token that the provider issued is active until it expires or is revoked. The
 * endpoint accepts all client credentials; a test can read them from the recorded requests.
 */
export const introspectionOf = Effect.fnUntraced(function*({ introspectsJwts = true }: Options) {
  const tokens = yield* Ref.make(HashMap.empty<string, Schema.JsonObject>())
  const about = Effect.fnUntraced(function*(token: string) {
    const claims = Option.getOrUndefined(HashMap.get(yield* Ref.get(tokens), token))
    if (claims === undefined) return inactive
    const expired = typeof claims["exp"] === "number" && claims["exp"] <= (yield* now)
    return expired ? inactive : { active: true, token_type: "Bearer", ...claims }
  })
  return {
    claimsOf: Effect.map(
      Ref.get(tokens),
      (known) => (token: string) => Option.getOrUndefined(HashMap.get(known, token))
    ),
    issued: (token: string, claims: Schema.JsonObject) => Ref.update(tokens, HashMap.set(token, claims)),
    revoke: (token: string) => Ref.update(tokens, HashMap.remove(token)),
    introspect: (method: string, body: string): Effect.Effect<Answer> => {
      if (method !== "POST") return Effect.succeed(refuse(405, "invalid_request"))
      const token = new URLSearchParams(body).get("token")
      if (token === null) return Effect.succeed(refuse(400, "invalid_request"))
      if (!introspectsJwts && looksLikeJwt(token)) return Effect.succeed(refuse(400, "unsupported_token_type"))
      return Effect.map(about(token), (answer) => healthy(answer, {}))
    }
  }
})
