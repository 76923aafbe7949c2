import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as HttpClient from "effect/http/HttpClient"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { type Challenge, scopes as scopesOf } from "../../token/WwwAuthenticate.ts"
import type { StoreFailed, Tokens } from "../CredentialStore.ts"
import { LoginRequired, type OAuthClientError, StepUpExhausted, TokenRefused } from "../OAuthClientError.ts"
import { OAuthEvent } from "../OAuthEvent.ts"
import { obtain, refresh } from "./obtain.ts"
import { findMetadata, type Found, now, publish, type Settings } from "./settings.ts"

/** Why tokens are needed. */
export interface Need {
  /** The tokens that did not do. */
  readonly used: Tokens | undefined
  readonly challenge: Challenge | undefined
  /** The server requires more scopes, so a refresh does not help. */
  readonly isStepUp: boolean
  /** The tokens of a renewal were refused at once, so another refresh does not help. */
  readonly isFresh: boolean
  /** The tokens are still valid, so no page is opened for others. */
  readonly isAhead?: boolean
}

/** The tokens of one client, and the one renewal of them that is under way. */
export interface Renewal {
  /** The tokens in memory. Reads the store at first. */
  readonly current: Effect.Effect<Tokens | undefined, StoreFailed>
  /** The newest tokens: those of the store if another process has written them later, otherwise those in memory. */
  readonly newest: Effect.Effect<Tokens | undefined, StoreFailed>
  /** Other tokens than those that did not do. */
  readonly renew: (need: Need) => Effect.Effect<Tokens, OAuthClientError>
  /** The tokens in memory, unless they are to be renewed at this time. */
  readonly notDue: (time: number) => Tokens | undefined
  /**
   * The tokens for a request. Renews those that are about to expire. A failure of that is no error, and no page is opened,
   * while they may still do. Fails if they have expired, and a user has to act.
   */
  readonly ready: Effect.Effect<Tokens | undefined, OAuthClientError>
  /** Whether tokens were refreshed or obtained here, and not read from the store. */
  readonly isOwn: (tokens: Tokens) => boolean
  /** Whether tokens are those of a login, and not refreshed ones. */
  readonly isFromLogin: (tokens: Tokens) => boolean
  readonly forget: Effect.Effect<void, StoreFailed>
}

/** Whether both have one access token. */
const isSame = (one: Tokens | undefined, other: Tokens | undefined): boolean =>
  one === other ||
  (one !== undefined && other !== undefined && Redacted.value(one.accessToken) === Redacted.value(other.accessToken))

/** The scopes that tokens have, as far as it is known. */
const scopesIn = ({ granted, requested }: Tokens): ReadonlyArray<string> => granted ?? requested

const hasAll = (tokens: Tokens, scopes: ReadonlyArray<string>): boolean =>
  scopes.every((scope) => scopesIn(tokens).includes(scope))

/** Whether tokens of the store are those of this grant. Keys of DPoP do not outlive their process. */
const isUsable = ({ dpopMode, grant }: Settings<unknown>, { clientId, type }: Tokens): boolean =>
  type === "Bearer" && dpopMode !== "always" && (
    grant._tag === "AuthorizationCode" || clientId === (grant._tag === "FromEffect" ? "" : grant.clientId ?? "")
  )

/** Errors of a refresh after which only a login helps. Anything else may be an outage. */
const overErrors = new Set(["invalid_grant", "invalid_client", "unauthorized_client"])

const isOver = (error: OAuthClientError): boolean => error instanceof TokenRefused && overErrors.has(error.error)

/** More logins within this time are a loop, and every one of them opens a page. */
const loginWindow = 600_000
const maxLogins = 5

/** Distinct sets of scopes that a server may ask a step-up for. */
const maxStepUpSets = 64

/** How long a failed renewal ahead of time is not repeated. */
const quietAfterFailure = 5_000

const isInteractive = ({ grant }: Pick<Settings<unknown>, "grant">): boolean => grant._tag === "AuthorizationCode"

/** When tokens are renewed: a tenth of their life before they expire, and at most the configured time. */
const renewalTime = (refreshAhead: number, { expiresAt, obtainedAt }: Tokens): number =>
  expiresAt === undefined ? Infinity : expiresAt - Math.min(refreshAhead, (expiresAt - obtainedAt) / 10)

