/** Shared by the tests of sharing: a store that can be inspected and broken, and instances that share it. */
import { AuthorizationServer, type Issuer, SharedMemory, type TokenVerifier } from "@effect-mcp-auth/core"
import { Effect, Exit, Layer, Logger, Redacted, Ref, Scope } from "effect"
import type { HttpClient } from "effect/http"
import { Persistence } from "effect/persistence"
import { issuer, resource } from "../token/harness.ts"

/** The fault of the store. */
export type Trouble = "none" | "fails" | "hangs"

/** A store in memory, with its entries visible. */
export const makeStore = Effect.gen(function*() {
  const entries = new Map<string, object>()
  const trouble = yield* Ref.make<Trouble>("none")
  const asked = yield* Ref.make(0)
  const meet = Effect.gen(function*() {
    yield* Ref.update(asked, (count) => count + 1)
    const kind = yield* Ref.get(trouble)
    if (kind === "hangs") return yield* Effect.never
    if (kind === "fails") return yield* new Persistence.PersistenceError({ message: "ECONNREFUSED" })
  })
  const store: Persistence.BackingPersistenceStore = {
    get: (key) => Effect.as(meet, entries.get(key)),
    getMany: () => Effect.die("not asked for"),
    // A store that never forgets, which is the worst case.
    set: (key, value) => Effect.andThen(meet, Effect.sync(() => entries.set(key, value))),
    setMany: () => Effect.die("not asked for"),
    remove: () => Effect.die("not asked for"),
    clear: Effect.die("not asked for")
  }
  const layer = Layer.succeed(Persistence.BackingPersistence, { make: () => Effect.succeed(store) })
  return { asked: Ref.get(asked), entries, layer, trouble }
})

export type Store = Effect.Success<typeof makeStore>

export const secret = Redacted.make("the secret of all the instances here")

/** Shares the content of a store with a layer. */
export const sharing =
  ({ layer }: Store, options: SharedMemory.Options = { secret }) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.provide(effect, Layer.fresh(Layer.provide(SharedMemory.layer(options), layer)))

/** An instance of a server, up to its verifier. */
export interface Instance {
  readonly server: AuthorizationServer.AuthorizationServer
  readonly verify: (token: string) => ReturnType<TokenVerifier.VerifyToken>
}

/** Starts an instance, which ends with the test. */
export const instance = Effect.fnUntraced(function*<R>(
  method: TokenVerifier.Method<R>,
  options: AuthorizationServer.Options & { readonly resource?: string } = {}
): Effect.fn.Return<
  Instance,
  Issuer.InvalidIssuer | TokenVerifier.InvalidVerifier,
  HttpClient.HttpClient | R | Scope.Scope
> {
  const server = yield* AuthorizationServer.discover(issuer, { type: "oauth", ...options })
  const verify = yield* method.make({ resource: options.resource ?? resource, authorizationServers: [server] })
  return { server, verify: (token: string) => verify(Redacted.make(token)) }
})

/** The messages that are logged at the level of warnings or above. */
export const logged = Effect.gen(function*() {
  const lines: Array<string> = []
  const logger = Logger.make<unknown, void>(({ logLevel, message }) => {
    lines.push(`${logLevel}: ${[message].flat().map(String).join(" ")}`)
  })
  return { lines, layer: Logger.layer([logger]) }
})

/** Ends on demand, like a process. */
export const separately = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R | Scope.Scope>) {
  const scope = yield* Scope.make()
  const value = yield* Effect.provideService(effect, Scope.Scope, scope)
  return { value, end: Scope.close(scope, Exit.void) }
})
