import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Shape } from "../TokenDigest.ts"
import type { Said } from "./claims.ts"

/**
 * Adds the digest of the token to the description of a caller that is not named, so that two tokens without a name are two
 * principals.
 */
export const distinct = <Info extends Said>(
  info: Info,
  isNamed: boolean,
  { digestOf, token }: { readonly digestOf: Shape; readonly token: Redacted.Redacted }
): Effect.Effect<Info> => {
  if (isNamed || info.tokenDigest !== undefined) return Effect.succeed(info)
  const digest = digestOf(Redacted.value(token))
  return Effect.isEffect(digest)
    ? Effect.map(digest, (tokenDigest) => ({ ...info, tokenDigest }))
    : Effect.succeed({ ...info, tokenDigest: digest })
}
