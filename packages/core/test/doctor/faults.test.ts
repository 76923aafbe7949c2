import { AuthorizationServer } from "@effect-mcp-auth/core"
import type * as Doctor from "@effect-mcp-auth/core/doctor/Doctor"
import * as Rule from "@effect-mcp-auth/core/doctor/Rule"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import {
  answer,
  anyMetadata,
  at,
  broken,
  challenge,
  headers,
  html,
  json,
  keySet,
  mcp,
  method,
  oauthDocument,
  pathMetadata,
  registration,
  status
} from "./changes.ts"
import { type Change, examine, findingsOf, issuer, metadataUrl, origin, resource, type World } from "./world.ts"

/** The challenge of the healthy server. */
const right = `Bearer scope="notes:read notes:write", resource_metadata="${metadataUrl}"`

interface Row {
  readonly name: string
  readonly id: string
  readonly actor: Rule.Actor
  readonly world: World
  /** What the fix of the finding says, applied to the faulty world. */
  readonly fixed: World
  readonly options?: Doctor.Options
  /** Findings that cannot be absent, because their condition is a part of this one. */
  readonly implied?: ReadonlyArray<string>
  /** Clients that fail because of it, and clients that it does not concern. */
  readonly fails?: ReadonlyArray<string>
  readonly works?: ReadonlyArray<string>
}

const healthy: World = {}

/** A fault in the answers, and the answers after the repair. */
const answers = (...changes: ReadonlyArray<Change>) => (...repairs: ReadonlyArray<Change>) => ({
  world: { changes },
  fixed: { changes: [...changes, ...repairs] }
})

/** A fault in the document of the provider, and its repair. */
const document = (metadata: NonNullable<World["metadata"]>) => ({ world: { metadata }, fixed: healthy })

/** A fault in the options of our server, with the option of the fix. */
const option = (protect: NonNullable<World["protect"]>, fix: NonNullable<World["protect"]>) => ({
  world: { protect },
  fixed: { protect: { ...protect, ...fix } }
})

const onlyCimd = { registration_endpoint: undefined }
const discover = (name: string) => [AuthorizationServer.discover(name, { type: "oauth" })]
const withIssuer = (name: string): World => ({
  provider: { issuer: name },
  protect: { authorizationServers: discover(name) }
})
const cors = { "access-control-allow-origin": "*", "access-control-expose-headers": "WWW-Authenticate" }
const posts = method(mcp, "POST")

