/** A way to verify tokens that is in a process of its own, from the side of the measuring process. */
import type * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { type ChildFailed, spawn } from "../harness/Child.ts"
import type { Timed } from "../harness/interleave.ts"
import { algorithms, jwkOf, type PublicKey, type Sent } from "../harness/tokens.ts"

export const SubjectOptions = Schema.Struct({
  name: Schema.String,
  algorithm: Schema.Literals(algorithms),
  kid: Schema.String,
  jwk: Schema.Record(Schema.String, Schema.String)
})

export const Question = Schema.Union([
  Schema.TaggedStruct("Take", {
    tokens: Schema.NonEmptyArray(Schema.Struct({ compact: Schema.String, signature: Schema.String })),
    areGood: Schema.Boolean
  }),
  Schema.TaggedStruct("Time", { times: Schema.Int })
])

const asked = (question: typeof Question.Type): string => JSON.stringify(question)

const Nothing = Schema.Struct({})
const Nanos = Schema.Struct({ nanos: Schema.Finite })

export interface Contender {
  readonly name: string
  /** It verifies these from now on, each time with a memory that is new. */
  readonly take: (
    tokens: Arr.NonEmptyReadonlyArray<Sent>,
    areGood: boolean
  ) => Effect.Effect<Timed<ChildFailed>, ChildFailed>
}

export const start = Effect.fnUntraced(function*(
  name: string,
  key: PublicKey
): Effect.fn.Return<Contender, ChildFailed, Scope.Scope> {
  const { ask } = yield* spawn("verification/subjectProcess.ts", {
    options: { name, algorithm: key.algorithm, kid: key.kid, jwk: jwkOf(key) },
    ready: Nothing
  })
  const nanos = (times: number) => Effect.map(ask(asked({ _tag: "Time", times }), Nanos), ({ nanos }) => nanos)
  return {
    name,
    take: (tokens, areGood) => Effect.as(ask(asked({ _tag: "Take", tokens, areGood }), Nothing), { name, nanos })
  }
})
