/**
 * Keeps the credentials of clients in files of the user.
 *
 * Each entry is a file with mode 0600 in a directory with mode 0700. It is replaced as a whole (a new file, renamed), so that
 * a crash leaves the old or the new entry. Several processes can share the directory: a lock file makes them refresh a token
 * once. The lock of a process that has ended is taken over.
 *
 * **Details**
 *
 * The entries are plain text unless the option `secret` encrypts them. Plain text protects against other users of the
 * machine, and not against programs of the same user. The directory must be on a local file system.
 *
 * **Example** (A client whose login outlives the program)
 *
 * ```ts import.meta.vitest
 * import * as CredentialStore from "@effect-mcp-auth/core/CredentialStore"
 * import * as NodeCredentialStore from "@effect-mcp-auth/platform-node/NodeCredentialStore"
 * import * as Effect from "effect/Effect"
 * import { mkdtempSync } from "node:fs"
 * import { tmpdir } from "node:os"
 *
 * const directory = `${mkdtempSync(`${tmpdir()}/notes-`)}/credentials`
 * const store = NodeCredentialStore.layerFile({ directory })
 *
 * const write = Effect.flatMap(CredentialStore.CredentialStore, (store) =>
 *   store.setRegistration({ issuer: "https://as.example.com", clientId: "c1" }))
 * await Effect.runPromise(Effect.provide(write, store))
 *
 * const read = Effect.flatMap(CredentialStore.CredentialStore, (store) => store.registrations("https://as.example.com"))
 * const found = await Effect.runPromise(Effect.provide(read, store))
 * found.map(({ clientId }) => clientId) // => ["c1"]
 * ```
 *
 * @since 0.2.0
 */
import * as CredentialStore from "@effect-mcp-auth/core/CredentialStore"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import type { PlatformError } from "effect/PlatformError"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import { createHash, randomUUID } from "node:crypto"
import { join } from "node:path"
import { withFileLock } from "./internal/fileLock.ts"

/**
 * Options for a store in files.
 *
 * @category models
 * @since 0.2.0
 */
export interface FileOptions {
  /** The directory of the entries, for this store alone. It is created if it does not exist. */
  readonly directory: string
  /** Encrypts the entries: random, at least 32 characters. Keep it elsewhere. Default: plain text. */
  readonly secret?: Redacted.Redacted | undefined
}

/** An entry with its key, because the name of its file is a hash. */
const Entry = Schema.fromJsonString(Schema.Struct({ key: Schema.String, value: Schema.String }))
const encode = Schema.encodeEffect(Entry)
const decode = Schema.decodeUnknownOption(Entry)

const suffix = ".entry.json"

/** Keys contain URLs, which file systems do not allow as names, or treat as equal. */
const hashOf = (key: string): string => createHash("sha256").update(key).digest("hex")

/** The message of a file error contains paths only, and no content. Its category is enough for a person. */
const failed = (method: string) => ({ reason }: PlatformError) =>
  new KeyValueStore.KeyValueStoreError({ message: reason._tag, method: `${method}: ${reason._tag}` })

const orMissing = <A>(effect: Effect.Effect<A, PlatformError>) =>
  effect.pipe(
    Effect.asSome,
    Effect.catchIf(({ reason }) => reason._tag === "NotFound", () => Effect.succeedNone)
  )

/** Replaces a file as a whole. The content is on the disk before it gets its name. */
const replaceFile = (files: FileSystem.FileSystem, path: string, text: string) =>
  Effect.suspend(() => {
    const temporary = `${path}.${randomUUID()}.tmp`
    return Effect.scoped(Effect.gen(function*() {
      const file = yield* files.open(temporary, { flag: "wx", mode: 0o600 })
      yield* file.writeAll(new TextEncoder().encode(text))
      yield* file.sync
    })).pipe(
      Effect.andThen(files.rename(temporary, path)),
      Effect.onError(() => Effect.ignore(files.remove(temporary)))
    )
  })