const firstSteps: ReadonlyArray<Row> = [
  {
    name: "a server that refuses connections",
    id: "D01",
    actor: "operator",
    world: { changes: [broken(({ url }) => url.origin === origin, "ECONNREFUSED")] },
    fixed: healthy,
    fails: ["ts-2", "vscode"]
  },
  {
    name: "a certificate that has expired",
    id: "D02",
    actor: "operator",
    world: { changes: [broken(({ url }) => url.origin === origin, "CERT_HAS_EXPIRED")] },
    fixed: healthy
  },
  {
    name: "a redirect to a login page",
    id: "D03",
    actor: "server",
    ...answers(status(posts, 302, { location: "/login" }))(status(posts, 401, { "www-authenticate": right, ...cors }))
  },
  {
    name: "a server that accepts requests without a token",
    id: "D04",
    actor: "server",
    ...answers(answer(posts, () => Response.json({ jsonrpc: "2.0", id: 1, result: {} })))(
      status(posts, 401, { "www-authenticate": right, ...cors })
    )
  },
  {
    name: "404 for the MCP URL",
    id: "D05",
    actor: "server",
    ...answers(status(posts, 404))(status(posts, 401, { "www-authenticate": right, ...cors }))
  },
  {
    name: "405 for one revision",
    id: "D05",
    actor: "server",
    ...answers(status((asked) => posts(asked) && asked.headers.has("mcp-method"), 405))(
      status(posts, 401, { "www-authenticate": right, ...cors })
    )
  },
  {
    name: "403 for requests without a token",
    id: "R40",
    actor: "server",
    ...answers(status(posts, 403))(status(posts, 401, { "www-authenticate": right, ...cors })),
    fails: ["ts-2"],
    works: ["vscode"]
  },
  {
    name: "a 401 without a challenge",
    id: "R26",
    actor: "server",
    ...answers(challenge(undefined))(challenge(right)),
    fails: ["claude-web"],
    works: ["ts-1.31", "ts-2"]
  },
  {
    name: "a challenge with an open quotation mark",
    id: "D07",
    actor: "server",
    ...answers(challenge(`Bearer resource_metadata="${metadataUrl}", scope="notes:read`))(challenge(right))
  },
  {
    name: "a relative metadata URL in the challenge",
    id: "D07",
    actor: "server",
    ...answers(challenge("Bearer resource_metadata=\"/.well-known/oauth-protected-resource/mcp\""))(challenge(right))
  },
  {
    name: "a challenge of ten megabytes",
    id: "D07",
    actor: "server",
    ...answers(challenge(`Bearer realm="${"a".repeat(10_000_000)}"`))(challenge(right))
  },
  {
    name: "a challenge for Basic authentication",
    id: "D08",
    actor: "server",
    ...answers(challenge("Basic realm=\"internal\""))(challenge(right))
  },
  {
    name: "a challenge with a lower-case scheme",
    id: "R27",
    actor: "server",
    ...answers(challenge(`bearer resource_metadata="${metadataUrl}"`))(challenge(right))
  },
  {
    name: "an error code without a token",
    id: "R52",
    actor: "server",
    ...answers(challenge(`${right}, error="invalid_token"`))(challenge(right)),
    fails: ["codex-desktop"],
    works: ["ts-2"]
  },
  {
    name: "a page for people at GET",
    id: "R28",
    actor: "server",
    ...answers(html(method(mcp, "GET")))(status(method(mcp, "GET"), 405)),
    fails: ["rmcp", "goose"],
    works: ["ts-2"]
  },
  {
    name: "405 for HEAD",
    id: "R29",
    actor: "server",
    ...answers(status(method(mcp, "HEAD"), 405))(status(method(mcp, "HEAD"), 401, { "www-authenticate": right }))
  },
  {
    name: "no scopes in challenge and metadata",
    id: "R38",
    actor: "server",
    ...answers(
      challenge(`Bearer resource_metadata="${metadataUrl}"`),
      json(anyMetadata, (all) => ({ ...all, scopes_supported: undefined }))
    )(challenge(right))
  }
]

