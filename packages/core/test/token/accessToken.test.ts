import { AudiencePolicy, ClientAuthentication, TokenVerifier } from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, type Schema } from "effect"
import { claims, issuer, outcome, verifier } from "./harness.ts"

const authentication = ClientAuthentication.clientSecretBasic("notes", Redacted.make("secret"))

type Members = Readonly<Record<string, Schema.Json | undefined>>

/** The JSON of the claims of a valid access token with these changes; `undefined` removes a claim. */
const changed = (changes: Members): Schema.JsonObject =>
  // The text was serialized from JSON before.
  JSON.parse(JSON.stringify({ ...claims, ...changes })) as Schema.JsonObject

/**
 * The result of the same claims with each method: in a JWT of the type `JWT`, in an introspection response, and as
 * custom claims.
 */
const outcomes = Effect.fnUntraced(function*(changes: Members, options: TokenVerifier.ClaimOptions = {}) {
  const provider = yield* TestProvider.TestProvider
  const said = changed(changes)
  yield* provider.fault("introspection", Fault.document(() => ({ ...said, active: true })))
  const jwt = yield* verifier(TokenVerifier.jwt(options))
  const introspection = yield* verifier(TokenVerifier.introspection({ authentication, ...options }))
  const custom = yield* verifier(TokenVerifier.custom(() => Effect.succeed(said), options))
  const both = yield* verifier(TokenVerifier.firstOf(
    TokenVerifier.jwt(options),
    TokenVerifier.introspection({ authentication, ...options })
  ))
  const removed = Object.fromEntries(Object.keys(claims).map((name) => [name, said[name]]))
  const token = yield* provider.mint({ header: { typ: "JWT" }, claims: { ...removed, ...said } })
  return yield* Effect.all({
    jwt: outcome(jwt(token)),
    introspection: outcome(introspection("opaque")),
    custom: outcome(custom("key")),
    "firstOf, a JWT": outcome(both(token)),
    "firstOf, an opaque token": outcome(both("opaque"))
  })
})

const byEach = (outcome: string) => ({
  jwt: outcome,
  introspection: outcome,
  custom: outcome,
  "firstOf, a JWT": outcome,
  "firstOf, an opaque token": outcome
})

type Row = readonly [rule: string, changes: Members, outcome: string, options?: TokenVerifier.ClaimOptions]

const judges = (rows: ReadonlyArray<Row>) => {
  for (const [rule, changes, expected, options] of rows) {
    it.effect(`JWT, introspection and custom claims: ${rule}`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* outcomes(changes, options), byEach(expected))
      }).pipe(Effect.provide(TestProvider.layer())))
  }
}

const refused = (claim: string) => `not-an-access-token ${claim}`