/** Counts what could go on without an end. */
const makeLimits = <R>(settings: Settings<R>) => {
  const { server } = settings
  const stepUps = new Map<string, number>()
  let logins: ReadonlyArray<number> = []
  const keyOf = (scopes: ReadonlyArray<string>) => scopes.toSorted().join(" ")
  return {
    /** The number of this attempt for the scopes. It counts when it is made (`countStepUp`). */
    checkStepUp: Effect.fnUntraced(function*(used: Tokens, scopes: ReadonlyArray<string>) {
      const exhausted = (reason: StepUpExhausted["reason"]) =>
        new StepUpExhausted({ resource: used.resource, scopes, reason })
      if (hasAll(used, scopes)) return yield* exhausted("already-granted")
      const key = keyOf(scopes)
      const attempts = stepUps.get(key) ?? 0
      const isNew = attempts === 0
      if (attempts >= settings.maxStepUps || (isNew && stepUps.size >= maxStepUpSets)) {
        return yield* exhausted("too-often")
      }
      if (!(yield* settings.approveStepUp(scopes))) return yield* exhausted("declined")
      return attempts + 1
    }),
    countStepUp: (scopes: ReadonlyArray<string>, attempt: number) => void stepUps.set(keyOf(scopes), attempt),
    /** Scopes that were granted may be asked for again later. */
    grantedStepUp: (scopes: ReadonlyArray<string>) => void stepUps.delete(keyOf(scopes)),
    countLogin: Effect.gen(function*() {
      if (!settings.interactive) return yield* new LoginRequired({ server, reason: "not-interactive" })
      const time = yield* now
      logins = logins.filter((one) => one > time - loginWindow)
      if (logins.length >= maxLogins) return yield* new LoginRequired({ server, reason: "too-many" })
      logins = [...logins, time]
    })
  }
}

/** Reads the tokens of the store, and knows which tokens have been in it. */
const makeStored = <R>(settings: Settings<R>) => {
  const { server, store } = settings
  const written = new WeakSet<Tokens>()
  const read = Effect.map(store.tokens(server), (entry) => {
    const found = Option.filter(entry, (found) => isUsable(settings, found))
    if (Option.isSome(found)) written.add(found.value)
    return found
  })
  return {
    written,
    read,
    /** None if they are older than those in use: a write has failed then, and their refresh token is spent. */
    notOlder: (used: Tokens | undefined) =>
      Effect.map(read, (option) => {
        const found = Option.getOrUndefined(option)
        return found !== undefined && found.obtainedAt >= (used?.obtainedAt ?? -Infinity) ? found : undefined
      }),
    /** Whether another process has logged out: the tokens were in the store, and it has none now. */
    isRemoved: (used: Tokens) => Effect.map(store.tokens(server), (found) => Option.isNone(found) && written.has(used)),
    write: (next: Tokens) => Effect.map(store.setTokens(server, next), () => void written.add(next))
  }
}

/** The tokens in memory and in the store. */
const makeMemory = <R>(settings: Settings<R>) => {
  const { server, store } = settings
  const own = new WeakMap<Tokens, "login" | "refresh">()
  const stored = makeStored(settings)
  let tokens: Tokens | undefined
  let isLoaded = false
  const load = Effect.suspend((): Effect.Effect<Tokens | undefined, StoreFailed> =>
    isLoaded ? Effect.succeed(tokens) : Effect.map(stored.read, (found) => {
      tokens ??= Option.getOrUndefined(found)
      isLoaded = true
      return tokens
    })
  )
  return {
    own,
    inMemory: () => tokens,
    adopt: (found: Tokens) => {
      tokens = found
      isLoaded = true
      return found
    },
    load,
    newest: Effect.flatMap(load, (current) => Effect.map(stored.notOlder(current), (found) => found ?? current)),
    /** Tokens of the store that are others than those that did not do, and from the authorization server in use. */
    changed: (used: Tokens | undefined, { config: { issuer }, resource }: Found) =>
      Effect.map(stored.notOlder(used), (found) => {
        const isFor = found?.issuer === issuer && found.resource === resource
        return isFor && !isSame(found, used) ? found : undefined
      }),
    /** Forgets the tokens if another process has logged out, and says whether. */
    dropRemoved: (used: Tokens) =>
      Effect.map(stored.isRemoved(used), (isRemoved) => {
        if (isRemoved && tokens !== undefined && stored.written.has(tokens)) tokens = undefined
        return isRemoved
      }),
    keep: (by: "login" | "refresh") => (next: Tokens): Effect.Effect<Tokens> =>
      Effect.suspend(() => {
        tokens = next
        isLoaded = true
        own.set(next, by)
        // The key of a bound token stays in this process, so the token is of no use in a store.
        const write = next.type === "DPoP" ? Effect.void : stored.write(next)
        return Effect.as(Effect.catch(write, (error) => Effect.logWarning(error.message)), next)
      }).pipe(Effect.uninterruptible),
    forget: Effect.suspend(() => {
      tokens = undefined
      isLoaded = true
      return store.removeTokens(server)
    })
  }
}