const metadataOfResource: ReadonlyArray<Row> = [
  {
    name: "the origin as the resource",
    id: "R19",
    actor: "server",
    ...option({ resource: origin, servedPath: "/mcp" }, { resource }),
    fails: ["vscode", "gemini", "claude-web"],
    works: ["ts-1.31", "ts-2"]
  },
  {
    name: "a slash at the end of the resource",
    id: "R20",
    actor: "server",
    ...option({ resource: `${resource}/`, servedPath: "/mcp" }, { resource }),
    fails: ["ts-1.31", "ts-2", "go"],
    works: ["zed"]
  },
  {
    name: "a slash at the end of the typed URL",
    id: "R20",
    actor: "server",
    world: { target: `${resource}/`, changes: [] },
    fixed: healthy,
    fails: ["go"],
    works: ["ts-1.31"]
  },
  {
    name: "a resource behind the proxy",
    id: "R21",
    actor: "server",
    ...answers(json(anyMetadata, (all) => ({ ...all, resource: "http://10.0.0.5:3000/mcp" })))(
      json(anyMetadata, (all) => ({ ...all, resource }))
    ),
    fails: ["ts-1.31", "ts-2"]
  },
  {
    name: "a resource with another path",
    id: "D09",
    actor: "server",
    ...answers(json(anyMetadata, (all) => ({ ...all, resource: `${origin}/other` })))(
      json(anyMetadata, (all) => ({ ...all, resource }))
    ),
    fails: ["ts-1.31"]
  },
  {
    name: "a list as the resource",
    id: "R22",
    actor: "server",
    ...answers(json(anyMetadata, (all) => ({ ...all, resource: [resource] })))(
      json(anyMetadata, (all) => ({ ...all, resource }))
    ),
    fails: ["ts-2"],
    works: ["zed"]
  },
  {
    name: "no metadata of the resource",
    id: "R23",
    actor: "server",
    world: { changes: [status(anyMetadata, 404)] },
    fixed: healthy,
    fails: ["ts-1.31", "ts-2", "chatgpt"]
  },
  {
    name: "a wrong metadata URL in the challenge",
    id: "D10",
    actor: "server",
    ...answers(challenge(right.replace("/mcp\"", "/wrong\"")))(challenge(right)),
    fails: ["ts-1.31", "ts-2"]
  },
  {
    name: "metadata at the root alone",
    id: "R24",
    actor: "server",
    ...answers(challenge("Bearer scope=\"notes:read notes:write\""), status(pathMetadata, 404))(
      challenge(`${right.slice(0, -5)}"`)
    ),
    fails: ["ts-1.12"],
    works: ["ts-1.31"]
  },
  {
    name: "metadata on another origin",
    id: "R25",
    actor: "server",
    ...answers(
      challenge(right.replace(origin, "https://cdn.test")),
      answer(
        at(metadataUrl.replace(origin, "https://cdn.test")),
        () =>
          Response.json(
            { resource, authorization_servers: [issuer], scopes_supported: ["notes:read", "notes:write"] },
            {
              headers: cors
            }
          )
      )
    )(challenge(right)),
    fails: ["gemini"],
    works: ["ts-2"]
  },
  {
    name: "metadata as text/plain",
    id: "R31",
    actor: "server",
    ...answers(headers(anyMetadata, { "content-type": "text/plain" }))(
      headers(anyMetadata, { "content-type": "application/json" })
    ),
    fails: ["go"]
  },
  {
    name: "an HTML page at the metadata URL",
    id: "D11",
    actor: "server",
    world: { changes: [html(pathMetadata)] },
    fixed: healthy,
    fails: ["ts-1.31"]
  },
  {
    name: "no authorization server in the metadata",
    id: "D12",
    actor: "server",
    ...answers(json(anyMetadata, (all) => ({ ...all, authorization_servers: [] })))(
      json(anyMetadata, (all) => ({ ...all, authorization_servers: [issuer] }))
    )
  },
  {
    name: "the Host header in the metadata",
    id: "D13",
    actor: "server",
    world: {
      changes: [(asked, before) =>
        anyMetadata(asked) && asked.headers.has("x-forwarded-host")
          ? Response.json({ resource: `https://${asked.headers.get("x-forwarded-host")}/mcp` })
          : before]
    },
    fixed: healthy
  },
  {
    name: "a page for unknown well-known URLs",
    id: "R32",
    actor: "server",
    ...answers(html(({ url }) => url.pathname === "/.well-known/mcp-auth-doctor"))(
      status(({ url }) => url.pathname === "/.well-known/mcp-auth-doctor", 404)
    )
  },
  {
    name: "a server error at the metadata URL",
    id: "R30",
    actor: "server",
    world: { changes: [status(pathMetadata, 500)] },
    fixed: healthy,
    fails: ["rmcp", "ts-1.31"]
  }
]

