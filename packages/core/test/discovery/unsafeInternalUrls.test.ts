import {
  AuthorizationServer,
  ClientAuthentication,
  Discovery,
  TokenVerifier,
  UnsafeInternalOrigin
} from "@effect-mcp-auth/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { claims, compact, issuer, makeEd25519, now, outcome, resource, signer } from "../token/harness.ts"

const key = makeEd25519()
const token = compact({ alg: "EdDSA", typ: "at+jwt", kid: "1" }, claims, signer(key, "EdDSA"))

const inside = "http://keycloak:8080"
const urls = { metadata: `${inside}/metadata`, jwks: `${inside}/jwks`, introspection: "http://idp.svc/introspect" }

const document = { issuer, jwks_uri: `${issuer}/jwks`, introspection_endpoint: `${issuer}/introspect` }

const answers: Readonly<Record<string, () => Response>> = {
  [urls.metadata]: () => Response.json(document),
  [urls.jwks]: () => Response.json({ keys: [{ ...key.jwk, kid: "1" }] }),
  [urls.introspection]: () => Response.json({ ...claims, active: true }),
  [`${inside}/other-issuer`]: () => Response.json({ ...document, issuer: "https://evil.test" }),
  [`${inside}/moved`]: () => Response.redirect(urls.metadata),
  [`${inside}/away`]: () => Response.redirect("http://other:8080/metadata"),
  [`${issuer}/.well-known/oauth-authorization-server`]: () => Response.json(document)
}

/** A network whose requests are recorded, each with the origin inside the network that it may reach. */
const makeNetwork = () => {
  const requests: Array<readonly [url: string, internal: string | undefined]> = []
  const client = HttpClient.make((request) =>
    Effect.map(UnsafeInternalOrigin.UnsafeInternalOrigin, (origin) => {
      requests.push([request.url, origin])
      return HttpClientResponse.fromWeb(request, answers[request.url]?.() ?? new Response(null, { status: 404 }))
    })
  )
  return { requests, provide: Effect.provideService(HttpClient.HttpClient, client) }
}

const configOf = (unsafeInternalUrls: AuthorizationServer.Options["unsafeInternalUrls"]) =>
  Effect.gen(function*() {
    const server = yield* AuthorizationServer.discover(issuer, { type: "oauth", unsafeInternalUrls })
    return yield* server.config
  })

const reasonOf = (unsafeInternalUrls: AuthorizationServer.Options["unsafeInternalUrls"]) =>
  configOf(unsafeInternalUrls).pipe(
    Effect.flip,
    Effect.map((error) => {
      const attempt = error._tag === "DiscoveryFailed" ? error.attempts[0]?.error : undefined
      return attempt?._tag === "MetadataFetchError" ? attempt.reason._tag : attempt?._tag
    })
  )

describe("URLs of a provider inside the own network", () => {
  it.effect("are the only ones that are requested, and the metadata keeps its public URLs", () => {
    const network = makeNetwork()
    return Effect.gen(function*() {
      yield* TestClock.setTime(now * 1000)
      const server = yield* AuthorizationServer.discover(issuer, { type: "oauth", unsafeInternalUrls: urls })
      const verify = yield* TokenVerifier.jwt().make({ resource, authorizationServers: [server] })
      assert.strictEqual(yield* outcome(verify(Redacted.make(token))), "accepted")
      assert.deepStrictEqual(network.requests, [[urls.metadata, inside], [urls.jwks, inside]])
      assert.strictEqual((yield* server.config).metadata.jwksUri, `${issuer}/jwks`)
    }).pipe(Effect.scoped, network.provide)
  })

  it.effect("apply to introspection, each with its own origin", () => {
    const network = makeNetwork()
    return Effect.gen(function*() {
      yield* TestClock.setTime(now * 1000)
      const server = yield* AuthorizationServer.discover(issuer, { type: "oauth", unsafeInternalUrls: urls })
      const method = TokenVerifier.introspection({
        authentication: ClientAuthentication.clientSecretBasic("notes", Redacted.make("secret"))
      })
      const verify = yield* method.make({ resource, authorizationServers: [server] })
      assert.strictEqual(yield* outcome(verify(Redacted.make("opaque"))), "accepted")
      assert.deepStrictEqual(network.requests, [[urls.metadata, inside], [urls.introspection, "http://idp.svc"]])
    }).pipe(Effect.scoped, network.provide)
  })

  it.effect("can replace only the key set", () => {
    const network = makeNetwork()
    return Effect.gen(function*() {
      yield* TestClock.setTime(now * 1000)
      const server = yield* AuthorizationServer.fetch(issuer, {
        type: "oauth",
        unsafeInternalUrls: { jwks: urls.jwks }
      })
      const verify = yield* TokenVerifier.jwt().make({ resource, authorizationServers: [server] })
      assert.strictEqual(yield* outcome(verify(Redacted.make(token))), "accepted")
      const wellKnown = `${issuer}/.well-known/oauth-authorization-server`
      assert.deepStrictEqual(network.requests, [[wellKnown, undefined], [urls.jwks, inside]])
    }).pipe(Effect.scoped, network.provide)
  })

  const refused: ReadonlyArray<readonly [what: string, metadata: string, reason: string, requests: number]> = [
    ["a document with another issuer", `${inside}/other-issuer`, "IssuerMismatch", 1],
    ["a redirect to another origin", `${inside}/away`, "Redirect", 1],
    ["a URL that is not http or https", "ftp://keycloak/metadata", "RefusedUrl", 0],
    ["a URL with credentials", "http://a:b@keycloak:8080/metadata", "RefusedUrl", 0]
  ]
  for (const [what, metadata, reason, requests] of refused) {
    it.effect(`do not permit ${what}`, () => {
      const network = makeNetwork()
      return Effect.gen(function*() {
        assert.strictEqual(yield* reasonOf({ metadata }), reason)
        assert.strictEqual(network.requests.length, requests)
      }).pipe(Effect.scoped, network.provide)
    })
  }

  it.effect("permit a redirect on their own origin", () => {
    const network = makeNetwork()
    return Effect.gen(function*() {
      assert.strictEqual((yield* configOf({ metadata: `${inside}/moved` })).issuer, issuer)
    }).pipe(Effect.scoped, network.provide)
  })

  it.effect("permit http for nothing else: a URL that a document names is refused", () => {
    const network = makeNetwork()
    return Effect.gen(function*() {
      yield* TestClock.setTime(now * 1000)
      const server = yield* AuthorizationServer.make(
        { type: "oauth", metadata: { issuer, jwksUri: urls.jwks } },
        { unsafeInternalUrls: { introspection: urls.introspection } }
      )
      const verify = yield* TokenVerifier.jwt().make({ resource, authorizationServers: [server] })
      assert.include(yield* outcome(verify(Redacted.make(token))), "navailable")
      assert.deepStrictEqual(network.requests, [])
    }).pipe(Effect.scoped, network.provide)
  })

  it.effect("are a strategy, too", () => {
    const network = makeNetwork()
    return Effect.gen(function*() {
      const strategy = Discovery.firstOf(Discovery.unsafeInternalUrl(`${inside}/missing`), Discovery.oauth)
      const { locations } = yield* Discovery.discover(strategy, issuer)
      assert.deepStrictEqual(locations, [`${issuer}/.well-known/oauth-authorization-server`])
      assert.deepStrictEqual(network.requests.map(([, origin]) => origin), [inside, undefined])
    }).pipe(network.provide)
  })
})