type Memory = ReturnType<typeof makeMemory>

/** Refreshes tokens unless another process has, and then uses its result. None if only a login helps. */
const refreshOnce = <R>(
  settings: Settings<R>,
  memory: Memory,
  found: Found,
  used: Tokens
): Effect.Effect<Option.Option<Tokens>, OAuthClientError, HttpClient.HttpClient> => {
  const { server, store } = settings
  const refreshed = Effect.gen(function*() {
    // A shutdown between the request and the write would lose the new refresh token, while the old one is spent. The time
    // limit of the token endpoint ends the wait.
    const tokens = yield* Effect.uninterruptible(
      Effect.flatMap(refresh(settings, found, used), memory.keep("refresh"))
    )
    yield* publish(settings, OAuthEvent.TokenRefreshed({ server, issuer: tokens.issuer, expiresAt: tokens.expiresAt }))
    return Option.some(tokens)
  })
  return store.transaction(`tokens ${server}`)(Effect.gen(function*() {
    const changed = yield* memory.changed(used, found)
    if (changed !== undefined) return Option.some(memory.adopt(changed))
    if (yield* memory.dropRemoved(used)) return Option.none()
    return yield* Effect.catchIf(refreshed, isOver, () =>
      // A process without a common lock may have used the refresh token first.
      Effect.map(memory.changed(used, found), (late) =>
        late === undefined ? Option.none() : Option.some(memory.adopt(late))))
  }))
}

/** Gets tokens for a need: those of another process, refreshed ones, or those of a new login. */
const renewed = <R>(settings: Settings<R>, memory: Memory, limits: ReturnType<typeof makeLimits>) =>
  Effect.fnUntraced(function*(
    { challenge, isAhead = false, isFresh, isStepUp, used }: Need
  ): Effect.fn.Return<Tokens, OAuthClientError, HttpClient.HttpClient | R> {
    const { server } = settings
    const current = yield* memory.load
    if (current !== undefined && !isSame(current, used)) return current
    const challenged = challenge === undefined ? undefined : scopesOf(challenge)
    const missing = isStepUp ? challenged ?? [] : []
    const attempt = isStepUp && used !== undefined ? yield* limits.checkStepUp(used, missing) : 0
    if (isStepUp) yield* publish(settings, OAuthEvent.StepUpRequired({ server, scopes: missing }))
    // The metadata is read first: tokens count only at the authorization server that the resource names now.
    const found = yield* findMetadata(settings, challenge?.parameters.get("resource_metadata"), used?.issuer)
    const { issuer } = found.config
    yield* publish(settings, OAuthEvent.ServerFound({ server, resource: found.resource, issuer }))
    const changed = yield* memory.changed(used, found)
    const time = yield* now
    if (changed !== undefined && (changed.expiresAt ?? Infinity) > time && hasAll(changed, missing)) {
      return memory.adopt(changed)
    }
    const known = changed ?? (used?.issuer === issuer && used.resource === found.resource ? used : undefined)
    const canRefresh = known?.refreshToken !== undefined && !isStepUp && !(isFresh && known === used)
    const refreshed = canRefresh ? yield* refreshOnce(settings, memory, found, known) : Option.none()
    if (Option.isSome(refreshed)) return refreshed.value
    if (isAhead && used !== undefined && isInteractive(settings)) return used
    if (isInteractive(settings)) yield* limits.countLogin
    if (isStepUp) limits.countStepUp(missing, attempt)
    const before = known?.requested ?? []
    const chosen = before.length > 0
      ? [...before, ...challenged ?? []]
      : settings.scopes({ challenged, supported: found.scopesSupported })
    const scopes = [...new Set(chosen)]
    const tokens = yield* Effect.flatMap(
      obtain(settings, { found, scopes, challenge, renewRegistration: attempt > 1 }),
      memory.keep("login")
    )
    if (isStepUp && hasAll(tokens, missing)) limits.grantedStepUp(missing)
    const { expiresAt } = tokens
    const grant = settings.grant._tag
    yield* publish(settings, OAuthEvent.TokenObtained({ server, issuer, grant, scopes: scopesIn(tokens), expiresAt }))
    return tokens
  })