const providers: ReadonlyArray<Row> = [
  {
    name: "no metadata of the provider",
    id: "D14",
    actor: "provider",
    world: { provider: { serves: [] } },
    fixed: healthy,
    fails: ["ts-2"]
  },
  {
    name: "a provider that does not exist",
    id: "D14",
    actor: "provider",
    ...answers(json(anyMetadata, (all) => ({ ...all, authorization_servers: ["https://typo.test"] })))(
      json(anyMetadata, (all) => ({ ...all, authorization_servers: [issuer] }))
    )
  },
  {
    name: "an HTML page at the first metadata URL of the provider",
    id: "D15",
    actor: "provider",
    world: { changes: [html(oauthDocument)] },
    fixed: healthy,
    fails: ["ts-1.31", "ts-2"]
  },
  {
    name: "a server error at the first metadata URL of the provider",
    id: "R30",
    actor: "provider",
    world: { changes: [status(oauthDocument, 500)] },
    fixed: healthy,
    fails: ["ts-1.31", "ts-2", "go"]
  },
  {
    name: "a redirect of the document to another origin",
    id: "R34",
    actor: "provider",
    world: {
      changes: [
        (asked, before) => at("https://cdn.test/document")(asked) ? copiedDocument() : before,
        status(oauthDocument, 302, { location: "https://cdn.test/document" })
      ]
    },
    fixed: healthy,
    fails: ["rmcp"],
    works: ["ts-1.23", "ts-1.31"]
  },
  {
    name: "a document without response types",
    id: "R33",
    actor: "provider",
    ...document({ response_types_supported: undefined }),
    fails: ["ts-1.31", "ts-2"],
    works: ["go"]
  },
  {
    name: "a provider with a private address",
    id: "R49",
    actor: "provider",
    world: withIssuer("https://10.1.2.3"),
    fixed: healthy,
    fails: ["rmcp"]
  },
  {
    name: "a token endpoint without TLS",
    id: "D16",
    actor: "provider",
    ...document({ token_endpoint: "http://as.test/token" })
  },
  {
    name: "another issuer",
    id: "R07",
    actor: "server",
    world: { metadata: { issuer: "https://other.test" } },
    fixed: healthy,
    fails: ["ts-2", "go"],
    works: ["ts-1.31", "vscode"]
  },
  {
    name: "an issuer with a slash that the metadata lacks",
    id: "R08",
    actor: "server",
    world: { metadata: { issuer: `${issuer}/` } },
    fixed: healthy,
    fails: ["ts-2"],
    works: ["ts-1.31", "go"]
  },
  {
    name: "an issuer without the slash of the metadata",
    id: "R09",
    actor: "server",
    ...answers(json(anyMetadata, (all) => ({ ...all, authorization_servers: [`${issuer}/`] })))(
      json(anyMetadata, (all) => ({ ...all, authorization_servers: [issuer] }))
    ),
    fails: ["python-2", "go"],
    works: ["ts-2"]
  },
  {
    name: "an origin with a slash as issuer",
    id: "R10",
    actor: "provider",
    world: withIssuer(`${issuer}/`),
    fixed: healthy,
    fails: ["go"],
    works: ["ts-2"]
  },
  {
    name: "a path with a slash as issuer",
    id: "R11",
    actor: "provider",
    world: withIssuer(`${issuer}/app/`),
    fixed: withIssuer(`${issuer}/app`),
    fails: ["ai-sdk"],
    works: ["ts-2"]
  },
  { name: "no issuer", id: "R12", actor: "provider", ...document({ issuer: undefined }), fails: ["ts-1.31", "ts-2"] },
  {
    name: "no way to register",
    id: "R01",
    actor: "provider",
    ...document({ ...onlyCimd, client_id_metadata_document_supported: false }),
    fails: ["ts-2", "cursor"]
  },
  {
    name: "metadata documents for confidential clients alone",
    id: "R02",
    actor: "provider",
    ...document({ ...onlyCimd, token_endpoint_auth_methods_supported: ["private_key_jwt", "client_secret_post"] }),
    implied: ["R04"],
    fails: ["claude-web"]
  },
  {
    name: "no client ID metadata documents",
    id: "R03",
    actor: "provider",
    ...document({ client_id_metadata_document_supported: false }),
    fails: ["mastra"],
    works: ["ts-2"]
  },
  {
    name: "no dynamic registration",
    id: "R04",
    actor: "provider",
    ...document(onlyCimd),
    fails: ["ts-1.20", "ts-2"],
    works: ["claude-web"]
  },
  {
    name: "HTTP Basic alone",
    id: "R43",
    actor: "provider",
    ...document({ token_endpoint_auth_methods_supported: ["client_secret_basic"] })
  },
  {
    name: "a registration endpoint with a server error",
    id: "D17",
    actor: "provider",
    world: { changes: [status(registration, 502)] },
    fixed: healthy
  },
  {
    name: "a registration that is refused",
    id: "D18",
    actor: "provider",
    options: { register: true },
    world: {
      changes: [
        answer(method(registration, "POST"), () => Response.json({ error: "invalid_client_metadata" }, { status: 400 }))
      ]
    },
    fixed: healthy
  },
  {
    name: "redirect URIs that are refused",
    id: "R36",
    actor: "provider",
    options: { register: true },
    world: {
      changes: [
        answer(method(registration, "POST"), () => Response.json({ error: "invalid_redirect_uri" }, { status: 400 }))
      ]
    },
    fixed: healthy,
    fails: ["cursor"]
  },
  {
    name: "no PKCE",
    id: "R05",
    actor: "provider",
    ...document({ code_challenge_methods_supported: undefined }),
    fails: ["go", "chatgpt", "ts-1.13"],
    works: ["ts-1.31", "ts-2", "vscode"]
  },
  {
    name: "PKCE without S256",
    id: "R06",
    actor: "provider",
    ...document({ code_challenge_methods_supported: ["plain"] }),
    fails: ["ts-1.31", "ts-2"],
    works: ["go"]
  },
  {
    name: "no issuer in authorization responses",
    id: "R14",
    actor: "provider",
    ...document({ authorization_response_iss_parameter_supported: undefined }),
    fails: ["gemini"],
    works: ["gemini-0.59", "ts-2"]
  },
  {
    name: "fixed callbacks without an issuer in responses",
    id: "R18",
    actor: "provider",
    ...document({
      ...onlyCimd,
      client_id_metadata_document_supported: false,
      authorization_response_iss_parameter_supported: false
    }),
    implied: ["R01", "R14"]
  },
  {
    name: "client credentials alone",
    id: "R50",
    actor: "provider",
    ...document({ grant_types_supported: ["client_credentials"] })
  },
  {
    name: "no offline_access",
    id: "R51",
    actor: "provider",
    ...document({ scopes_supported: ["openid", "notes:read", "notes:write"] })
  },
  {
    name: "an open redirector",
    id: "D19",
    actor: "provider",
    options: { clientId: "c1" },
    world: {
      changes: [(asked, before) =>
        asked.url.pathname === "/authorize"
          ? new Response(null, {
            status: 302,
            headers: { location: `${asked.url.searchParams.get("redirect_uri")}?error=invalid_request` }
          })
          : before]
    },
    fixed: healthy
  },
  {
    name: "a wrong authorization endpoint",
    id: "D20",
    actor: "provider",
    options: { clientId: "c1" },
    world: { changes: [status(({ url }) => url.pathname === "/authorize", 404)] },
    fixed: healthy
  }
]