const makeKeyValueStore = (files: FileSystem.FileSystem, directory: string): KeyValueStore.KeyValueStore => {
  const pathOf = (key: string) => join(directory, `${hashOf(key)}${suffix}`)
  const readEntry = (path: string) => Effect.map(orMissing(files.readFileString(path)), Option.flatMap(decode))
  const names = Effect.map(files.readDirectory(directory), (names) => names.filter((name) => name.endsWith(suffix)))
  const keys = Effect.gen(function*() {
    const entries = yield* Effect.forEach(yield* names, (name) => readEntry(join(directory, name)))
    return entries.flatMap((entry) => Option.isSome(entry) ? [entry.value.key] : [])
  }).pipe(Effect.mapError(failed("keys")))
  const remove = (key: string) => Effect.asVoid(Effect.mapError(orMissing(files.remove(pathOf(key))), failed("remove")))
  return KeyValueStore.makeStringOnly({
    get: (key) =>
      readEntry(pathOf(key)).pipe(
        Effect.map((entry) => Option.getOrUndefined(Option.map(entry, ({ value }) => value))),
        Effect.mapError(failed("get"))
      ),
    set: (key, value) =>
      Effect.orDie(encode({ key, value })).pipe(
        Effect.flatMap((text) => replaceFile(files, pathOf(key), text)),
        Effect.mapError(failed("set"))
      ),
    remove,
    clear: Effect.flatMap(keys, (keys) => Effect.forEach(keys, remove, { discard: true })),
    size: Effect.map(keys, ({ length }) => length),
    keys
  })
}

/** The lock between processes. Callers of this process wait in a queue before it, and do not poll the file system. */
const makeTransaction = (files: FileSystem.FileSystem, directory: string): CredentialStore.Transaction => {
  const queues = new Map<string, { readonly semaphore: Semaphore.Semaphore; users: number }>()
  return (key) => (effect) => {
    const path = join(directory, `${hashOf(key)}.lock`)
    return Effect.acquireUseRelease(
      Effect.sync(() => {
        const queue = queues.get(path) ?? { semaphore: Semaphore.makeUnsafe(1), users: 0 }
        queue.users++
        queues.set(path, queue)
        return queue
      }),
      ({ semaphore }) =>
        Effect.result(effect).pipe(
          (whole) => Effect.provideService(withFileLock(path, whole), FileSystem.FileSystem, files),
          Effect.mapError(({ reason }) => new CredentialStore.StoreFailed({ operation: "lock", detail: reason._tag })),
          Effect.flatMap(Effect.fromResult),
          semaphore.withPermits(1)
        ),
      (queue) =>
        Effect.sync(() => {
          queue.users--
          if (queue.users === 0) queues.delete(path)
        })
    )
  }
}

const isWindows = process.platform === "win32"

/** Another user who owns the directory, or can write into it, could replace the entries. */
const prepare = Effect.fnUntraced(function*(files: FileSystem.FileSystem, directory: string) {
  yield* files.makeDirectory(directory, { recursive: true, mode: 0o700 })
  const { mode, type, uid } = yield* files.stat(directory)
  const user = process.getuid?.()
  const isOwn = user === undefined || Option.contains(uid, user)
  return type === "Directory" && (isWindows || (isOwn && (mode & 0o022) === 0))
})

const openToOthers =
  "the directory is a file, belongs to another user, or other users can write into it; choose another one, or run chown " +
  "and chmod 700"

/**
 * Keeps credentials in files. Fails if the directory cannot be created, if it belongs to another user, or if other
 * users can write into it.
 *
 * @category layers
 * @since 0.2.0
 */
export const layerFile = (
  { directory, secret }: FileOptions
): Layer.Layer<CredentialStore.CredentialStore, CredentialStore.InvalidStoreSecret | CredentialStore.StoreFailed> =>
  Layer.unwrap(Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const isPrivate = yield* Effect.mapError(
      prepare(files, directory),
      ({ reason }) => new CredentialStore.StoreFailed({ operation: "write", detail: `the directory: ${reason._tag}` })
    )
    if (!isPrivate) return yield* new CredentialStore.StoreFailed({ operation: "write", detail: openToOthers })
    const transaction = makeTransaction(files, directory)
    const store = secret === undefined
      ? CredentialStore.layerKeyValueStore({ transaction })
      : CredentialStore.layerEncrypted({ transaction, secret })
    return Layer.provide(store, Layer.succeed(KeyValueStore.KeyValueStore, makeKeyValueStore(files, directory)))
  })).pipe(Layer.provide(NodeFileSystem.layer))
