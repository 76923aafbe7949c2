/** The other end of `Child`: what a child process is told, tells, and answers. */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import type { Server } from "node:http"

/** What this process is to do, as its parent said. */
export const optionsOf = <A>(schema: Schema.Codec<A, unknown>): A =>
  Schema.decodeUnknownSync(Schema.fromJsonString(schema))(process.argv[2])

export const tell = (message: object): void => {
  process.send?.(message)
}

/** Answers questions by their name, each when it has been asked. */
export const answering = (answers: { readonly [question: string]: () => object }): void => {
  process.on("message", (question) => {
    if (typeof question === "string") tell(answers[question]?.() ?? {})
  })
  // Without a parent process there are no more questions, so the process ends.
  process.on("disconnect", () => process.exit())
}

/** Answers questions that take their time, one after the other, until the parent process ends. */
export const answeringInTurn = Effect.fnUntraced(function*<Q>(
  schema: Schema.Codec<Q, unknown>,
  answer: (question: Q) => Effect.Effect<object>
): Effect.fn.Return<never> {
  const questions = yield* Queue.unbounded<unknown>()
  process.on("message", (question) => Queue.offerUnsafe(questions, question))
  process.on("disconnect", () => process.exit())
  tell({})
  const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(schema))
  return yield* Queue.take(questions).pipe(
    Effect.flatMap((question) => Effect.orDie(decode(question))),
    Effect.flatMap(answer),
    Effect.tap((answer) => Effect.sync(() => tell(answer))),
    Effect.forever
  )
})

/** Where a server listens. */
export const portOf = (server: Server): number => {
  const address = server.address()
  return typeof address === "object" ? address?.port ?? 0 : 0
}

/** Milliseconds since 1970, in fractions: the one clock that all processes have. */
export const wallClock = (): number => performance.timeOrigin + performance.now()

/** Microseconds of CPU that this process has used, in its own code and in the kernel's for it. */
export const usage = () => {
  const { system, user } = process.cpuUsage()
  return { cpu: system + user }
}
