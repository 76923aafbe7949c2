import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import { printable } from "../../metadata/internal/printable.ts"
import type { Trace } from "../../policy/internal/decide.ts"
import type { AuthInfo } from "../../token/AuthInfo.ts"
import { isQueueFull, isUnknownKey } from "../../token/internal/unavailable.ts"
import type { AuthError } from "../../token/TokenError.ts"

/** The number of decisions. The reasons are a closed set. */
const decisions = Metric.counter("mcp_auth_decisions_total", {
  description: "Decisions about requests, by outcome and reason",
  incremental: true
})

/** The duration of decisions, including requests to the provider. */
const verification = Metric.histogram("mcp_auth_verification_seconds", {
  description: "Time from a request to the decision about it, in seconds",
  boundaries: [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5]
})

/** The reason from a closed set, so that untrusted text never becomes a label. */
const reasonOf = (error: AuthError): string => {
  if (isUnknownKey(error)) return "key-not-known-yet"
  if (isQueueFull(error)) return "introspection-queue-full"
  switch (error._tag) {
    case "InvalidRequest":
    case "InvalidToken":
      return error.reason
    default:
      return error._tag
  }
}

const counted = new Map<string, typeof decisions>()

/** The series of a decision and a reason. It is cached, because creating one costs more than counting.  */
const seriesOf = (decision: "allowed" | "refused", reason: string): typeof decisions => {
  const name = `${decision} ${reason}`
  const known = counted.get(name)
  if (known !== undefined) return known
  const series = Metric.withAttributes(decisions, { decision, reason })
  counted.set(name, series)
  return series
}

const count = (decision: "allowed" | "refused", reason: string): Effect.Effect<void> =>
  Metric.update(seriesOf(decision, reason), 1)

const allowedByToken = seriesOf("allowed", "allowed")

/** The smallest parts of a policy that were not satisfied. Their text can contain untrusted input, so it is shortened. */
const failedParts = ({ outcome, parts, policy }: Trace): ReadonlyArray<string> => {
  if (outcome !== "no") return []
  const inner = parts.flatMap(failedParts)
  return inner.length === 0 ? [printable(policy)] : inner
}

/** Logs the reason. The level depends on the reader: outages are warnings for operators, a missing login is for debugging. */
const log = (error: AuthError): Effect.Effect<void> => {
  const annotations = { reason: reasonOf(error) }
  switch (error._tag) {
    case "VerificationUnavailable":
      return Effect.annotateLogs(
        isUnknownKey(error) || isQueueFull(error) ? Effect.logInfo(error.message) : Effect.logWarning(error.message),
        annotations
      )
    case "MissingCredentials":
    case "ServerUnavailable":
      return Effect.annotateLogs(Effect.logDebug(error.message), annotations)
    default:
      return Effect.annotateLogs(Effect.logInfo(`Request refused: ${error.message}`), annotations)
  }
}

/** Counts and logs a refusal. For a policy, the log has its text and the parts that were not satisfied. */
export const recordRefusal = (error: AuthError, trace: Trace | undefined): Effect.Effect<void> =>
  Effect.andThen(
    count("refused", reasonOf(error)),
    Effect.annotateLogs(log(error), trace === undefined ? {} : { policy: trace.policy, failed: failedParts(trace) })
  )

/** Counts a request that was accepted without a token. */
export const recordAllowed = (reason: "anonymous"): Effect.Effect<void> => count("allowed", reason)

/** Makes a decision, counts, times and logs it. */
export const observe = <R>(
  decide: () => Effect.Effect<AuthInfo["Service"], AuthError, R>
): Effect.Effect<AuthInfo["Service"], AuthError, R> =>
  Effect.withFiber((fiber) => {
    const clock = Context.get(fiber.context, Clock.Clock)
    const start = clock.currentTimeNanosUnsafe()
    return Effect.onExitPrimitive(decide(), (exit) => {
      // Every request passes here, so metrics are updated without an effect of their own.
      verification.updateUnsafe(Number(clock.currentTimeNanosUnsafe() - start) / 1e9, fiber.context)
      if (Exit.isSuccess(exit)) {
        allowedByToken.updateUnsafe(1, fiber.context)
        return undefined
      }
      const error = Cause.findErrorOption(exit.cause)
      return Option.isNone(error)
        ? undefined
        : Effect.andThen(count("refused", reasonOf(error.value)), log(error.value))
    })
  })