/** Renews tokens ahead of their end, and knows which ones. */
const makeAhead = <R>({ grant, refreshAhead }: Settings<R>, memory: Memory, renew: Renewal["renew"]) => {
  let quietUntil = 0
  /** Tokens that cannot be refreshed any more, and are used until they expire. */
  let lasting: Tokens | undefined
  const notDue = (time: number): Tokens | undefined => {
    const tokens = memory.inMemory()
    return tokens !== undefined && time < renewalTime(refreshAhead, tokens) ? tokens : undefined
  }
  const renewAhead = Effect.fnUntraced(function*(tokens: Tokens, time: number) {
    if (time < quietUntil) return
    // Without a refresh token, only a grant without a user can be repeated unnoticed.
    if (tokens.refreshToken === undefined && isInteractive({ grant })) return
    const isAhead = time < (tokens.expiresAt ?? Infinity)
    if (isAhead && tokens === lasting) return
    const next = yield* Effect.catchIf(
      renew({ used: tokens, challenge: undefined, isStepUp: false, isFresh: false, isAhead }),
      // While the tokens may still do, a failure is none. Expired ones may do if only the provider is down.
      (error) => isAhead || error.retryable,
      () =>
        Effect.sync(() => {
          quietUntil = time + quietAfterFailure
          return undefined
        })
    )
    if (next === tokens) lasting = tokens
  })
  return {
    notDue,
    ready: Effect.gen(function*() {
      const tokens = yield* memory.load
      const time = yield* now
      if (tokens === undefined || notDue(time) !== undefined) return tokens
      yield* renewAhead(tokens, time)
      return yield* memory.load
    })
  }
}

/**
 * Makes the renewal of a client's tokens. It belongs to the scope: all requests wait for one renewal, and a request that
 * gives up does not end it, because a user may be in the middle of a login.
 */
export const makeRenewal = Effect.fnUntraced(function*<R>(
  settings: Settings<R>
): Effect.fn.Return<Renewal, never, HttpClient.HttpClient | R | Scope.Scope> {
  const { server } = settings
  const scope = yield* Effect.scope
  const context = yield* Effect.context<HttpClient.HttpClient | R>()
  const lock = yield* Semaphore.make(1)
  const memory = makeMemory(settings)
  const limits = makeLimits(settings)
  const run = renewed(settings, memory, limits)
  let underWay: Fiber.Fiber<Tokens, OAuthClientError> | undefined
  const renew = (need: Need): Effect.Effect<Tokens, OAuthClientError> =>
    lock.withPermits(1)(Effect.suspend(() => {
      if (underWay !== undefined) return Effect.succeed(underWay)
      return run(need).pipe(
        Effect.tapError((error) => publish(settings, OAuthEvent.Failed({ server, reason: error._tag }))),
        Effect.provideContext(context),
        Effect.ensuring(Effect.sync(() => {
          underWay = undefined
        })),
        Effect.forkIn(scope),
        Effect.tap((fiber) =>
          Effect.sync(() => {
            if (fiber.pollUnsafe() === undefined) underWay = fiber
          })
        )
      )
    })).pipe(
      Effect.flatMap(Fiber.join),
      // This request has waited for a renewal ahead of time, which has left the tokens that did not do.
      Effect.flatMap((tokens) => need.isAhead !== true && tokens === need.used ? renew(need) : Effect.succeed(tokens))
    )
  return {
    current: memory.load,
    newest: memory.newest,
    renew,
    ...makeAhead(settings, memory, renew),
    isOwn: (tokens) => memory.own.has(tokens),
    isFromLogin: (tokens) => memory.own.get(tokens) === "login",
    forget: memory.forget
  }
})
