/**
 * Repairs of metadata documents, as data.
 *
 * Some real providers publish documents with known defects. A repair has a name, a reason and a source, and changes the
 * raw JSON before it is decoded. Repairs compose and run in order. The result reports the changes of each repair. A
 * repair must not change `issuer` unless its name says so, because the issuer was checked before the repairs.
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

const TypeId = "~effect-mcp-auth/Transpiler" as const

/**
 * The result of a repair: a JSON object, not a promise. Members that are `undefined` count as removed.
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
  /** The name in reports and on the command line. It must begin with `issuer` if the repair changes the issuer. */
  readonly name: string
  /** The defect of the document, and why the repair is correct. */
  readonly reason: string
  /** The URL of the source. */
  readonly source?: string | undefined
  /** Returns a document or an `Effect` of one. A failure becomes the cause of a `TranspileError`. */
  readonly apply: (document: Schema.JsonObject) => Answer | Effect.Effect<Answer, unknown, R>
}

/**
 * A repair that changed something, with its changes.
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
 * A repair failed or returned an invalid result. The document is not used.
 *
 * @category errors
 * @since 0.1.0
 */
export class TranspileError extends Schema.TaggedError<TranspileError>()("TranspileError", {
  /** The name of the repair. */
  repair: Schema.String,
  /**
   * `failed`: its effect failed. `threw`: it threw or died. `no-object`: it returned a value that is not a JSON object,
   * for example a promise. `changed-issuer`: it changed the issuer, and its name does not begin with `issuer`.
   */
  reason: Schema.Literals(["failed", "threw", "no-object", "changed-issuer"]),
  /** The error of its effect, if it failed. */
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return `The repair ${quoted(this.repair)} ${explanations[this.reason]}`
  }
}

const explanations: { readonly [Reason in TranspileError["reason"]]: string } = {
  "failed": "failed; see its error in the cause",
  "threw": "threw; if a repair can fail, return an Effect that fails",
  "no-object": "returned a value that is not a JSON object; return the changed document, or an Effect of it",
  "changed-issuer":
    "changed the issuer; set the option issuerPolicy instead, or begin the name of the repair with \"issuer\""
}

const fromRepairs = <R>(repairs: ReadonlyArray<Repair<R>>): Transpiler<R> => ({
  ...Pipeable.Prototype,
  [TypeId]: TypeId,
  repairs
})

/**
 * A transpiler without repairs.
 *
 * @category constructors
 * @since 0.1.0
 */
export const identity: Transpiler = fromRepairs<never>([])

/**
 * Creates a transpiler of one repair.
 *
 * **Example** (A custom repair)
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
 * Runs transpilers in order.
 *
 * @category combinators
 * @since 0.1.0
 */
export const all = <const T extends ReadonlyArray<Transpiler<unknown>>>(
  ...transpilers: T
): Transpiler<Services<T[number]>> =>
  // The services are the union of the members' services. The array's element type does not keep them apart.
  fromRepairs(transpilers.flatMap(({ repairs }) => repairs as ReadonlyArray<Repair<Services<T[number]>>>))

/**
 * The type of `transpileData`: a transpiler, or a function on the raw document that returns a document or an `Effect`
 * of one.
 *
 * @category models
 * @since 0.1.0
 */
export type TranspileData<R = never> = Transpiler<R> | Repair<R>["apply"]

/**
 * Converts `transpileData` to a transpiler.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromTranspileData = <R = never>(transpileData: TranspileData<R>): Transpiler<R> =>
  typeof transpileData === "function"
    ? make({ name: "transpileData", reason: "A custom function.", apply: transpileData })
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

/** The reason of a failed repair, for `TranspileError`. */
interface Failure {
  readonly reason: TranspileError["reason"]
  readonly cause?: unknown
}

const isEffect = <R>(answer: Answer | Effect.Effect<Answer, unknown, R>): answer is Effect.Effect<Answer, unknown, R> =>
  Effect.isEffect(answer)

const answerOf = <R>(repair: Repair<R>, document: Schema.JsonObject): Effect.Effect<unknown, unknown, R> =>
  Effect.suspend(() => {
    // A repair can mutate its input instead of returning a new document. The original must not change, because other
    // checks use it, and the mutation must be detected.
    const answer = repair.apply(structuredClone(document))
    return isEffect(answer) ? answer : Effect.succeed(answer)
  })

const failureOf = (cause: Cause.Cause<unknown>): Effect.Effect<never, Failure> =>
  // An interruption is not a failure of the repair: it ends the whole search.
  Cause.hasInterruptsOnly(cause)
    ? Effect.interrupt
    : Effect.fail({ reason: Cause.hasDies(cause) ? "threw" : "failed", cause: Cause.squash(cause) })

/** Runs one repair and checks its result. */
const runRepair = <R>(repair: Repair<R>, document: Schema.JsonObject): Effect.Effect<
  { readonly document: Schema.JsonObject; readonly patch: JsonPatch.JsonPatch },
  Failure,
  R
> =>
  Effect.flatMap(Effect.catchCause(answerOf(repair, document), failureOf), (answer) => {
    const changed = jsonObjectOf(answer)
    if (changed === undefined) return Effect.fail<Failure>({ reason: "no-object" })
    return changed["issuer"] === document["issuer"] || repair.name.startsWith("issuer")
      ? Effect.succeed({ document: changed, patch: JsonPatch.get(document, changed) })
      : Effect.fail<Failure>({ reason: "changed-issuer" })
  })
