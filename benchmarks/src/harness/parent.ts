/** The other end of `Child`: what a child process is told, tells, and answers. */
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
  // Who is asked by nobody any more has no reason to go on.
  process.on("disconnect", () => process.exit())
}

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