describe("the kind of a token that a claim states", () => {
  judges([
    ...["type", "use", "usage", "kind", "purpose", "token_kind"].flatMap((claim) =>
      ["refresh", "refresh_token", "Refresh-Token", "refreshToken", "id", "id_token", "logout", "logout+jwt"].map((
        word
      ) => [`refuses ${claim} ${word}`, { [claim]: word }, refused(claim)] as const)
    ),
    ["refuses drn DSR (the refresh token of Descope)", { drn: "DSR" }, refused("drn")],
    ["accepts drn DS (the session token of Descope)", { drn: "DS" }, "accepted"],
    ["accepts type userToken (Frontegg)", { type: "userToken" }, "accepted"],
    ["accepts type app (Cloudflare Access)", { type: "app" }, "accepted"],
    ["refuses rt_hash", { rt_hash: "x" }, refused("rt_hash")],
    ...["rt_hash", "auth_req_id"].map((name) => `urn:openid:params:jwt:claim:${name}`).map((claim) =>
      [`refuses ${claim} (an ID token of CIBA)`, { [claim]: "x" }, refused(claim)] as const
    ),
    [
      "refuses redirect_uri with code_challenge (a request object)",
      { redirect_uri: "https://client.test/callback", code_challenge: "x" },
      refused("redirect_uri")
    ],
    ["accepts token_use access (Amazon Cognito)", { token_use: "access" }, "accepted"],
    ["accepts token_use access_token (Ory)", { token_use: "access_token" }, "accepted"],
    ["accepts typ Bearer (Keycloak)", { typ: "Bearer" }, "accepted"],
    ["accepts token_type Bearer in any case (RFC 6749, section 5.1)", { token_type: "bEARER" }, "accepted"],
    ["accepts token_type access_token (Salesforce)", { token_type: "access_token" }, "accepted"],
    ["accepts tokenType access-token (Casdoor)", { tokenType: "access-token" }, "accepted"],
    ["accepts typ at+jwt", { typ: "at+jwt" }, "accepted"],
    ["accepts typ application/at+jwt", { typ: "application/at+jwt" }, "accepted"],
    [
      "accepts the token type of an access token (RFC 8693)",
      { token_type: "urn:ietf:params:oauth:token-type:access_token" },
      "accepted"
    ],
    ["accepts tokenName access_token (PingAM)", { tokenName: "access_token" }, "accepted"],
    ["refuses token_use id", { token_use: "id" }, refused("token_use")],
    ["refuses token_use refresh_token", { token_use: "refresh_token" }, refused("token_use")],
    ["refuses token_use null", { token_use: null }, refused("token_use")],
    ["refuses token_use as a list", { token_use: ["access"] }, refused("token_use")],
    ["refuses an empty token_use", { token_use: "" }, refused("token_use")],
    ["refuses token_type refresh_token", { token_type: "refresh_token" }, refused("token_type")],
    ["refuses token_type N_A (RFC 8693)", { token_type: "N_A" }, refused("token_type")],
    ["refuses token_type mac", { token_type: "mac" }, refused("token_type")],
    [
      "refuses the token type of an ID token (RFC 8693)",
      { token_type: "urn:ietf:params:oauth:token-type:id_token" },
      refused("token_type")
    ],
    ...["Refresh", "ID", "Offline", "Logout", "Serialized-ID", "JWT", "secevent+jwt"].map((typ): Row => [
      `refuses the claim typ ${typ}`,
      { typ },
      refused("typ")
    ]),
    ["refuses tokenType refresh-token (Casdoor)", { tokenType: "refresh-token" }, refused("tokenType")],
    ["refuses tokenName id_token (PingAM)", { tokenName: "id_token" }, refused("tokenName")],
    ["refuses typ ID with token_use access, which contradict each other", {
      typ: "ID",
      token_use: "access"
    }, refused("typ")],
    ["refuses typ Bearer with token_use id, which contradict each other", {
      typ: "Bearer",
      token_use: "id"
    }, refused("token_use")],
    ["refuses token_type Bearer with token_use refresh_token, which contradict each other", {
      token_type: "Bearer",
      token_use: "refresh_token"
    }, refused("token_use")],
    ["refuses Casdoor's refresh token that has both tokenType and TokenType", {
      tokenType: "access-token",
      TokenType: "refresh-token"
    }, refused("TokenType")],
    ["refuses token_type DPoP as sender-constrained", { token_type: "DPoP" }, "sender-constrained token_type"],
    ["refuses token_type dpop as sender-constrained", { token_type: "dpop" }, "sender-constrained token_type"],
    ["refuses token_type PoP as sender-constrained", { token_type: "PoP" }, "sender-constrained token_type"],
    ["refuses typ DPoP as sender-constrained (Keycloak)", { typ: "DPoP" }, "sender-constrained typ"],
    ["refuses cnf as sender-constrained", { cnf: { jkt: "x" }, token_type: "Bearer" }, "sender-constrained cnf"],
    ["refuses cnf that is null", { cnf: null }, "sender-constrained cnf"]
  ])
})

