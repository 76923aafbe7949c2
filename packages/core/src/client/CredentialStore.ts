/**
 * Where a client keeps its credentials: access tokens and refresh tokens by MCP server, and registrations by
 * authorization server.
 *
 * One store belongs to one user. A web backend has one for each user, for example a `KeyValueStore` with a prefix. The
 * store also has the lock that makes several fibers and processes refresh one token once (`transaction`).
 *
 * **Example** (A store in memory)
 *
 * ```ts import.meta.vitest
 * import * as CredentialStore from "@effect-mcp-auth/core/CredentialStore"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function*() {
 *   const store = yield* CredentialStore.CredentialStore
 *   yield* store.setRegistration({ issuer: "https://as.example.com", clientId: "c1" })
 *   return (yield* store.registrations("https://as.example.com")).map(({ clientId }) => clientId)
 * })
 *
 * await Effect.runPromise(Effect.provide(program, CredentialStore.layerMemory)) // => ["c1"]
 * ```
 *
 * @since 0.2.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import { Encrypted, makeEncryption } from "../fetch/internal/encryption.ts"
import { printable } from "../metadata/internal/printable.ts"

const secretText = Schema.RedactedFromValue(Schema.String)

/**
 * Tokens, and the parties that they are from and for. They count only while the metadata of the resource names their
 * issuer.
 *
 * @category models
 * @since 0.2.0
 */
export const Tokens = Schema.Struct({
  /** The authorization server that issued them. */
  issuer: Schema.String,
  /** The resource identifier that they were requested for (RFC 8707). */
  resource: Schema.String,
  /** The client that they were issued to. */
  clientId: Schema.String,
  /** How the access token is sent: RFC 6750, or RFC 9449. */
  type: Schema.Literals(["Bearer", "DPoP"]),
  accessToken: secretText,
  refreshToken: Schema.optionalKey(secretText),
  /** When the access token was received, and when it expires, in milliseconds since 1970. */
  obtainedAt: Schema.Finite,
  expiresAt: Schema.optionalKey(Schema.Finite),
  /** The scopes that were requested. */
  requested: Schema.Array(Schema.String),
  /** The scopes that were granted, if the response says it. Otherwise those that were requested (RFC 6749, section 5.1). */
  granted: Schema.optionalKey(Schema.Array(Schema.String))
})

/**
 * Tokens, and the parties that they are from and for.
 *
 * @category models
 * @since 0.2.0
 */
export type Tokens = typeof Tokens.Type

/**
 * A client, as one authorization server has registered it dynamically (RFC 7591, section 3.2.1).
 *
 * @category models
 * @since 0.2.0
 */
export const Registration = Schema.Struct({
  issuer: Schema.String,
  clientId: Schema.String,
  clientSecret: Schema.optionalKey(secretText),
  /** When the secret expires, in milliseconds since 1970. */
  secretExpiresAt: Schema.optionalKey(Schema.Finite),
  /** `token_endpoint_auth_method`. */
  authenticationMethod: Schema.optionalKey(Schema.String),
  /** The redirect URI that the client is registered with. Authorization servers compare it character by character. */
  redirectUri: Schema.optionalKey(Schema.String),
  /** The scopes that the client is registered for. Some authorization servers grant it no others. */
  scopes: Schema.optionalKey(Schema.Array(Schema.String))
})

/**
 * A client, as one authorization server has registered it.
 *
 * @category models
 * @since 0.2.0
 */
export type Registration = typeof Registration.Type

const operations = {
  "read": "read",
  "write": "written",
  "lock": "locked"
} as const

/**
 * The store cannot be reached. Nothing is wrong with the credentials in it, so no login follows from this error.
 *
 * @category errors
 * @since 0.2.0
 */
