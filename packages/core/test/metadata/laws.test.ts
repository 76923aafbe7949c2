import {
  AuthorizationServerMetadata,
  Issuer,
  ProtectedResourceMetadata,
  ResourceIdentifier,
  WellKnown
} from "@effect-mcp-auth/core"
import { Arbitraries } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Schema } from "effect"
import * as oauth from "oauth4webapi"

const runs = { arbitrary: { runs: 1000 } }

const forms = [
  "oauth-authorization-server",
  "openid-configuration",
  "openid-configuration-inserted",
  "oauth-authorization-server-appended"
] as const

const urlsOf = (issuer: Issuer.Issuer) => forms.map((form) => WellKnown.ofForm(issuer, form))

/** The path as written: everything after the authority. */
const pathOf = (issuer: string): string => /^[a-z]+:\/\/[^/?]*(.*)$/i.exec(issuer)?.[1] ?? ""

const stripped = (issuer: string): string =>
  issuer.endsWith("/") && pathOf(issuer) !== "" ? issuer.slice(0, -1) : issuer

/** Lower-case scheme and host, no default port: the differences that a URL does not keep. */
const wireForm = (issuer: string): string => new URL(issuer).origin + pathOf(stripped(issuer))

const made = (issuer: string): Issuer.Issuer =>
  Result.getOrThrowWith(Issuer.makeResult(issuer, { allowInsecureLoopback: true }), (error) => error)

const sorted = (document: object) => Object.entries(document).toSorted(([a], [b]) => a < b ? -1 : 1)

describe("properties of issuer URLs", () => {
  it.effect.prop(
    "every URL keeps the scheme, host and port of its issuer",
    [Arbitraries.issuer],
    ([issuer]) =>
      Effect.sync(() => {
        for (const url of urlsOf(issuer)) assert.strictEqual(new URL(url).origin, new URL(issuer).origin)
      }),
    runs
  )

  it.effect.prop(
    "every URL of a loopback issuer keeps its scheme, host and port",
    [Arbitraries.insecureLoopbackIssuer],
    ([issuer]) =>
      Effect.sync(() => {
        for (const url of urlsOf(issuer)) assert.strictEqual(new URL(url).origin, new URL(issuer).origin)
      }),
    runs
  )

  it.effect.prop(
    "every URL is normalized, without user information, query and fragment",
    [Arbitraries.issuer],
    ([issuer]) =>
      Effect.sync(() => {
        for (const url of urlsOf(issuer)) {
          const parsed = new URL(url)
          assert.strictEqual(parsed.href, url)
          assert.strictEqual(parsed.username + parsed.password + parsed.search + parsed.hash, "")
        }
      }),
    runs
  )

  it.effect.prop("the path survives byte for byte", [Arbitraries.issuer], ([issuer]) =>
    Effect.sync(() => {
      const path = pathOf(stripped(issuer))
      assert.isTrue(
        WellKnown.oauthAuthorizationServer(issuer).endsWith(`/.well-known/oauth-authorization-server${path}`)
      )
      assert.isTrue(WellKnown.openidConfigurationInserted(issuer).endsWith(`/.well-known/openid-configuration${path}`))
      assert.isTrue(WellKnown.openidConfiguration(issuer).endsWith(`${path}/.well-known/openid-configuration`))
    }), runs)

  it.effect.prop("exactly one terminating slash is dropped", [Arbitraries.issuer], ([issuer]) =>
    Effect.sync(() => {
      const bare = issuer.endsWith("/") ? made(`${issuer}a`) : issuer
      assert.deepStrictEqual(urlsOf(made(`${bare}/`)), urlsOf(bare))
      assert.notDeepEqual(urlsOf(made(`${bare}//`)), urlsOf(bare))
    }), runs)

  it.effect.prop(
    "two issuers share URLs only if they differ by that slash, by case of scheme and host, or by a default port",
    [Arbitraries.issuer, Arbitraries.issuer],
    ([a, b]) =>
      Effect.sync(() => {
        for (const form of forms) {
          assert.strictEqual(WellKnown.ofForm(a, form) === WellKnown.ofForm(b, form), wireForm(a) === wireForm(b))
        }
      }),
    runs
  )

  it.effect.prop(
    "case of scheme and host and the default port change no URL, but the issuer",
    [Arbitraries.issuer],
    ([issuer]) =>
      Effect.sync(() => {
        const loud = made(issuer.replace(/^[a-z]+:\/\/[^/]*/i, (origin) => origin.toUpperCase()))
        assert.deepStrictEqual(urlsOf(loud), urlsOf(issuer))
        const bare = issuer.replace(/^([a-z]+:\/\/(?:\[[^\]]*\]|[^/:]*)):?(?:443)?(?=\/|$)/i, "$1")
        const ported = made(bare.replace(/^([a-z]+:\/\/(?:\[[^\]]*\]|[^/:]*))(?=\/|$)/i, "$1:443"))
        if (new URL(issuer).port === "") assert.deepStrictEqual(urlsOf(ported), urlsOf(issuer))
      }),
    runs
  )

  it.effect.prop("the inverse returns the issuer", [Arbitraries.issuer], ([issuer]) =>
    Effect.sync(() => {
      for (const form of forms) {
        const url = WellKnown.ofForm(issuer, form)
        const back = WellKnown.issuersOf(url).find((found) => found.form === form)
        const path = pathOf(stripped(issuer))
        assert.strictEqual(back?.issuer, `${wireForm(issuer)}${path.endsWith("/") ? "/" : ""}`)
        assert.isTrue(WellKnown.leadsTo(issuer, url))
      }
    }), runs)

  it.effect.prop(
    "every issuer that the inverse returns leads back to the URL",
    [Arbitraries.issuer],
    ([issuer]) =>
      Effect.sync(() => {
        for (const url of urlsOf(issuer)) {
          for (const found of WellKnown.issuersOf(url)) {
            assert.strictEqual(WellKnown.ofForm(found.issuer, found.form), url)
          }
        }
      }),
    runs
  )

  it.effect.prop(
    "a URL list has two candidates without a path, three with one, and no duplicates",
    [Arbitraries.issuer],
    ([issuer]) =>
      Effect.sync(() => {
        const candidates = WellKnown.candidates(issuer)
        assert.strictEqual(candidates.length, pathOf(stripped(issuer)) === "" ? 2 : 3)
        assert.strictEqual(new Set(candidates).size, candidates.length)
      }),
    runs
  )

  it.effect.prop("an issuer stays itself, and an http one only with the opt-in", [
    Arbitraries.insecureLoopbackIssuer
  ], ([issuer]) =>
    Effect.sync(() => {
      assert.deepStrictEqual(Issuer.makeResult(issuer, { allowInsecureLoopback: true }), Result.succeed(issuer))
      const refused = Issuer.makeResult(issuer)
      assert.strictEqual(Result.isFailure(refused) ? refused.failure.reason : "made", "insecure-loopback")
    }), runs)

  it.effect.prop(
    "an issuer is refused after any mutation",
    [Arbitraries.invalidIssuer],
    ([{ issuer }]) =>
      Effect.sync(() => {
        assert.isTrue(Result.isFailure(Issuer.makeResult(issuer)), issuer)
      }),
    { arbitrary: { runs: 3000 } }
  )

  it.effect.prop("any string gives a typed error or candidates", [Schema.String], ([text]) =>
    Effect.gen(function*() {
      const result = yield* Effect.result(Issuer.make(text))
      if (Result.isSuccess(result)) assert.isAbove(WellKnown.candidates(result.success).length, 1)
      else assert.strictEqual(result.failure._tag, "InvalidIssuer")
      assert.deepStrictEqual(Schema.is(Issuer.Issuer)(text), Result.isSuccess(result))
      assert.isArray(WellKnown.issuersOf(text))
    }), runs)

  it.effect.prop("any end of an issuer gives a typed error or candidates of the same origin", [
    Arbitraries.issuer,
    Schema.String
  ], ([issuer, text]) =>
    Effect.sync(() => {
      const result = Issuer.makeResult(`${issuer}/${text}`)
      if (Result.isFailure(result)) return
      for (const url of urlsOf(result.success)) assert.strictEqual(new URL(url).origin, new URL(issuer).origin)
    }), runs)

  it.effect.prop("oauth4webapi requests the same URLs", [Arbitraries.issuer], ([issuer]) =>
    Effect.gen(function*() {
      const asked = (algorithm: "oauth2" | "oidc") =>
        Effect.promise(async () => {
          let seen = ""
          await oauth.discoveryRequest(new URL(issuer), {
            algorithm,
            [oauth.customFetch]: (url) => {
              seen = url
              return Promise.resolve(new Response())
            }
          })
          return seen
        })
      assert.strictEqual(yield* asked("oauth2"), WellKnown.oauthAuthorizationServer(issuer))
      // It collapses the slashes of the appended form, which changes the path, so only paths without repeated slashes
      // are compared.
      if (!pathOf(issuer).includes("//")) {
        assert.strictEqual(yield* asked("oidc"), WellKnown.openidConfiguration(issuer))
      }
    }), runs)
})