const rest: ReadonlyArray<Row> = [
  {
    name: "406 for the key set",
    id: "D21",
    actor: "provider",
    world: { changes: [status(keySet, 406)] },
    fixed: healthy,
    fails: ["ts-2", "vscode"]
  },
  {
    name: "a key set of weak keys",
    id: "D22",
    actor: "provider",
    world: { changes: [json(keySet, () => ({ keys: [{ kty: "RSA", kid: "weak", n: "AQAB", e: "AQAB" }] }))] },
    fixed: healthy
  },
  {
    name: "one weak key among others",
    id: "D23",
    actor: "provider",
    world: {
      changes: [
        json(
          keySet,
          ({ keys }) => ({
            keys: [...Array.isArray(keys) ? keys : [], { kty: "RSA", kid: "weak", n: "AQAB", e: "AQAB" }]
          })
        )
      ]
    },
    fixed: healthy
  },
  {
    name: "405 for OPTIONS",
    id: "D25",
    actor: "server",
    ...answers(status(method(mcp, "OPTIONS"), 405))(
      status(method(mcp, "OPTIONS"), 204, { ...cors, "access-control-allow-headers": "authorization" })
    ),
    fails: ["browser"],
    works: ["ts-2"]
  },
  {
    name: "no CORS",
    id: "D26",
    actor: "server",
    ...answers(headers((asked) => posts(asked) || anyMetadata(asked), { "access-control-allow-origin": undefined }))(
      headers((asked) => posts(asked) || anyMetadata(asked), cors)
    ),
    fails: ["browser"]
  },
  {
    name: "no CORS at the provider",
    id: "D27",
    actor: "provider",
    world: { provider: { headers: {} } },
    fixed: healthy,
    fails: ["browser"]
  },
  {
    name: "405 for the preflight of the registration",
    id: "D28",
    actor: "provider",
    world: {
      metadata: { client_id_metadata_document_supported: false },
      changes: [status(method(registration, "OPTIONS"), 405)]
    },
    fixed: healthy,
    implied: ["R03"],
    fails: ["browser"]
  },
  {
    name: "a 401 that caches may store",
    id: "D29",
    actor: "server",
    ...answers(headers(posts, { "cache-control": "public, max-age=60" }))(
      headers(posts, { "cache-control": "no-store" })
    )
  },
  {
    name: "a document that is cached for a year",
    id: "D30",
    actor: "provider",
    world: { changes: [headers(oauthDocument, { "cache-control": "max-age=31536000" })] },
    fixed: healthy
  },
  {
    name: "a server whose clock is ahead",
    id: "D31",
    actor: "operator",
    world: { changes: [headers(mcp, { date: "Thu, 01 Jan 1970 00:10:00 GMT" })] },
    fixed: { changes: [headers(mcp, { date: "Thu, 01 Jan 1970 00:00:01 GMT" })] }
  },
  {
    name: "a provider whose clock is ahead",
    id: "D32",
    actor: "provider",
    world: { changes: [headers(oauthDocument, { date: "Thu, 01 Jan 1970 00:10:00 GMT" })] },
    fixed: healthy
  }
]

