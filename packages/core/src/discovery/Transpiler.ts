/**
 * Repairs of metadata documents, as data.
 *
 * Real providers publish documents that break a rule everyone knows the answer to. A repair names the misfit, says why
 * and by which source it may be mended, and changes the raw JSON before it is decoded. Repairs compose, run in order, and
 * the result tells which of them changed what. No repair changes `issuer`, unless its name says so: the issuer was judged
 * before, and a repair must not undo that.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as JsonPatch from "effect/JsonPatch"
import * as Pipeable from "effect/Pipeable"
import * as Schema from "effect/Schema"
import { jsonObjectOf } from "../fetch/internal/documentBody.ts"
import { quoted } from "../metadata/internal/printable.ts"

const TypeId: unique symbol = Symbol.for("@effect-mcp-auth/core/Transpiler")

/**
 * What a repair may answer with: a JSON object, and no promise. Members that are `undefined` count as removed.
 *
 * @category models
 * @since 0.1.0
 */
export type Answer = object & { readonly then?: never }

/**
 * A repair: a function on the raw document, with its name and its reason.
 *
 * @category models
 * @since 0.1.0
 */
export interface Repair<out R = never> {
  /** The name, as reports and the command line know it. It begins with `issuer` if the repair may change the issuer. */
  readonly name: string
  /** What is wrong with the document, and why the repair is right. */
  readonly reason: string
  /** Where that can be read. */
  readonly source?: string | undefined
  /** Pure, or an `Effect`. Whatever it fails with becomes the cause of a `TranspileError`. */
  readonly apply: (document: Schema.JsonObject) => Answer | Effect.Effect<Answer, unknown, R>
}

/**
 * A repair that changed something, and what.
 *
 * @category models
 * @since 0.1.0
 */
export interface Applied {
  readonly name: string
  readonly reason: string
  /** The change, as a JSON Patch (RFC 6902). */
  readonly patch: JsonPatch.JsonPatch
}

/**
 * A document after its repairs.
 *
 * @category models
 * @since 0.1.0
 */
export interface Transpiled {
  readonly document: Schema.JsonObject
  /** The repairs that changed something, in order. */
  readonly applied: ReadonlyArray<Applied>
}

/**
 * Repairs in the order in which they run.
 *
 * @category models
 * @since 0.1.0
 */
export interface Transpiler<out R = never> extends Pipeable.Pipeable {
  readonly [TypeId]: typeof TypeId
  readonly repairs: ReadonlyArray<Repair<R>>
}

/**
 * The services that a transpiler needs.
 *
 * @category models
 * @since 0.1.0
 */
export type Services<T> = T extends Transpiler<infer R> ? R : never

/**
 * Whether a value is a `Transpiler`.
 *
 * @category guards
 * @since 0.1.0
 */
export const isTranspiler = (value: unknown): value is Transpiler<unknown> =>
  typeof value === "object" && value !== null && TypeId in value

/**
 * A repair did not do what it should. The document is not used.
 *
 * @category errors
 * @since 0.1.0
 */
export class TranspileError extends Schema.TaggedError<TranspileError>()("TranspileError", {
  /** The repair's name. */
  repair: Schema.String,
  /**
   * `failed`: its effect failed. `threw`: it threw or died. `no-object`: it answered with something else than a JSON
   * object, for example a promise. `changed-issuer`: it changed the issuer without saying so in its name.
   */
  why: Schema.Literals(["failed", "threw", "no-object", "changed-issuer"]),
  /** What it failed with, if it did. */
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return `The repair ${quoted(this.repair)} ${whys[this.why]}`
  }
}

const whys: { readonly [Why in TranspileError["why"]]: string } = {
  "failed": "failed; its own error is the cause",
  "threw": "threw; a repair that can fail should answer with an Effect that fails",
  "no-object": "answered with something that is not a JSON object; return the changed document, or an Effect of it",
  "changed-issuer": "changed the issuer; use an issuer policy instead, or let the repair's name begin with \"issuer\""
}

const fromRepairs = <R>(repairs: ReadonlyArray<Repair<R>>): Transpiler<R> => ({
  ...Pipeable.Prototype,
  [TypeId]: TypeId,
  repairs
})

/**
 * No repair at all.
 *
 * @category constructors
 * @since 0.1.0
 */
export const identity: Transpiler = fromRepairs<never>([])

