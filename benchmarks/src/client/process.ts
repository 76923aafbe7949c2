/** The process with all clients, from the side of the measuring process. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { spawn } from "../harness/Child.ts"
import { subjectNames } from "./subjects.ts"

const Name = Schema.Literals(subjectNames)

export const ClientOptions = Schema.Struct({
  /** The order in which the clients are built: the compiler treats the first one differently. */
  order: Schema.Array(Name),
  rounds: Schema.Int,
  block: Schema.Int,
  warmUp: Schema.Int
})

export const ClientSample = Schema.Struct({
  name: Name,
  /** Microseconds of the main thread's CPU for a call. */
  cpu: Schema.Finite,
  /** How much more than the client with a static header in the same round. */
  extra: Schema.Finite,
  /** What a call allocates. */
  kilobytes: Schema.Finite
})

export type ClientSample = typeof ClientSample.Type

export const measureClients = Effect.fnUntraced(function*(options: typeof ClientOptions.Type) {
  const { ready } = yield* spawn("client/clientProcess.ts", {
    options,
    ready: Schema.Struct({ samples: Schema.Array(ClientSample) })
  })
  return ready.samples
}, Effect.scoped)