/** The document of the healthy provider, from another origin. */
function copiedDocument(): Response {
  return Response.json({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    registration_endpoint: `${issuer}/register`,
    scopes_supported: ["offline_access", "notes:read"],
    response_types_supported: ["code"],
    token_endpoint_auth_methods_supported: ["none"],
    code_challenge_methods_supported: ["S256"],
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: true
  }, { headers: cors })
}

const rows = [...firstSteps, ...metadataOfResource, ...providers, ...rest]

describe("the doctor and planted faults", () => {
  it.effect("finds nothing wrong with our own server", () =>
    Effect.gen(function*() {
      const report = yield* examine({}, { clientId: "c1", register: true })
      assert.deepStrictEqual(findingsOf(report), [])
      assert.strictEqual(report.verdict, "healthy")
      const failing = report.clients.filter(({ verdict }) => verdict === "fails").map(({ id }) => id)
      assert.deepStrictEqual(failing, ["codex-0.146"])
    }))

  for (const { actor, fails = [], fixed, id, implied = [], name, options, works = [], world } of rows) {
    it.effect(`names ${name} as ${id}, and nothing else, until it is repaired`, () =>
      Effect.gen(function*() {
        const report = yield* examine(world, options)
        assert.deepStrictEqual(
          [...findingsOf(report)].toSorted(),
          [id, ...implied].toSorted(),
          JSON.stringify(report.findings.map(({ id, seen }) => [id, seen]))
        )
        const finding = report.findings.find((one) => one.id === id)
        assert.strictEqual(finding?.actor, actor)
        const verdicts = new Map(report.clients.map((client) => [client.id, client]))
        for (const client of fails) assert.strictEqual(verdicts.get(client)?.finding, id, client)
        for (const client of works) assert.notStrictEqual(verdicts.get(client)?.verdict, "fails", client)
        const after = yield* examine(fixed, options)
        assert.notInclude(findingsOf(after), id)
        assert.deepStrictEqual(findingsOf(after).filter((other) => !implied.includes(other)), [])
      }))
  }

  it("plants at least thirty faults, each with a rule that has an ID of its own", () => {
    assert.isAtLeast(new Set(rows.map(({ id }) => id)).size, 30)
    const ids = Rule.rules.map(({ id }) => id)
    assert.deepStrictEqual(ids, [...new Set(ids)])
  })
})
