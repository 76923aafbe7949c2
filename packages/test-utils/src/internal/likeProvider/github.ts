import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { github as published } from "../providers/github.ts"
import { answered } from "./answers.ts"
import type { LikeProvider } from "./model.ts"

const issuer = "https://github.com/login/oauth"
const clientId = "Iv23liExample0000000"

/** The credentials of the app, in HTTP basic authentication. */
const credentials = `Basic ${btoa(`${clientId}:github-secret`)}`

const asked = Schema.decodeOption(Schema.fromJsonString(Schema.Struct({ access_token: Schema.String })))

const user = { iss: issuer, sub: "583231", login: "octocat", client_id: clientId, scope: "read:user repo" }

export const github: LikeProvider = {
  name: "github",
  parameters: { clientId, clientSecret: Redacted.make("github-secret") },
  documents: [
    [published.documents[0].url, published.documents[0].json],
    [`${issuer}/.well-known/openid-configuration`, published.documents[1]?.json ?? {}]
  ],
  hosts: ["https://api.github.com"],
  tokens: () => ({
    access: { prefix: "gho_", claims: user },
    id: { header: { typ: "JWT" }, claims: { iss: issuer, sub: "583231", aud: clientId } },
    refresh: { prefix: "ghr_", claims: user },
    otherApi: { prefix: "gho_", claims: { ...user, client_id: "Iv23liOther000000000" } }
  }),
  expected: { subject: "583231", clientId, scopes: ["read:user", "repo"], roles: [] },
  respond: ({ body, headers, method, url }, claimsOf) => {
    if (url !== `https://api.github.com/applications/${clientId}/token` || method !== "POST") return undefined
    if (headers["authorization"] !== credentials) return answered({ message: "Bad credentials" }, 401)
    const token = Option.getOrUndefined(asked(body))?.access_token ?? ""
    const claims = claimsOf(token) ?? {}
    if (claims["iss"] !== issuer || claims["client_id"] !== clientId) return answered({ message: "Not Found" }, 404)
    return answered({
      id: 1,
      url: "https://api.github.com/authorizations/1",
      token,
      app: { name: "Notes", url: "https://notes.example.com", client_id: clientId },
      scopes: String(claims["scope"]).split(" "),
      expires_at: DateTime.formatIso(DateTime.makeUnsafe(Number(claims["exp"]) * 1000)),
      user: { login: claims["login"] ?? "", id: Number(claims["sub"]), type: "User" }
    })
  },
  evidence: "published document"
}
