/** The verifier of this library, as a server has it: one effect for each token, run within the fiber of a request. */
import * as AuthorizationServer from "@effect-mcp-auth/core/AuthorizationServer"
import * as TokenVerifier from "@effect-mcp-auth/core/TokenVerifier"
import * as NodeJws from "@effect-mcp-auth/platform-node/NodeJws"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { keysFor } from "../harness/quietProvider.ts"
import { jwkOf, type PublicKey, quietIssuer, resource, type Token } from "../harness/tokens.ts"

/** How a result arrives. All verifiers are awaited by the same fiber. */
export type Verify =
  | { readonly _tag: "Sync"; readonly verify: (token: Token) => unknown }
  | { readonly _tag: "Promise"; readonly verify: (token: Token) => Promise<unknown> }
  | { readonly _tag: "Effect"; readonly verify: (token: Token) => Effect.Effect<unknown, unknown> }

/** Everything that a server of these issuers verifies by. */
export const verifierOf = Effect.fnUntraced(
  function*(issuers: ReadonlyArray<string>, options: TokenVerifier.JwtOptions) {
    const authorizationServers = yield* Effect.forEach(
      issuers,
      (issuer) => AuthorizationServer.make({ type: "oauth", metadata: { issuer, jwksUri: `${issuer}/jwks` } })
    )
    return yield* TokenVerifier.jwt(options).make({ resource, authorizationServers })
  }
)

const made = (
  verifier: Effect.Effect<TokenVerifier.VerifyToken, unknown, HttpClient.HttpClient | Scope.Scope>,
  key: PublicKey
): Effect.Effect<Verify, never, Scope.Scope> =>
  verifier.pipe(
    Effect.provide(keysFor([jwkOf(key)])),
    Effect.orDie,
    Effect.map((verify): Verify => ({
      _tag: "Effect",
      verify: ({ compact }: Token) => verify(Redacted.make(compact))
    }))
  )

export const oursOnNode =
  (options: TokenVerifier.JwtOptions) => (key: PublicKey): Effect.Effect<Verify, never, Scope.Scope> =>
    made(Effect.provide(verifierOf([quietIssuer], options), NodeJws.layer), key)

export const oursOnWebCrypto = (key: PublicKey): Effect.Effect<Verify, never, Scope.Scope> =>
  made(verifierOf([quietIssuer], {}), key)
