import { oktaCustom } from "../providers/okta.ts"
import type { LikeProvider } from "./model.ts"

const [first, ...others] = oktaCustom.documents
const { issuer } = oktaCustom

const user = { iss: issuer, ver: 1, sub: "ada@example.com" }

export const okta: LikeProvider = {
  name: "okta",
  parameters: { domain: "example-tenant.okta.com" },
  documents: [[first.url, first.json], ...others.map(({ json, url }) => [url, json] as const)],
  tokens: (resource) => ({
    access: {
      header: {},
      claims: {
        ...user,
        jti: "AT.Hk8lHezJNw4wxey1czypDiNXJUxIlKmdT16MrnLGp9E",
        aud: resource,
        cid: "0oahpnkb44pcaOIBG0h7",
        uid: "00ue9mlzk7eW24e8Y0h7",
        auth_time: 1_799_999_000,
        scp: ["openid", "notes:read"],
        groups: ["Everyone", "editor"]
      }
    },
    machine: {
      header: {},
      claims: {
        iss: issuer,
        ver: 1,
        jti: "AT.u_OOxGzWwTcDYlxfpp5X",
        aud: resource,
        cid: "0oaiox8bmsBKVXku30h7",
        sub: "0oaiox8bmsBKVXku30h7",
        scp: ["notes:read"]
      }
    },
    id: {
      header: {},
      claims: {
        ...user,
        sub: "00ue9mlzk7eW24e8Y0h7",
        jti: "ID.4eAWJOCMB3SX8XewDfVR",
        aud: "0oahpnkb44pcaOIBG0h7",
        amr: ["pwd"],
        idp: "00o1n8sbwArJ7OQRw406",
        auth_time: 1_799_999_000,
        at_hash: "preview_at_hash"
      }
    },
    otherApi: {
      header: {},
      claims: { ...user, jti: "AT.other", aud: "api://default", cid: "0oahpnkb44pcaOIBG0h7", scp: ["notes:read"] }
    }
  }),
  expected: {
    subject: "ada@example.com",
    clientId: "0oahpnkb44pcaOIBG0h7",
    scopes: ["openid", "notes:read"],
    roles: ["editor"]
  },
  evidence: "published document"
}
