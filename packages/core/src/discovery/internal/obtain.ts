import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { AttemptError } from "../DiscoveryError.ts"
import type { Limits } from "../FetchLimits.ts"
import * as IssuerPolicy from "../IssuerPolicy.ts"
import { MetadataFetchError, Timeout } from "../MetadataFetchError.ts"
import * as Transpiler from "../Transpiler.ts"
import type { Judged } from "./assemble.ts"
import type { Candidate } from "./candidate.ts"
import type { Loaded } from "./fetchDocument.ts"
import { outcomeOf } from "./outcome.ts"

/** How long the failed server asked to wait. */
const askedToWait = (error: unknown): Duration.Duration =>
  error instanceof MetadataFetchError && error.reason._tag === "Status" && error.reason.retryAfter !== undefined
    ? Duration.millis(error.reason.retryAfter)
    : Duration.zero

/** Waits longer each time, with jitter, and never shorter than the server asked. */
const backoff = (limits: Limits) =>
  Schedule.exponential(limits.retryDelay).pipe(
    Schedule.jittered,
    Schedule.modifyDelay(({ duration, input }) => Effect.succeed(Duration.max(duration, askedToWait(input)))),
    Schedule.while(({ attempt }) => Effect.succeed(attempt <= limits.retries))
  )

/** One document, tried again while that can help and there is time. */
const load = <E, R>(
  candidate: Candidate<E, R>,
  limits: Limits,
  deadline: number
): Effect.Effect<Loaded, AttemptError<E>, R> =>
  candidate.load({ limits, mapRequest: candidate.mapRequest }).pipe(
    Effect.timeoutOrElse({
      duration: limits.attemptTimeout,
      orElse: () =>
        Effect.fail(
          new MetadataFetchError({
            url: candidate.location,
            reason: new Timeout({ milliseconds: Duration.toMillis(limits.attemptTimeout), of: "attempt" })
          })
        )
    }),
    Effect.retry({
      schedule: backoff(limits),
      while: (error) =>
        // A server that asks to wait beyond the end of the search will not be heard again, so its answer stands now.
        Effect.map(
          Clock.currentTimeMillis,
          (now) => outcomeOf(error) === "Transient" && now + Duration.toMillis(askedToWait(error)) < deadline
        )
    })
  )

/** Asks one candidate: load, then judge the issuer on the raw document, then repair. */
export const obtain = Effect.fnUntraced(function*<E, R>(
  candidate: Candidate<E, R>,
  programLimits: Limits,
  ask: { readonly asked: string; readonly deadline: number }
): Effect.fn.Return<Judged, AttemptError<E>, R> {
  const loaded = yield* load(candidate, { ...programLimits, ...candidate.limits }, ask.deadline)
  const { location, policy, transpiler } = candidate
  yield* IssuerPolicy.judge(policy, { location, asked: ask.asked, answered: String(loaded.document["issuer"]) })
  const { applied, document } = yield* Transpiler.run(transpiler, loaded.document)
  return { candidate, loaded, document, repairs: applied }
})