describe("claims that access tokens never have", () => {
  judges([
    ...["nonce", "at_hash", "c_hash", "s_hash", "token_introspection", "events", "access_token", "id_token"].flatMap(
      (claim): ReadonlyArray<Row> => [
        [`refuses ${claim}`, { [claim]: "x" }, refused(claim)],
        [`refuses an empty ${claim}`, { [claim]: "" }, refused(claim)],
        [`refuses ${claim} that is null`, { [claim]: null }, refused(claim)]
      ]
    ),
    ["refuses at_hash with token_use access, which contradict each other", {
      at_hash: "x",
      token_use: "access"
    }, refused("at_hash")],
    ["refuses nonce with token_type Bearer, as in a response about an ID token", {
      nonce: "n",
      token_type: "Bearer"
    }, refused("nonce")],
    ["refuses a logout token", {
      events: { "http://schemas.openid.net/event/backchannel-logout": {} },
      sid: "s"
    }, refused("events")],
    ["refuses an authorization response (JARM)", { code: "c", state: "s" }, refused("code")],
    ["refuses an authorization error response (JARM)", { error: "access_denied", state: "s" }, refused("error")],
    ["refuses a request object", { response_type: "code", redirect_uri: "https://c.test" }, refused("response_type")],
    ["refuses a verifiable presentation", { vp: {} }, refused("vp")],
    ["refuses a client assertion of the issuer", { sub: issuer }, refused("sub")],
    ["accepts a nonce with token_use access", { nonce: "n", token_use: "access" }, "accepted"],
    ["refuses a token response", { refresh_token: "x" }, refused("refresh_token")],
    ["refuses a verifiable credential", { vc: {} }, refused("vc")],
    ["refuses an SD-JWT", { _sd: ["x"] }, refused("_sd")],
    ["refuses an SD-JWT that names only its hash algorithm", { _sd_alg: "sha-256" }, refused("_sd_alg")],
    ["refuses a self-issued ID token with its key", { sub_jwk: { kty: "OKP" } }, refused("sub_jwk")],
    ["accepts a state without a code", { state: "Bavaria" }, "accepted"],
    ["accepts a code without a state", { code: "c" }, "accepted"],
    ["accepts an error without a state", { error: "none" }, "accepted"],
    ["accepts a redirect_uri without a code_challenge", { redirect_uri: "https://c.test" }, "accepted"],
    ["accepts a code_challenge without a redirect_uri", { code_challenge: "x" }, "accepted"]
  ])
})

describe("an audience that may be the client's own", () => {
  const unmarked = { aud: "client-1", client_id: undefined, scope: undefined }
  const audience = AudiencePolicy.anyOf("client-1")
  const own = (changes: Members, expected: string): readonly [Members, string, TokenVerifier.ClaimOptions] => [
    { ...unmarked, ...changes },
    expected,
    { audience }
  ]
  judges([
    ["refuses an ID token without nonce", ...own({}, "not-an-access-token")],
    ["refuses an ID token whose azp is its audience", ...own({ azp: "client-1" }, "not-an-access-token")],
    [
      "refuses an ID token that is also for another client",
      ...own({
        aud: ["client-1", "client-2"],
        azp: "client-2"
      }, "not-an-access-token")
    ],
    ["refuses an ID token that is also for the resource", {
      ...unmarked,
      aud: ["client-1", "https://api.test/mcp"],
      azp: "client-1"
    }, "not-an-access-token"],
    ["refuses an ID token with roles (Entra ID)", ...own({ roles: ["admin"], tid: "t" }, "not-an-access-token")],
    [
      "refuses a session token without client_id (Supabase, Stytch)",
      {
        ...unmarked,
        aud: "authenticated",
        session_id: "s"
      },
      "not-an-access-token",
      { audience: AudiencePolicy.anyOf("authenticated") }
    ],
    ["refuses an ID token where any audience is accepted", unmarked, "not-an-access-token", {
      audience: AudiencePolicy.acceptAnyUnsafe
    }],
    ["refuses a claim scope that is null", ...own({ scope: null }, "not-an-access-token")],
    ["accepts scope", ...own({ scope: "" }, "accepted")],
    ["accepts scp as a string (Entra ID)", ...own({ scp: "read" }, "accepted")],
    ["accepts scp as a list (Okta, Ory)", ...own({ scp: [] }, "accepted")],
    ["accepts client_id (RFC 9068)", ...own({ client_id: "client-1" }, "accepted")],
    ["accepts scopes as a list", ...own({ scopes: ["read"] }, "accepted")],
    ["accepts appid (Entra ID)", ...own({ appid: "client-1" }, "accepted")],
    ["refuses an empty azpacr", ...own({ azp: "client-1", azpacr: "" }, "not-an-access-token")],
    ["refuses an ID token for the resource whose azp is the resource", {
      ...unmarked,
      aud: "https://api.test/mcp",
      azp: "https://api.test/mcp"
    }, "not-an-access-token"],
    ["accepts cid (Okta)", ...own({ cid: "client-1" }, "accepted")],
    ["accepts azpacr of a client that calls itself (Entra ID)", ...own({ azp: "client-1", azpacr: "1" }, "accepted")],
    [
      "refuses azp of another client where the audience is not the resource (ID tokens of Google for apps)",
      ...own({ azp: "client-2", email: "ada@example.com" }, "not-an-access-token")
    ],
    ["accepts azp of another client where the audience is the resource (Auth0 without scopes)", {
      ...unmarked,
      aud: "https://api.test/mcp",
      azp: "client-2"
    }, "accepted"],
    [
      "accepts azp of another client if the claim of accessTokenMark is present",
      {
        ...unmarked,
        azp: "client-2",
        gty: "password"
      },
      "accepted",
      { audience, accessTokenMark: { claim: "gty" } }
    ],
    ["accepts token_use access (Cognito)", ...own({ token_use: "access" }, "accepted")],
    ["accepts token_type Bearer", ...own({ token_type: "Bearer" }, "accepted")],
    ["accepts a token for the resource without any mark (Kubernetes, GitHub Actions)", {
      ...unmarked,
      aud: "https://api.test/mcp"
    }, "accepted"],
    [
      "requires client_id of a token without scopes where the client has no audience",
      {
        ...unmarked,
        aud: undefined,
        azp: "client-1"
      },
      "not-an-access-token",
      { audience: AudiencePolicy.noneButClients("client-1") }
    ]
  ])
})