/**
 * A transpiler of one repair.
 *
 * **Example** (A repair of your own)
 *
 * ```ts import.meta.vitest
 * import * as Transpiler from "@effect-mcp-auth/core/Transpiler"
 * import * as Effect from "effect/Effect"
 *
 * const jwksOnCdn = Transpiler.make({
 *   name: "jwks-on-cdn",
 *   reason: "The document names an internal host for the key set.",
 *   apply: (document) => ({ ...document, jwks_uri: "https://cdn.example.com/jwks" })
 * })
 *
 * const { document } = Effect.runSync(Transpiler.run(jwksOnCdn, { issuer: "https://as.example.com" }))
 * document["jwks_uri"] // => "https://cdn.example.com/jwks"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <R = never>(repair: Repair<R>): Transpiler<R> => fromRepairs([repair])

/**
 * Transpilers one after the other.
 *
 * @category combinators
 * @since 0.1.0
 */
export const all = <const T extends ReadonlyArray<Transpiler<unknown>>>(
  ...transpilers: T
): Transpiler<Services<T[number]>> =>
  // The members' own services are the union of them; the array's element type has forgotten which.
  fromRepairs(transpilers.flatMap(({ repairs }) => repairs as ReadonlyArray<Repair<Services<T[number]>>>))

/**
 * What `transpileData` may be: a transpiler, or a function on the raw document that is pure or answers with an `Effect`.
 *
 * @category models
 * @since 0.1.0
 */
export type TranspileData<R = never> = Transpiler<R> | Repair<R>["apply"]

/**
 * A transpiler of whatever `transpileData` is.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromTranspileData = <R = never>(transpileData: TranspileData<R>): Transpiler<R> =>
  typeof transpileData === "function"
    ? make({ name: "transpileData", reason: "The caller's own function.", apply: transpileData })
    : transpileData

/**
 * Runs the repairs in order on a raw document.
 *
 * @category running
 * @since 0.1.0
 */
export const run = <R>(
  transpiler: Transpiler<R>,
  document: Schema.JsonObject
): Effect.Effect<Transpiled, TranspileError, R> =>
  Effect.reduce(
    transpiler.repairs,
    (): Transpiled => ({ document, applied: [] }),
    ({ applied, document }, repair) =>
      runRepair(repair, document).pipe(
        Effect.map(({ document, patch }) => ({
          document,
          applied: patch.length === 0 ? applied : [...applied, { name: repair.name, reason: repair.reason, patch }]
        })),
        Effect.mapError((failure) => new TranspileError({ repair: repair.name, ...failure }))
      )
  )

/** How a repair went wrong, for the `TranspileError` that names it. */
interface Failure {
  readonly why: TranspileError["why"]
  readonly cause?: unknown
}

const isEffect = <R>(answer: Answer | Effect.Effect<Answer, unknown, R>): answer is Effect.Effect<Answer, unknown, R> =>
  Effect.isEffect(answer)

const answerOf = <R>(repair: Repair<R>, document: Schema.JsonObject): Effect.Effect<unknown, unknown, R> =>
  Effect.suspend(() => {
    // A repair may change what it is given instead of answering with another: that must neither reach the original, which
    // others judge, nor go unnoticed.
    const answer = repair.apply(structuredClone(document))
    return isEffect(answer) ? answer : Effect.succeed(answer)
  })

const failureOf = (cause: Cause.Cause<unknown>): Effect.Effect<never, Failure> =>
  // An interruption is not a failure of the repair: it ends the search, not this document.
  Cause.hasInterruptsOnly(cause)
    ? Effect.interrupt
    : Effect.fail({ why: Cause.hasDies(cause) ? "threw" : "failed", cause: Cause.squash(cause) })

/** Runs one repair, and holds it to what a repair may do. */
const runRepair = <R>(repair: Repair<R>, document: Schema.JsonObject): Effect.Effect<
  { readonly document: Schema.JsonObject; readonly patch: JsonPatch.JsonPatch },
  Failure,
  R
> =>
  Effect.flatMap(Effect.catchCause(answerOf(repair, document), failureOf), (answer) => {
    const changed = jsonObjectOf(answer)
    if (changed === undefined) return Effect.fail<Failure>({ why: "no-object" })
    return changed["issuer"] === document["issuer"] || repair.name.startsWith("issuer")
      ? Effect.succeed({ document: changed, patch: JsonPatch.get(document, changed) })
      : Effect.fail<Failure>({ why: "changed-issuer" })
  })
