/**
 * A certified OpenID provider (`oidc-provider`) on a loopback port of its own, with nothing to configure.
 *
 * It stands for the provider that you really use: the demo and the integration tests talk to it over HTTP.
 */
import * as Effect from "effect/Effect"
import { exportJWK, generateKeyPair } from "jose"
import { type Configuration, type JWK, Provider } from "oidc-provider"
import MemoryAdapter from "oidc-provider/lib/adapters/memory_adapter.js"
import { listen } from "./loopback.ts"

/** Fresh signing keys: nothing that this provider signs outlives it. */
const signingKeys = Effect.forEach(
  ["RS256", "ES256"],
  (alg) =>
    Effect.promise(() => generateKeyPair(alg, { extractable: true })).pipe(
      Effect.flatMap(({ privateKey }) => Effect.promise(() => exportJWK(privateKey))),
      Effect.map((key): JWK => ({ ...key, alg, use: "sig", kid: alg }))
    )
)

const configuration = (keys: ReadonlyArray<JWK>): Configuration => ({
  // Named, so that the provider does not warn of a default: for a demo, memory is the right place.
  adapter: (name: string) => new MemoryAdapter(name),
  cookies: { keys: ["a provider that lives for minutes needs no secret"] },
  jwks: { keys: [...keys] },
  scopes: ["openid", "offline_access", "notes:read", "notes:write"],
  clientAuthMethods: ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"],
  features: {
    devInteractions: { enabled: false },
    registration: { enabled: true },
    revocation: { enabled: true },
    introspection: { enabled: true },
    clientIdMetadataDocument: { enabled: true, ack: "draft-02" }
  }
})

/** Starts the provider. It ends with the scope. */
export const start = Effect.gen(function*() {
  // The issuer names the port, so the server has to be there before the provider is.
  const { origin, server } = yield* listen
  const provider = new Provider(origin, configuration(yield* signingKeys))
  server.on("request", provider.callback())
  return { issuer: origin }
})