describe("accessTokenMark", () => {
  const uid: TokenVerifier.ClaimOptions = {
    audience: AudiencePolicy.anyOf("client-1"),
    accessTokenMark: { claim: "uid" }
  }
  const authentik = { aud: "client-1", azp: "client-1", client_id: undefined, scope: undefined, nonce: "n" }
  const casdoor: TokenVerifier.ClaimOptions = { accessTokenMark: { claim: "tokenType", equals: "access-token" } }
  judges([
    ["refuses authentik's access token by default, which has a nonce", { ...authentik, uid: "u" }, refused("nonce"), {
      audience: AudiencePolicy.anyOf("client-1")
    }],
    ["accepts a token that has the claim, despite its nonce", { ...authentik, uid: "u" }, "accepted", uid],
    ["refuses a token that lacks the claim", authentik, refused("uid"), uid],
    ["refuses a token whose claim is null", { ...authentik, uid: null }, refused("uid"), uid],
    ["refuses a token whose claim is empty", { ...authentik, uid: "" }, refused("uid"), uid],
    ["refuses a token whose claim is false", { ...authentik, uid: false }, refused("uid"), uid],
    ["refuses a token for the resource that lacks the claim", {}, refused("uid"), {
      accessTokenMark: { claim: "uid" }
    }],
    [
      "accepts Casdoor's access token with an empty nonce",
      { tokenType: "access-token", nonce: "" },
      "accepted",
      casdoor
    ],
    ["refuses Casdoor's access token with an empty nonce by default", {
      tokenType: "access-token",
      nonce: ""
    }, refused("nonce")],
    ["refuses Casdoor's refresh token", { tokenType: "refresh-token", nonce: "" }, refused("tokenType"), casdoor],
    ["refuses another value of the claim", { kind: "session" }, refused("kind"), {
      accessTokenMark: { claim: "kind", equals: "api" }
    }],
    [
      "does not override another mark of an ID token",
      { ...authentik, uid: "u", at_hash: "x" },
      refused("at_hash"),
      uid
    ],
    ["does not override a claim that states another kind", { uid: "u", token_use: "id" }, refused("token_use"), uid],
    ["ignores claims that every object inherits", { ...authentik }, refused("constructor"), {
      ...uid,
      accessTokenMark: { claim: "constructor" }
    }]
  ])
})

