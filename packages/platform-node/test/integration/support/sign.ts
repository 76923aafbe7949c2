import { Effect } from "effect"
import { importJWK, type JWK, type JWTPayload, SignJWT } from "jose"

/** Signs what the owner of a key never would. */
export const sign = (claims: JWTPayload, key: JWK, header: { readonly alg: string; readonly kid: string }) =>
  Effect.promise(async () =>
    new SignJWT(claims).setProtectedHeader({ ...header, typ: "at+jwt" }).sign(await importJWK(key, header.alg))
  )
