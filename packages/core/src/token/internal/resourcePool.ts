import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"

/** A resource that a caller needs. */
interface Wanted<A, E> {
  readonly key: string
  /** A resource of another version is replaced. */
  readonly version: string | undefined
  readonly build: Effect.Effect<A, E, Scope.Scope>
}

/** Resources by key, each with a scope of its own. */
export interface ResourcePool<A, E> {
  /** Uses a resource. It is built once for all callers that wait. A failure is not kept. */
  readonly use: <B, E2>(
    wanted: Wanted<A, E>,
    f: (resource: A) => Effect.Effect<B, E2>
  ) => Effect.Effect<B, E | E2>
  /** Forgets a resource. */
  readonly forget: (key: string) => Effect.Effect<void>
}

interface Entry<A, E> extends Pick<Wanted<A, E>, "key" | "version"> {
  readonly built: Deferred.Deferred<A, E>
  readonly scope: Scope.Closeable
  /** The number of callers that use the resource or wait for it. */
  users: number
}

/** The entries in the pool, the least recently used first, and the scope of all of them. */
interface Entries<A, E> {
  readonly byKey: Map<string, Entry<A, E>>
  readonly scope: Scope.Scope
  readonly capacity: number
}

/** Closes an entry without users that is no longer in the pool. Otherwise its last user closes it. Callers do not wait. */
const closeUnused = <A, E>({ byKey, scope }: Entries<A, E>, entry: Entry<A, E>): Effect.Effect<void> =>
  Effect.suspend(() =>
    entry.users === 0 && byKey.get(entry.key) !== entry
      ? Effect.asVoid(Effect.forkIn(Scope.close(entry.scope, Exit.void), scope))
      : Effect.void
  )

const remove = <A, E>(entries: Entries<A, E>, entry: Entry<A, E>): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (entries.byKey.get(entry.key) === entry) entries.byKey.delete(entry.key)
    return closeUnused(entries, entry)
  })

/** Builds a resource. The build belongs to the pool, so it goes on without the caller that started it. */
const start = <A, E>(
  entries: Entries<A, E>,
  entry: Entry<A, E>,
  build: Wanted<A, E>["build"]
): Effect.Effect<void> =>
  Effect.interruptible(Scope.provide(build, entry.scope)).pipe(
    Effect.onError(() => remove(entries, entry)),
    Effect.forkIn(entries.scope),
    // Also if the fiber never ran because the pool was closing, so that no caller waits forever.
    Effect.map((fiber) => fiber.addObserver((exit) => Deferred.doneUnsafe(entry.built, exit)))
  )

/** The entry for a caller, which counts as its user from now on. */
const acquire = <A, E>(entries: Entries<A, E>, { build, key, version }: Wanted<A, E>): Effect.Effect<Entry<A, E>> =>
  Effect.suspend(() => {
    const { byKey, capacity, scope } = entries
    const known = byKey.get(key)
    byKey.delete(key)
    if (known !== undefined && known.version === version) {
      byKey.set(key, known)
      known.users++
      return Effect.succeed(known)
    }
    const entry = { key, version, built: Deferred.makeUnsafe<A, E>(), scope: Scope.forkUnsafe(scope), users: 1 }
    byKey.set(key, entry)
    const oldest = byKey.size > capacity ? byKey.values().next().value : undefined
    return start(entries, entry, build).pipe(
      Effect.andThen(known === undefined ? Effect.void : closeUnused(entries, known)),
      Effect.andThen(oldest === undefined ? Effect.void : remove(entries, oldest)),
      Effect.as(entry)
    )
  })

/**
 * Creates a pool that keeps at most `capacity` resources. The least recently used one makes room. A resource that is in
 * use is closed after its last user, so that no user is interrupted.
 */
export const makeResourcePool = <A, E>(capacity: number): Effect.Effect<ResourcePool<A, E>, never, Scope.Scope> =>
  Effect.map(Effect.scope, (scope) => {
    const entries: Entries<A, E> = { byKey: new Map(), scope, capacity: Math.max(1, capacity) }
    return {
      use: (wanted, f) =>
        Effect.acquireUseRelease(
          acquire(entries, wanted),
          ({ built }) => Effect.flatMap(Deferred.await(built), f),
          (entry) =>
            Effect.suspend(() => {
              entry.users--
              return closeUnused(entries, entry)
            })
        ),
      forget: (key) =>
        Effect.suspend(() => {
          const entry = entries.byKey.get(key)
          return entry === undefined ? Effect.void : remove(entries, entry)
        })
    }
  })