describe("the claims that grant scopes", () => {
  const granted = Effect.fnUntraced(function*(changes: Members, options: TokenVerifier.ClaimOptions = {}) {
    const provider = yield* TestProvider.TestProvider
    const said = changed(changes)
    yield* provider.fault("introspection", Fault.document(() => ({ ...said, active: true })))
    const jwt = yield* verifier(TokenVerifier.jwt(options))
    const introspection = yield* verifier(TokenVerifier.introspection({ authentication, ...options }))
    const custom = yield* verifier(TokenVerifier.custom(() => Effect.succeed(said), options))
    const token = yield* provider.mint({ claims: said })
    const infos = [yield* jwt(token), yield* introspection("opaque"), yield* custom("key")]
    return infos.map(({ scopes }) => [...scopes].join(" "))
  })
  const rows: ReadonlyArray<
    readonly [rule: string, claims: Members, scopes: string, options?: TokenVerifier.ClaimOptions]
  > = [
    ["do not include permissions", { scope: "a", permissions: ["b"] }, "a"],
    ["do not include roles and authorities", { scope: "a", roles: ["b"], authorities: ["c"] }, "a"],
    ["are replaced by scopeClaims", { scope: "a", ias_apis: ["b"] }, "b", { scopeClaims: ["ias_apis"] }],
    ["may be several in scopeClaims", { scope: "a", permissions: ["b"] }, "a b", {
      scopeClaims: ["scope", "permissions"]
    }],
    ["grant nothing if the claims of scopeClaims are absent", { scope: "a" }, "", { scopeClaims: ["permissions"] }],
    ["grant nothing if scopeClaims names an inherited property", { scope: "a" }, "", { scopeClaims: ["constructor"] }],
    ["may be a list of authorities", { authorities: ["a", "b"] }, "a b", { scopeClaims: ["authorities"] }],
    ["may lie below another claim", { ext: { scope: "a b" } }, "a b", { scopeClaims: [{ path: ["ext", "scope"] }] }],
    ["grant nothing below a claim that is no object", { ext: "a", scope: "b" }, "", {
      scopeClaims: [{ path: ["ext", "length"] }]
    }],
    ["grant nothing below a claim that is absent", { scope: "b" }, "", { scopeClaims: [{ path: ["ext", "scope"] }] }],
    ["may be separated by commas", { scope: "a,b, c" }, "a b c", {
      scopeClaims: [{ path: ["scope"], separator: "," }]
    }],
    ["are not separated by commas otherwise", { scope: "a,b" }, "a,b"],
    ["may be the keys of an object", { roles: { a: { 1: "x" }, b: true, c: null, d: false } }, "a b", {
      scopeClaims: [{ path: ["roles"], keys: true }]
    }],
    ["are never the keys of an object otherwise", { scope: { a: true } }, ""],
    ["of a claim are ignored beside another claim, if the form says so", { scp: "", roles: ["a"] }, "", {
      scopeClaims: ["scp", { path: ["roles"], unless: "scp" }]
    }],
    ["of such a claim are granted without the other claim", { roles: ["a"] }, "a", {
      scopeClaims: ["scp", { path: ["roles"], unless: "scp" }]
    }],
    ["may be a member of the objects of a list", { roles: [{ id: "1", key: "a" }, { id: "2", key: "b" }] }, "a b", {
      scopeClaims: [{ path: ["roles"], member: "key" }]
    }],
    ["grant nothing if an object of the list lacks the member", { roles: [{ key: "a" }, { id: "b" }] }, "", {
      scopeClaims: [{ path: ["roles"], member: "key" }]
    }],
    ["grant nothing if a member of the list is no text", { roles: [{ key: "a" }, { key: ["b"] }] }, "", {
      scopeClaims: [{ path: ["roles"], member: "key" }]
    }],
    ["grant nothing if the list has texts instead of objects", { roles: ["a"] }, "", {
      scopeClaims: [{ path: ["roles"], member: "key" }]
    }],
    ["are no inherited member of the objects of a list", { roles: [{ key: "a" }] }, "", {
      scopeClaims: [{ path: ["roles"], member: "constructor" }]
    }],
    ["are never the indexes of a list", { roles: [{ a: 1 }] }, "", { scopeClaims: [{ path: ["roles"], keys: true }] }]
  ]
  for (const [rule, changes, expected, options] of rows) {
    it.effect(`JWT, introspection and custom claims: ${rule}`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* granted(changes, options), [expected, expected, expected])
      }).pipe(Effect.provide(TestProvider.layer())))
  }
})