describe("properties of resource URLs", () => {
  it.effect.prop("every URL keeps the scheme, host and port of its resource, and is normalized", [
    Arbitraries.resourceIdentifier
  ], ([resource]) =>
    Effect.sync(() => {
      for (const url of WellKnown.protectedResourceCandidates(resource)) {
        assert.strictEqual(new URL(url).origin, new URL(resource).origin)
        assert.strictEqual(new URL(url).href, url)
      }
    }), runs)

  it.effect.prop("path and query survive byte for byte; only a slash right after the host is dropped", [
    Arbitraries.resourceIdentifier
  ], ([resource]) =>
    Effect.sync(() => {
      const rest = pathOf(resource).replace(/^\/(?=\?|$)/, "")
      assert.isTrue(WellKnown.protectedResource(resource).endsWith(`/.well-known/oauth-protected-resource${rest}`))
    }), runs)

  it.effect.prop("any string gives a typed error or URLs", [Schema.String], ([text]) =>
    Effect.sync(() => {
      const result = ResourceIdentifier.makeResult(text)
      if (Result.isSuccess(result)) assert.isAbove(WellKnown.protectedResourceCandidates(result.success).length, 0)
      else assert.strictEqual(result.failure._tag, "InvalidResourceIdentifier")
    }), runs)
})

describe("properties of documents", () => {
  it.effect.prop(
    "authorization server metadata survives a round trip",
    [Arbitraries.authorizationServerDocument],
    ([document]) =>
      Effect.gen(function*() {
        const metadata = yield* Schema.decodeEffect(AuthorizationServerMetadata.AuthorizationServerMetadata)(document)
        const back = yield* Schema.encodeEffect(AuthorizationServerMetadata.AuthorizationServerMetadata)(metadata)
        assert.deepStrictEqual(sorted(back), sorted(document))
      }),
    runs
  )

  it.effect.prop(
    "protected resource metadata survives a round trip",
    [Arbitraries.protectedResourceDocument],
    ([document]) =>
      Effect.gen(function*() {
        const metadata = yield* Schema.decodeEffect(ProtectedResourceMetadata.ProtectedResourceMetadata)(document)
        const back = yield* Schema.encodeEffect(ProtectedResourceMetadata.ProtectedResourceMetadata)(metadata)
        assert.deepStrictEqual(sorted(back), sorted(document))
      }),
    runs
  )
})