export class StoreFailed extends Schema.TaggedError<StoreFailed>()("StoreFailed", {
  operation: Schema.Literals(["read", "write", "lock"]),
  /** What failed, without any credential: for example the code of a system error. */
  detail: Schema.String
}) {
  /** A store that is unavailable can be available later. */
  readonly retryable: boolean = true

  override get message(): string {
    return `The credential store could not be ${operations[this.operation]} (${
      printable(this.detail)
    }). Check that the ` +
      "program may use it, and retry"
  }
}

/**
 * The secret of an encrypted store is unusable.
 *
 * @category errors
 * @since 0.2.0
 */
export class InvalidStoreSecret extends Schema.TaggedError<InvalidStoreSecret>()("InvalidStoreSecret", {
  reason: Schema.Literal("short-secret")
}) {
  override get message(): string {
    return "The credential store cannot be encrypted: the option secret has fewer than 32 characters and can be guessed; " +
      "use at least 32 random ones"
  }
}

/**
 * The operations of a store. An entry that cannot be decoded is absent: the way out is another login.
 *
 * @category models
 * @since 0.2.0
 */
export interface Shape {
  /** The tokens for an MCP server, by its URL. */
  readonly tokens: (server: string) => Effect.Effect<Option.Option<Tokens>, StoreFailed>
  readonly setTokens: (server: string, tokens: Tokens) => Effect.Effect<void, StoreFailed>
  readonly removeTokens: (server: string) => Effect.Effect<void, StoreFailed>
  /** The URLs of the MCP servers that the store has tokens for, in alphabetical order. */
  readonly servers: Effect.Effect<ReadonlyArray<string>, StoreFailed>
  /** The registrations with an authorization server, newest first. */
  readonly registrations: (issuer: string) => Effect.Effect<ReadonlyArray<Registration>, StoreFailed>
  /** Adds a registration, or replaces that of the same client ID. */
  readonly setRegistration: (registration: Registration) => Effect.Effect<void, StoreFailed>
  readonly removeRegistration: (issuer: string, clientId: string) => Effect.Effect<void, StoreFailed>
  /**
   * Runs an effect while no other fiber, and no other process if the store is shared, runs one with the same key. Used
   * around reading, refreshing and writing tokens, never around a login or a request to an MCP server.
   */
  readonly transaction: Transaction
}

/**
 * A lock with a name. It must not be entered again from inside.
 *
 * @category models
 * @since 0.2.0
 */
export type Transaction = (
  key: string
) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | StoreFailed, R>

/**
 * The store of a user's credentials.
 *
 * @category services
 * @since 0.2.0
 */
export class CredentialStore extends Context.Service<CredentialStore, Shape>()(
  "@effect-mcp-auth/core/client/CredentialStore"
) {}

// The version is that of the form. Entries of another version are ignored.
const TokensEntry = Schema.fromJsonString(
  Schema.Struct({ version: Schema.Literal(1), server: Schema.String, tokens: Tokens })
)
const RegistrationsEntry = Schema.fromJsonString(
  Schema.Struct({ version: Schema.Literal(1), registrations: Schema.Array(Registration) })
)

const decodeTokens = Schema.decodeUnknownOption(TokensEntry)
const encodeTokens = Schema.encodeEffect(TokensEntry)
const decodeRegistrations = Schema.decodeUnknownOption(RegistrationsEntry)
const encodeRegistrations = Schema.encodeEffect(RegistrationsEntry)

/** How names and texts are written. */
interface Form {
  readonly nameOf: (name: string) => Effect.Effect<string>
  readonly write: (key: string, text: string) => Effect.Effect<string>
  /** `undefined` if the text was written in another way. */
  readonly read: (key: string, text: string) => Effect.Effect<string | undefined>
}

const plain: Form = {
  nameOf: Effect.succeed,
  write: (_key, text) => Effect.succeed(text),
  read: (_key, text) => Effect.succeed(text)
}

const EncryptedText = Schema.fromJsonString(Encrypted)
const decodeEncrypted = Schema.decodeUnknownEffect(EncryptedText)

