import { Effect } from "effect"
import { importJWK, type JWK, type JWTPayload, SignJWT } from "jose"

/** Signs what the owner of a key never would. */
export const sign = (claims: JWTPayload, key: object, header: { readonly alg: string; readonly kid: string }) =>
  Effect.promise(async () =>
    // The libraries that made the keys have their own types for them.
    new SignJWT(claims).setProtectedHeader({ ...header, typ: "at+jwt" }).sign(await importJWK(key as JWK, header.alg))
  )
