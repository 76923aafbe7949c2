import type * as Schema from "effect/Schema"
import type { Tokens, TokenShape } from "./model.ts"

/** The API of the fixtures. */
export const clientId = "22222222-3333-4444-5555-666666666666"

/** The tenant of Microsoft's own examples. */
export const tenant = "aaaabbbb-0000-cccc-1111-dddd2222eeee"

/** The client that requests tokens of users. */
export const client = "99999999-8888-4777-8666-555555555555"

export const subject = "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ"

/** What the versions of tokens name differently. */
interface Version {
  readonly issuer: string
  readonly version: "1.0" | "2.0"
  readonly audience: string
}

/** The tokens of a version. The ID token is that of an application that is client and API, with a role of its user. */
export const entraTokens = ({ audience, issuer, version }: Version): Tokens => {
  const clientClaims = (client: string): Schema.JsonObject =>
    version === "2.0" ? { azp: client, azpacr: "1" } : { appid: client, appidacr: "1" }
  const header = { typ: "JWT" }
  const common = { iss: issuer, tid: tenant, ver: version, uti: "onrtac", rh: "0.AX" }
  const user = { ...common, sub: subject, oid: "00000000-0000-0000-66f3-3332eca7ea81" }
  const access: TokenShape = {
    header,
    claims: { ...user, ...clientClaims(client), aud: audience, scp: "notes:read notes:write", roles: ["editor"] }
  }
  return {
    access,
    machine: {
      header,
      claims: {
        ...common,
        ...clientClaims("77777777-8888-4777-8666-555555555555"),
        sub: "5c5a5a5a-0000-4000-8000-da28047151d0",
        oid: "5c5a5a5a-0000-4000-8000-da28047151d0",
        idtyp: "app",
        aud: audience,
        roles: ["notes.read.all"]
      }
    },
    id: {
      header,
      claims: { ...user, aud: clientId, name: "Ada", preferred_username: "ada@example.com", roles: ["editor"] }
    },
    otherApi: { header, claims: { ...access.claims, aud: "00000003-0000-0000-c000-000000000000" } }
  }
}
