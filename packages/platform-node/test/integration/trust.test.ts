import * as EmbeddedProvider from "@effect-mcp-auth/examples/EmbeddedProvider"
import { ScriptedUser } from "@effect-mcp-auth/examples/ScriptedUser"
import * as SdkClient from "@effect-mcp-auth/examples/SdkClient"
import { freePort, serveNotes } from "@effect-mcp-auth/examples/serve"
import { assert, describe } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { decodeJwt, decodeProtectedHeader } from "jose"
import * as BetterAuthProvider from "./support/BetterAuthProvider.ts"
import { live } from "./support/live.ts"
import { accessTokenOf, addNote, whoAmI } from "./support/logins.ts"
import { ask, askUntil } from "./support/requests.ts"
import { sign } from "./support/sign.ts"

const StoredKey = Schema.Struct({
  id: Schema.String,
  privateKey: Schema.fromJsonString(Schema.Record(Schema.String, Schema.Json))
})

/** One server that trusts two providers, and a user who logged in at each. */
const twoProviders = Effect.gen(function*() {
  const port = yield* freePort
  const first = yield* EmbeddedProvider.start()
  const second = yield* BetterAuthProvider.start({ resources: [`http://127.0.0.1:${port}/mcp`] })
  const { resource } = yield* serveNotes({ port, issuer: first.issuer, otherIssuers: [second.issuer] })
  const atFirst = yield* SdkClient.connect(resource)
  // A client uses the first of the authorization servers, unless its user has chosen another.
  const user = new ScriptedUser()
  user.saveDiscoveryState({ authorizationServerUrl: second.issuer })
  const atSecond = yield* SdkClient.connect(resource, user)
  const stored = yield* Effect.orDie(Schema.decodeUnknownEffect(StoredKey)(second.store["jwks"]?.[0]))
  return {
    resource,
    first: { ...first, ...atFirst, key: first.signingKeys[0] ?? {} },
    second: { ...second, ...atSecond, key: { ...stored.privateKey } }
  }
})

describe.concurrent("several servers and several providers", () => {
  live("two servers of one provider refuse each other's tokens", () =>
    Effect.gen(function*() {
      const { issuer } = yield* EmbeddedProvider.start()
      const left = yield* serveNotes({ issuer })
      const right = yield* serveNotes({ issuer })
      const atLeft = yield* SdkClient.connect(left.resource)
      const atRight = yield* SdkClient.connect(right.resource)
      for (const [here, there] of [[atLeft, right], [atRight, left]] as const) {
        assert.strictEqual((yield* whoAmI(here.client)).subject, "ada")
        const { challenge, status } = yield* ask(there.resource, accessTokenOf(here.user))
        assert.strictEqual(status, 401)
        assert.include(challenge, "error=\"invalid_token\"")
      }
    }))

  live(
    "a token of an untrusted provider is refused, whatever its issuer and kid are",
    () =>
      Effect.gen(function*() {
        const provider = yield* EmbeddedProvider.start()
        const stranger = yield* EmbeddedProvider.start()
        const { resource } = yield* serveNotes({ issuer: provider.issuer })
        const { user } = yield* SdkClient.connect(resource)
        const claims = decodeJwt(accessTokenOf(user))
        const header = { alg: "RS256", kid: "RS256" }
        const honest = yield* sign(claims, provider.signingKeys[0] ?? {}, header)
        assert.strictEqual((yield* ask(resource, honest)).status, 200)
        for (const iss of [stranger.issuer, provider.issuer, `${provider.issuer}/`]) {
          const foreign = yield* sign({ ...claims, iss }, stranger.signingKeys[0] ?? {}, header)
          const { challenge, status } = yield* ask(resource, foreign)
          assert.strictEqual(status, 401)
          assert.include(challenge, "error=\"invalid_token\"")
        }
      })
  )

  live(
    "a server with two providers accepts both, and distinguishes users with the same subject",
    () =>
      Effect.gen(function*() {
        const { first, second } = yield* twoProviders
        for (const { client, issuer, user } of [first, second]) {
          assert.strictEqual(decodeJwt(accessTokenOf(user)).iss, issuer)
          assert.strictEqual((yield* whoAmI(client)).subject, "ada")
          assert.strictEqual(yield* addNote(client), 1)
        }
      })
  )

  live("a server with two providers never mixes their keys", () =>
    Effect.gen(function*() {
      const { first, resource, second } = yield* twoProviders
      for (const [mine, other] of [[first, second], [second, first]] as const) {
        const claims = decodeJwt(accessTokenOf(mine.user))
        const { alg, kid = "" } = decodeProtectedHeader(accessTokenOf(mine.user))
        const theirs = decodeProtectedHeader(accessTokenOf(other.user))
        const honest = yield* sign(claims, mine.key, { alg: alg ?? "", kid })
        assert.strictEqual((yield* ask(resource, honest)).status, 200)
        // The other provider's issuer in the token, with its own kid, and with the kid of the other provider's key.
        for (const name of [kid, theirs.kid ?? ""]) {
          const forged = yield* sign({ ...claims, iss: other.issuer }, mine.key, { alg: alg ?? "", kid: name })
          assert.strictEqual((yield* ask(resource, forged)).status, 401)
        }
      }
    }))

  live(
    "while the provider is down, a server without a cache answers 503 and one with a cache continues; both recover",
    () =>
      Effect.gen(function*() {
        const provider = yield* EmbeddedProvider.start()
        const warm = yield* serveNotes({ issuer: provider.issuer })
        const cold = yield* serveNotes({ issuer: provider.issuer })
        const { client, user } = yield* SdkClient.connect(warm.resource)
        const newcomer = new ScriptedUser()
        yield* SdkClient.logIn(cold.resource, newcomer)
        yield* provider.stop

        const refused = yield* ask(cold.resource, accessTokenOf(newcomer))
        assert.strictEqual(refused.status, 503)
        assert.strictEqual(refused.challenge, undefined)
        assert.isAtLeast(Number(refused.retryAfter), 1)
        assert.include(refused.body, "temporarily_unavailable")
        assert.strictEqual((yield* whoAmI(client)).subject, "ada")
        assert.strictEqual((yield* ask(warm.resource, accessTokenOf(user))).status, 200)
        // A token with its own mistake is still refused.
        assert.strictEqual((yield* ask(cold.resource, accessTokenOf(user))).status, 401)

        const port = Number(new URL(provider.issuer).port)
        yield* EmbeddedProvider.start({ port, signingKeys: provider.signingKeys })
        yield* askUntil(200, cold.resource, accessTokenOf(newcomer))
        const again = yield* SdkClient.connect(cold.resource, newcomer)
        assert.strictEqual((yield* whoAmI(again.client)).subject, "ada")
        const another = yield* SdkClient.connect(warm.resource)
        assert.strictEqual((yield* whoAmI(another.client)).subject, "ada")
      })
  )
})