const encryptedForm = Effect.fnUntraced(function*(secret: Redacted.Redacted) {
  const { decrypt, encrypt, nameOf } = yield* Effect.orDie(makeEncryption(secret, "credentials"))
  const encode = Schema.encodeEffect(Schema.fromJsonString(Schema.toEncoded(Encrypted)))
  const form: Form = {
    nameOf: (name) => Effect.orDie(nameOf(name)),
    // Bound to its key: an entry that is copied to another key is invalid there.
    write: (key, text) => Effect.orDie(Effect.flatMap(encrypt(key, text), encode)),
    read: (key, text) =>
      Effect.orElseSucceed(
        Effect.flatMap(decodeEncrypted(text), (encrypted) => decrypt(key, encrypted)),
        () => undefined
      )
  }
  return form
})

/** One lock for each key that is in use. */
const makeTransaction = (): Transaction => {
  const locks = new Map<string, { readonly semaphore: Semaphore.Semaphore; users: number }>()
  return (key) => (effect) =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        const lock = locks.get(key) ?? { semaphore: Semaphore.makeUnsafe(1), users: 0 }
        lock.users++
        locks.set(key, lock)
        return lock
      }),
      ({ semaphore }) => semaphore.withPermits(1)(effect),
      (lock) =>
        Effect.sync(() => {
          lock.users--
          if (lock.users === 0) locks.delete(key)
        })
    )
}

/** The message of a store's error can contain what it could not parse, so only the operation is reported. */
const failed = (operation: StoreFailed["operation"]) => (error: KeyValueStore.KeyValueStoreError) =>
  new StoreFailed({ operation, detail: `KeyValueStore.${error.method}` })

const unreadable =
  "An entry of the credential store cannot be read and is ignored; the next login replaces it. If the " +
  "store is encrypted, check that its secret is that of the last run"

/** More registrations than a client needs with one authorization server. The oldest ones are dropped. */
const maxRegistrations = 16

/** The kinds of entries. The names of a kind start with it, so that one store can hold other data as well. */
const kinds = { tokens: "mcp-oauth tokens ", registrations: "mcp-oauth clients " } as const

/** Texts by kind and name. */
const makeEntries = (store: KeyValueStore.KeyValueStore, form: Form) => {
  const keyOf = (kind: keyof typeof kinds, name: string) =>
    Effect.map(form.nameOf(name), (written) => `${kinds[kind]}${written}`)
  const readKey = Effect.fnUntraced(function*<A>(key: string, decode: (text: string) => Option.Option<A>) {
    const written = yield* Effect.mapError(store.get(key), failed("read"))
    if (written === undefined) return Option.none()
    const text = yield* form.read(key, written)
    const decoded = text === undefined ? Option.none() : decode(text)
    if (Option.isNone(decoded)) yield* Effect.logWarning(unreadable)
    return decoded
  })
  return {
    readKey,
    read: <A>(kind: keyof typeof kinds, name: string, decode: (text: string) => Option.Option<A>) =>
      Effect.flatMap(keyOf(kind, name), (key) => readKey(key, decode)),
    write: Effect.fnUntraced(function*(kind: keyof typeof kinds, name: string, text: string) {
      const key = yield* keyOf(kind, name)
      yield* Effect.mapError(store.set(key, yield* form.write(key, text)), failed("write"))
    }),
    remove: (kind: keyof typeof kinds, name: string) =>
      Effect.flatMap(keyOf(kind, name), (key) => Effect.mapError(store.remove(key), failed("write")))
  }
}

