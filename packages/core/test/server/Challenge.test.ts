import { Challenge, MetadataFetchError, TokenError, WellKnown } from "@effect-mcp-auth/core"
import { Arbitraries, Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { HttpServerResponse } from "effect/http"
import { elapse } from "../time.ts"
import { byOauth4webapi, bySdks, errorText, grammar } from "./challengeParsers.ts"
import { type Answer, callTool, metadataUrl, read, resource, send, start } from "./harness.ts"

const {
  AccessDenied,
  ContentTooLarge,
  InsufficientScope,
  InvalidRequest,
  InvalidToken,
  MissingCredentials,
  ServerUnavailable,
  TooManyFailures,
  VerificationUnavailable
} = TokenError

interface Row {
  readonly error: TokenError.AuthError
  readonly status: number
  readonly code?: string
  readonly description: string
  /** With `showErrorDetails`, where that makes a difference. */
  readonly detailed?: string
  readonly scope?: string
  readonly retryAfter?: string
  /** Whether the client can change the result. Default: `true`. */
  readonly challenged?: false
}

const invalidToken = (reason: TokenError.InvalidTokenReason, detailed: string): Row => ({
  error: new InvalidToken({ reason, claim: "aud", expected: "\"expected\"", actual: "\"evil\\\r\n" }),
  status: 401,
  code: "invalid_token",
  description: "The access token is not valid",
  detailed
})

const invalidRequest = (reason: TokenError.InvalidRequest["reason"], words: string): Row => ({
  error: new InvalidRequest({ reason }),
  status: 400,
  code: "invalid_request",
  description: `The request is refused: ${words}`
})

const unavailable = (retryAfter: string, cause?: unknown): Row => ({
  error: new VerificationUnavailable({ issuer: "https://as.test", cause }),
  status: 503,
  code: "temporarily_unavailable",
  description: "The access token cannot be verified now",
  retryAfter,
  challenged: false
})

const serverUnavailable = (reason: TokenError.ServerUnavailable["reason"], description: string): Row => ({
  error: new ServerUnavailable({ reason }),
  status: 503,
  code: "temporarily_unavailable",
  description,
  retryAfter: "5",
  challenged: false
})

const statusOf = (retryAfter: number | undefined) =>
  new MetadataFetchError.MetadataFetchError({
    url: "https://as.test/jwks",
    reason: new MetadataFetchError.Status({
      status: 503,
      ...(retryAfter === undefined ? {} : { retryAfter: Duration.millis(retryAfter) })
    })
  })

const rows: ReadonlyArray<Row> = [
  { error: new MissingCredentials(), status: 401, description: "This resource needs an access token" },
  invalidRequest("several-headers", "it has more than one Authorization header"),
  invalidRequest("token-in-query", "it has a token in its URL; send it in the Authorization header only"),
  invalidRequest("malformed", "its Authorization header is not the word Bearer, a space and a token"),
  invalidRequest("too-long", "its token is longer than 16 KiB"),
  invalidToken("malformed", "the access token is malformed"),
  invalidToken(
    "encrypted",
    "the token is encrypted: the client requested no audience, or the provider encrypts access tokens"
  ),
  invalidToken("unsupported-algorithm", "the access token is signed with an algorithm that is not accepted"),
  invalidToken("unknown-issuer", "the access token was issued by a server that is not trusted here"),
  invalidToken("unknown-key", "the access token is signed with a key that its issuer does not publish"),
  invalidToken("unusable-key", "the access token is signed with a key of its issuer that cannot be used"),
  invalidToken("bad-signature", "the signature of the access token is not valid"),
  invalidToken("expired", "the access token has expired"),
  invalidToken("not-yet-valid", "the access token is not valid yet"),
  invalidToken("issued-in-future", "the access token was issued in the future"),
  invalidToken("wrong-audience", "the access token was issued for another resource"),
  invalidToken("not-an-access-token", "the token is not an access token"),
  invalidToken(
    "sender-constrained",
    "the access token is bound to a key and must not be sent as a plain bearer token"
  ),
  invalidToken("missing-claim", "the access token lacks a required claim"),
  invalidToken("invalid-claim", "the access token has a claim that cannot be read"),
  invalidToken("inactive", "the access token is not active"),
  invalidToken("rejected", "the access token was rejected"),
  {
    error: new InsufficientScope({ required: ["notes:read", "notes:write"], granted: ["notes:read"] }),
    status: 403,
    code: "insufficient_scope",
    description: "The access token lacks the required scopes",
    scope: "notes:read notes:write"
  },
  {
    error: new AccessDenied({ policy: "claim(\"department\", \"evil\")" }),
    status: 403,
    code: "access_denied",
    description: "The caller may not do this",
    challenged: false
  },
  unavailable("5"),
  unavailable("5", new Error("connect ECONNREFUSED 10.0.0.1")),
  unavailable("5", statusOf(undefined)),
  unavailable("12", statusOf(11_001)),
  unavailable("5", statusOf(0)),
  unavailable("300", statusOf(86_400_000)),
  {
    error: new TooManyFailures({ retryAfter: Duration.millis(41_500) }),
    status: 429,
    code: "temporarily_unavailable",
    description: "Too many access tokens were not valid; retry later",
    retryAfter: "42",
    challenged: false
  },
  serverUnavailable("starting", "The server is starting and does not accept requests yet"),
  {
    error: new ContentTooLarge({ limit: 262_144 }),
    status: 413,
    code: "invalid_request",
    description: "The request body is larger than 262144 bytes",
    challenged: false
  },
  serverUnavailable("closed", "The server has shut down and does not accept requests"),
  serverUnavailable("too-many-sessions", "The server has too many sessions; retry later")
]

const options = { resourceMetadata: metadataUrl, scopes: ["login:scope"] }

const answered = (error: TokenError.AuthError, more: { showErrorDetails: boolean; jsonRpc: boolean }) =>
  read(HttpServerResponse.toWeb(Challenge.response(error, { ...options, ...more })))

const bodyOf = ({ body }: Answer): Schema.JsonObject => JSON.parse(body)

const nameOf = ({ error }: Row): string =>
  error._tag === "InvalidToken" || error._tag === "InvalidRequest" ? error.reason : error._tag

const check = Effect.fnUntraced(function*(row: Row, more: { showErrorDetails: boolean; jsonRpc: boolean }) {
  const answer = yield* answered(row.error, more)
  const description = more.showErrorDetails ? row.detailed ?? row.description : row.description
  const body = { ...(row.code === undefined ? {} : { error: row.code }), error_description: description }
  assert.strictEqual(answer.status, row.status)
  assert.strictEqual(answer.headers.get("cache-control"), "no-store")
  assert.strictEqual(answer.headers.get("content-type"), "application/json")
  assert.strictEqual(answer.headers.get("retry-after"), row.retryAfter ?? null)
  const asked = row.challenged === false ? {} : { scope: row.scope ?? "login:scope", resource_metadata: metadataUrl }
  const error = { code: -32_001, message: description, data: { ...body, ...asked } }
  assert.deepStrictEqual(bodyOf(answer), more.jsonRpc ? { jsonrpc: "2.0", id: null, error } : body)
  const header = answer.headers.get("www-authenticate")
  if (row.challenged === false) return assert.isNull(header)
  assert.match(header ?? "", grammar)
  const expected = {
    resource_metadata: metadataUrl,
    scope: row.scope ?? "login:scope",
    ...(row.code === undefined ? {} : { error: row.code, error_description: description })
  }
  const parameters = yield* Effect.promise(() => byOauth4webapi(header ?? ""))
  assert.deepEqual(parameters, expected)
  for (const parsed of bySdks(header ?? "")) {
    assert.deepEqual(parsed, { error: row.code, resource_metadata: metadataUrl, scope: expected.scope })
  }
  for (const text of [row.code, description]) assert.match(text ?? "", errorText)
})

/** All kinds of errors: a new kind is a type error here, and then needs a row. */
const tags: { readonly [Tag in TokenError.AuthError["_tag"]]: true } = {
  MissingCredentials: true,
  InvalidRequest: true,
  InvalidToken: true,
  InsufficientScope: true,
  AccessDenied: true,
  TooManyFailures: true,
  ServerUnavailable: true,
  ContentTooLarge: true,
  VerificationUnavailable: true
}

describe("responses", () => {
  it("exist for every error", () => {
    assert.sameMembers([...new Set(rows.map(({ error }) => error._tag))], Object.keys(tags))
  })

  for (const row of rows) {
    for (const showErrorDetails of [false, true]) {
      for (const jsonRpc of [false, true]) {
        const name = `${nameOf(row)}, details ${showErrorDetails ? "shown" : "hidden"}, as ${
          jsonRpc ? "JSON-RPC" : "JSON"
        }`
        it.effect(`${row.status} for ${name}`, () => check(row, { showErrorDetails, jsonRpc }))
      }
    }
  }

  it("do not repeat untrusted text from the request", () => {
    for (const { error } of rows) {
      for (const showErrorDetails of [false, true]) {
        assert.notInclude(JSON.stringify(Challenge.rejection(error, { ...options, showErrorDetails })), "evil")
      }
    }
  })

  it("do not reveal the internal cause of an outage", () => {
    const error = new VerificationUnavailable({ cause: new Error("connect ECONNREFUSED 10.0.0.1") })
    assert.notInclude(JSON.stringify(Challenge.rejection(error, { ...options, showErrorDetails: true })), "10.0.0.1")
  })

  it("are the same when the options come first", () => {
    for (const { error } of rows) {
      assert.deepStrictEqual(Challenge.rejection(options)(error), Challenge.rejection(error, options))
      assert.deepStrictEqual(Challenge.response(options)(error), Challenge.response(error, options))
    }
  })

  it("have no scope parameter if no scope would help", () => {
    const { headers } = Challenge.rejection(new MissingCredentials(), { ...options, scopes: [] })
    assert.strictEqual(headers["www-authenticate"], `Bearer resource_metadata="${metadataUrl}"`)
  })
})

const text = Arbitrary.schema(Schema.String)

/** Characters that could end a quoted-string, or begin another parameter. */
const nasty = Arbitrary.map(
  Arbitrary.array(
    Arbitrary.schema(
      Schema.Literals(["\"", "\\", ",", "=", " ", "a", "error=\"x\"", "Bearer ", "~", "\t", "{", "%22"])
    ),
    { maxLength: 12 }
  ),
  (parts) => parts.join("")
)

const scopeToken = Arbitrary.map(
  Arbitrary.array(
    Arbitrary.schema(Schema.Literals(["a", "Z", "0", ":", "/", ".", "-", "_", "!", "#", "~", "[", "'", ","])),
    {
      minLength: 1,
      maxLength: 10
    }
  ),
  (parts) => parts.join("")
)

describe("every challenge", () => {
  it.effect.prop(
    "with quotes, backslashes and commas is read back character by character",
    [nasty, Arbitrary.array(nasty, { maxLength: 4 }), nasty],
    ([resourceMetadata, required, login]) =>
      Effect.gen(function*() {
        const error = new InsufficientScope({ required, granted: [] })
        for (const one of [error, new InvalidToken({ reason: "expired" })]) {
          const { headers } = Challenge.rejection(one, { resourceMetadata, scopes: [login] })
          const header = headers["www-authenticate"] ?? ""
          assert.match(header, grammar)
          const read = yield* Effect.promise(() => byOauth4webapi(header))
          const { error: code, resource_metadata, scope } = read
          const asked = one === error ? required.join(" ") : login
          assert.deepStrictEqual(
            [code, resource_metadata ?? "", scope ?? ""],
            [one === error ? "insufficient_scope" : "invalid_token", resourceMetadata, asked]
          )
        }
      }),
    { arbitrary: { runs: 500 } }
  )

  it.effect.prop(
    "with control characters, line breaks and other scripts is a valid header",
    [text, Arbitrary.array(text, { maxLength: 3 })],
    ([resourceMetadata, scopes]) =>
      Effect.gen(function*() {
        const error = new InvalidToken({ reason: "expired" })
        const header = Challenge.rejection(error, { resourceMetadata, scopes }).headers["www-authenticate"] ?? ""
        assert.match(header, grammar)
        const { error: code } = yield* Effect.promise(() => byOauth4webapi(header))
        assert.strictEqual(code, "invalid_token")
      }),
    { arbitrary: { runs: 500 } }
  )

  it.effect.prop(
    "for a resource that can be protected is read alike by three parsers",
    [Arbitraries.resourceIdentifier, Arbitrary.array(scopeToken, { maxLength: 4 })],
    ([resource, scopes]) =>
      Effect.gen(function*() {
        const resourceMetadata = WellKnown.protectedResource(resource)
        for (const error of [new MissingCredentials(), new InsufficientScope({ required: scopes, granted: [] })]) {
          const header = Challenge.rejection(error, { resourceMetadata, scopes }).headers["www-authenticate"] ?? ""
          const read = yield* Effect.promise(() => byOauth4webapi(header))
          const { error: code, resource_metadata, scope } = read
          assert.deepStrictEqual([resource_metadata, scope ?? ""], [resourceMetadata, scopes.join(" ")])
          for (const parsed of bySdks(header)) {
            assert.deepEqual<unknown>(parsed, { error: code, resource_metadata: new URL(resourceMetadata).href, scope })
          }
        }
      }),
    { arbitrary: { runs: 500 } }
  )
})

describe("over HTTP", () => {
  it.effect("a 401 without credentials has no error code, but the metadata URL and the scopes to request", () =>
    Effect.gen(function*() {
      const { handle } = yield* start()
      const answer = yield* send(handle, resource, { method: "POST" })
      assert.strictEqual(answer.status, 401)
      assert.strictEqual(
        answer.headers.get("www-authenticate"),
        `Bearer scope="notes:read notes:write", resource_metadata="${metadataUrl}"`
      )
      assert.deepStrictEqual(bodyOf(answer), { error_description: "This resource needs an access token" })
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("a 401 requests only the required scopes, and a 403 names all of them at once", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { handle, reached } = yield* start({ requiredScopes: ["notes:write", "notes:admin"] })
      const missing = yield* callTool(handle, undefined)
      assert.include(missing.headers.get("www-authenticate") ?? "", "scope=\"notes:write notes:admin\"")
      const token = yield* provider.mint({ claims: { scope: "notes:admin" } })
      const short = yield* callTool(handle, token)
      assert.strictEqual(short.status, 403)
      const parameters = yield* Effect.promise(() => byOauth4webapi(short.headers.get("www-authenticate") ?? ""))
      assert.deepInclude(parameters, {
        error: "insufficient_scope",
        scope: "notes:write notes:admin",
        resource_metadata: metadataUrl
      })
      assert.deepStrictEqual(yield* reached, [])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("a request that names a revision or a session gets a JSON-RPC response", () =>
    Effect.gen(function*() {
      const { handle } = yield* start()
      for (const name of ["mcp-protocol-version", "mcp-session-id"]) {
        const answer = yield* send(handle, resource, { method: "POST", headers: { [name]: "2025-11-25" } })
        assert.strictEqual(answer.messages[0]?.error?.code, -32_001)
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("details are shown only with showErrorDetails", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const token = yield* provider.mint({ claims: { aud: "https://other.test" } })
      const { handle: closed } = yield* start()
      const { handle: open } = yield* start({ showErrorDetails: true })
      assert.include((yield* callTool(closed, token)).body, "The access token is not valid")
      const shown = yield* callTool(open, token)
      assert.include(shown.body, "the access token was issued for another resource")
      assert.notInclude(shown.body, "other.test")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("an outage has no challenge, and a Retry-After", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      yield* provider.fault("jwks", Fault.status(503, { "retry-after": "17" }))
      const { handle } = yield* start()
      const answer = yield* elapse(callTool(handle, yield* provider.mint()))
      assert.strictEqual(answer.status, 503)
      assert.strictEqual(answer.headers.get("retry-after"), "17")
      assert.isNull(answer.headers.get("www-authenticate"))
      assert.strictEqual(answer.headers.get("cache-control"), "no-store")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