describe("the type in the header of a JWT", () => {
  const rows: ReadonlyArray<readonly [rule: string, typ: Schema.Json, claims: Members, outcome: string]> = [
    ...[
      "logout+jwt",
      "dpop+jwt",
      "secevent+jwt",
      "token-introspection+jwt",
      "oauth-authz-req+jwt",
      "kb+jwt",
      "dc+sd-jwt",
      "entity-statement+jwt",
      "client-authentication+jwt",
      "application/secevent+jwt"
    ].map((typ) => [`${typ} is refused`, typ, {}, refused("typ")] as const),
    ["a list with at+jwt is no type", ["at+jwt"], {}, refused("typ")],
    ["at+jwt with an event is refused", "at+jwt", { events: {} }, refused("events")],
    ["at+jwt with at_hash is refused", "at+jwt", { at_hash: "x" }, refused("at_hash")],
    ["at+jwt with the claim token_use id is refused", "at+jwt", { token_use: "id" }, refused("token_use")],
    ["at+jwt with an introspection response is refused", "at+jwt", {
      token_introspection: { active: true }
    }, refused("token_introspection")],
    ["at+jwt is a mark of an access token", "at+jwt", {
      aud: "client-1",
      client_id: undefined,
      scope: undefined
    }, "accepted"]
  ]
  for (const [rule, typ, changes, expected] of rows) {
    it.effect(`JWT: ${rule}`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const verify = yield* verifier(TokenVerifier.jwt({
          audience: AudiencePolicy.anyOf("client-1", "https://api.test/mcp")
        }))
        const token = yield* provider.mint({ header: { typ }, claims: changes })
        assert.strictEqual(yield* outcome(verify(token)), expected)
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  const messages: ReadonlyArray<
    readonly [what: string, claims: Members, message: string, options?: TokenVerifier.ClaimOptions]
  > = [
    ["quotes the value of a claim that states another kind", { token_use: "id" }, "(token_use), got \"id\""],
    ["does not quote a claim that access tokens never have", { at_hash: "x" }, "(at_hash)"],
    ["names the option of a claim that is missing", {}, "(uid), expected the claim of accessTokenMark", {
      accessTokenMark: { claim: "uid" }
    }],
    ["names the value of a claim that is missing", {}, "(uid), expected \"u\"", {
      accessTokenMark: { claim: "uid", equals: "u" }
    }]
  ]
  for (const [what, changes, message, options] of messages) {
    it.effect(`the message about a token of another kind ${what}`, () =>
      Effect.gen(function*() {
        const verify = yield* verifier(TokenVerifier.custom(() => Effect.succeed(changed(changes)), options))
        const error = yield* Effect.flip(verify("key"))
        assert.strictEqual(error.message, `the token is not an access token ${message}`)
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("JWT: the message about a possible ID token names the option for its mark", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const verify = yield* verifier(TokenVerifier.jwt({ audience: AudiencePolicy.anyOf("client-1") }))
      const token = yield* provider.mint({
        header: { typ: "JWT" },
        claims: { aud: "client-1", client_id: undefined, scope: undefined }
      })
      const error = yield* Effect.flip(verify(token))
      assert.include(error.message, "accessTokenMark")
    }).pipe(Effect.provide(TestProvider.layer())))
})

describe("a claim that every object inherits", () => {
  // What a vulnerable dependency of a program may do to it: claims must not be read from there.
  const polluted = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.acquireUseRelease(
      Effect.sync(() => Reflect.defineProperty(Object.prototype, "polluted", { configurable: true, value: "admin" })),
      () => effect,
      () => Effect.sync(() => Reflect.deleteProperty(Object.prototype, "polluted"))
    )
  const infoOf = Effect.fnUntraced(function*(options: TokenVerifier.ClaimOptions) {
    const verify = yield* verifier(TokenVerifier.custom(() => Effect.succeed(claims), options))
    return yield* polluted(verify("key"))
  })

  it.effect("grants no scope", () =>
    Effect.gen(function*() {
      const { scopes } = yield* infoOf({ scopeClaims: ["scope", "polluted"] })
      assert.deepStrictEqual([...scopes], ["notes:read"])
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("names no subject", () =>
    Effect.gen(function*() {
      assert.isUndefined((yield* infoOf({ subjectClaim: "polluted" })).subject)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("is no mark of an access token", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(infoOf({ accessTokenMark: { claim: "polluted" } }))
      assert.strictEqual(error._tag, "InvalidToken")
    }).pipe(Effect.provide(TestProvider.layer())))
})

describe("the claim that names the client", () => {
  const clientOf = Effect.fnUntraced(function*(changes: Members, options: TokenVerifier.ClaimOptions = {}) {
    const provider = yield* TestProvider.TestProvider
    const jwt = yield* verifier(TokenVerifier.jwt(options))
    return (yield* jwt(yield* provider.mint({ claims: changed(changes) }))).clientId
  })
  it.effect("is the one of the option clientClaim alone", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* clientOf({ client_id: "a", clientId: "b" }, { clientClaim: "clientId" }), "b")
      assert.isUndefined(yield* clientOf({ client_id: "a" }, { clientClaim: "clientId" }))
      assert.strictEqual(yield* clientOf({ client_id: "a", clientId: "b" }), "a")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("must be a name, and so must the standard claims", () =>
    Effect.gen(function*() {
      for (const changes of [{ clientId: 7 }, { clientId: "b", azp: "" }, { clientId: { name: "b" } }]) {
        const error = yield* Effect.flip(clientOf(changes, { clientClaim: "clientId" }))
        assert.strictEqual(error._tag === "InvalidToken" ? error.reason : error._tag, "invalid-claim")
      }
    }).pipe(Effect.provide(TestProvider.layer())))
})
