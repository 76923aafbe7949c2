import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import type { PlatformError } from "effect/PlatformError"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import { randomUUID } from "node:crypto"
import { readlinkSync } from "node:fs"
import { hostname } from "node:os"
import { threadId } from "node:worker_threads"

/** Who holds a lock. */
const Owner = Schema.fromJsonString(Schema.Struct({
  id: Schema.String,
  host: Schema.String,
  /** Where the process ID counts. Containers can have one host name, and process IDs of their own. */
  namespace: Schema.optionalKey(Schema.String),
  pid: Schema.Int,
  thread: Schema.Int
}))

const encode = Schema.encodeEffect(Owner)
const decode = Schema.decodeUnknownOption(Owner)

/** How often the holder of a lock says that it is alive, and after how long a silent one counts as dead. */
const heartbeat = "5 seconds"
const staleAfter = 30_000

/** The locks that this thread holds, by their IDs. */
const held = new Set<string>()

/** The namespace of process IDs. `undefined` if it is unknown: then no process ID of a lock says anything. */
const readNamespace = (): string | undefined => {
  if (process.platform !== "linux") return process.platform
  try {
    return readlinkSync("/proc/self/ns/pid")
  } catch {
    return undefined
  }
}

/** Whether a process exists. A process of another user exists, too. */
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // `process.kill` throws only errors of the system.
    return (error as NodeJS.ErrnoException).code !== "ESRCH"
  }
}

/**
 * Whether the holder cannot release the lock any more. A process ID that is in use again, or that is in another container,
 * says nothing: then the silence of the holder decides.
 */
const isDead = ({ host, id, namespace, pid, thread }: typeof Owner.Type): boolean => {
  if (host !== hostname() || namespace === undefined || namespace !== readNamespace()) return false
  // This thread, and not this lock: it is of an earlier process with the same ID.
  if (pid === process.pid && thread === threadId) return !held.has(id)
  return !isAlive(pid)
}

const ignoreMissing = <A, R>(effect: Effect.Effect<A, PlatformError, R>) =>
  Effect.catchIf(Effect.asVoid(effect), ({ reason }) => reason._tag === "NotFound", () => Effect.void)

/** Creates a file, unless it exists. */
const create = (path: string, text: string) =>
  Effect.flatMap(FileSystem.FileSystem, (files) => files.writeFileString(path, text, { flag: "wx", mode: 0o600 })).pipe(
    Effect.as(true),
    Effect.catchIf(({ reason }) => reason._tag === "AlreadyExists", () => Effect.succeed(false))
  )

/** How long ago a file or a symbolic link was written, in milliseconds. `undefined` if there is none. */
const ageOf = Effect.fnUntraced(function*(path: string) {
  const files = yield* FileSystem.FileSystem
  const now = yield* Clock.currentTimeMillis
  return yield* files.lstat(path).pipe(
    Effect.map(({ mtime }) => now - Option.match(mtime, { onNone: () => 0, onSome: (date) => date.getTime() })),
    Effect.catchIf(({ reason }) => reason._tag === "NotFound", () => Effect.undefined)
  )
})

/** The text of a lock whose holder is dead. Empty if the lock cannot be read, as a symbolic link to nothing. */
const staleText = Effect.fnUntraced(function*(path: string) {
  const files = yield* FileSystem.FileSystem
  const text = yield* Effect.option(files.readFileString(path))
  const owner = Option.flatMap(text, decode)
  if (Option.isSome(text) && Option.isSome(owner) && isDead(owner.value)) return text.value
  return ((yield* ageOf(path)) ?? 0) > staleAfter ? Option.getOrElse(text, () => "") : undefined
})

/**
 * Removes the lock of a dead holder. Only one process does so at a time: otherwise the second one could remove the lock that
 * the first one has taken since.
 */
const breakStale = Effect.fnUntraced(function*(path: string) {
  const files = yield* FileSystem.FileSystem
  const stale = yield* staleText(path)
  if (stale === undefined) return
  const guard = `${path}.break`
  if (!(yield* create(guard, ""))) {
    // Its process ended between two lines of this function.
    if (((yield* ageOf(guard)) ?? 0) > staleAfter) yield* ignoreMissing(files.remove(guard))
    return
  }
  yield* Effect.ensuring(
    Effect.gen(function*() {
      if ((yield* staleText(path)) === stale) yield* ignoreMissing(files.remove(path))
    }),
    Effect.ignore(files.remove(guard))
  )
})

/** Milliseconds until the next attempt. Random, so that waiting processes do not keep meeting. */
const pause = Effect.map(Random.next, (random) => 10 + random * 40)

/** Says that the holder is alive, for as long as it holds the lock. */
const beat = (path: string) =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    yield* Effect.sleep(heartbeat)
    const now = yield* Clock.currentTimeMillis
    yield* Effect.ignore(files.utimes(path, now / 1000, now / 1000))
  }).pipe(Effect.forever)

const release = Effect.fnUntraced(function*(path: string, id: string, text: string) {
  const files = yield* FileSystem.FileSystem
  const current = yield* Effect.option(files.readFileString(path))
  held.delete(id)
  // A lock that was taken over, because this process was suspended, belongs to another one.
  if (Option.contains(current, text)) yield* ignoreMissing(files.remove(path))
})

/**
 * Runs an effect while no other process, and no other caller in this process, runs one with the same lock file. The lock of
 * a process that has ended is taken over at once, and that of a process that is silent (suspended, on another host, or in
 * another container) after 30 seconds.
 */
export const withFileLock = <A, E, R>(path: string, effect: Effect.Effect<A, E, R>) =>
  Effect.uninterruptibleMask(Effect.fnUntraced(function*(restore) {
    const id = randomUUID()
    const namespace = readNamespace()
    const place = namespace === undefined ? {} : { namespace }
    const text = yield* Effect.orDie(encode({ id, host: hostname(), ...place, pid: process.pid, thread: threadId }))
    held.add(id)
    const acquire: Effect.Effect<void, PlatformError, FileSystem.FileSystem> = Effect.gen(function*() {
      while (!(yield* create(path, text))) {
        yield* breakStale(path)
        yield* restore(Effect.sleep(yield* pause))
      }
    })
    yield* Effect.onError(acquire, () => Effect.sync(() => held.delete(id)))
    const working = restore(Effect.raceFirst(effect, beat(path)))
    return yield* Effect.ensuring(working, Effect.ignore(release(path, id, text)))
  }))