const makeStore = (store: KeyValueStore.KeyValueStore, form: Form, transaction: Transaction): Shape => {
  const entries = makeEntries(store, form)
  const registrations = (issuer: string) =>
    Effect.map(
      entries.read("registrations", issuer, decodeRegistrations),
      Option.match({ onNone: () => [], onSome: ({ registrations }) => registrations })
    )
  const change = (issuer: string, f: (all: ReadonlyArray<Registration>) => ReadonlyArray<Registration>) =>
    transaction(`clients ${issuer}`)(
      Effect.flatMap(registrations(issuer), (all) =>
        Effect.flatMap(
          Effect.orDie(encodeRegistrations({ version: 1, registrations: f(all).slice(0, maxRegistrations) })),
          (text) => entries.write("registrations", issuer, text)
        ))
    )
  return {
    tokens: (server) => Effect.map(entries.read("tokens", server, decodeTokens), Option.map(({ tokens }) => tokens)),
    setTokens: (server, tokens) =>
      Effect.flatMap(
        Effect.orDie(encodeTokens({ version: 1, server, tokens })),
        (text) => entries.write("tokens", server, text)
      ),
    removeTokens: (server) => entries.remove("tokens", server),
    servers: Effect.gen(function*() {
      const keys = (yield* Effect.mapError(store.keys, failed("read"))).filter((key) => key.startsWith(kinds.tokens))
      const found = yield* Effect.forEach(keys, (key) => entries.readKey(key, decodeTokens))
      return found.flatMap((entry) => Option.isSome(entry) ? [entry.value.server] : []).toSorted()
    }),
    registrations,
    setRegistration: (added) =>
      change(added.issuer, (all) => [added, ...all.filter(({ clientId }) => clientId !== added.clientId)]),
    removeRegistration: (issuer, clientId) =>
      change(issuer, (all) => all.filter((registration) => registration.clientId !== clientId)),
    transaction
  }
}

/**
 * Options for a store in a `KeyValueStore`.
 *
 * @category models
 * @since 0.2.0
 */
export interface KeyValueOptions {
  /**
   * The lock, if several processes share the `KeyValueStore`. Without it, two processes can refresh one token at the same
   * time, and authorization servers that rotate refresh tokens then revoke both. Default: a lock inside this process.
   */
  readonly transaction?: Transaction | undefined
}

/**
 * Keeps credentials in a `KeyValueStore`, in plain text. Its owner must protect it like a password file.
 *
 * @category layers
 * @since 0.2.0
 */
export const layerKeyValueStore = (
  options?: KeyValueOptions
): Layer.Layer<CredentialStore, never, KeyValueStore.KeyValueStore> =>
  Layer.effect(
    CredentialStore,
    Effect.map(
      KeyValueStore.KeyValueStore,
      (store) => makeStore(store, plain, options?.transaction ?? makeTransaction())
    )
  )

/**
 * Options for an encrypted store.
 *
 * @category models
 * @since 0.2.0
 */
export interface EncryptedOptions extends KeyValueOptions {
  /** The secret that encrypts entries: random, at least 32 characters. Keep it apart from the store. */
  readonly secret: Redacted.Redacted
}

/**
 * Keeps credentials encrypted and authenticated in a `KeyValueStore` (XChaCha20-Poly1305). An attacker with access to it can
 * neither read nor forge them. The names of servers are hashed.
 *
 * @category layers
 * @since 0.2.0
 */
export const layerEncrypted = (
  options: EncryptedOptions
): Layer.Layer<CredentialStore, InvalidStoreSecret, KeyValueStore.KeyValueStore> =>
  Layer.effect(
    CredentialStore,
    Effect.gen(function*() {
      if (Redacted.value(options.secret).length < 32) return yield* new InvalidStoreSecret({ reason: "short-secret" })
      const form = yield* encryptedForm(options.secret)
      return makeStore(yield* KeyValueStore.KeyValueStore, form, options.transaction ?? makeTransaction())
    })
  )

/**
 * Keeps credentials in memory, for programs that need them for one run, and for tests.
 *
 * @category layers
 * @since 0.2.0
 */
export const layerMemory: Layer.Layer<CredentialStore> = Layer.provide(
  layerKeyValueStore(),
  KeyValueStore.layerMemory
)
