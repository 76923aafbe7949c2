/** One way to verify tokens, in a process that does nothing else, as it is in a server. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import { createPublicKey } from "node:crypto"
import { type Subject, timed } from "../harness/interleave.ts"
import { answeringInTurn, optionsOf } from "../harness/parent.ts"
import { type PublicKey, received } from "../harness/tokens.ts"
import { Question, SubjectOptions } from "./process.ts"
import { bare, subjectOf, type Tokens, unit } from "./subject.ts"
import { verifiers } from "./verifiers.ts"

const { algorithm, jwk, kid, name } = optionsOf(SubjectOptions)

const key: PublicKey = { algorithm, kid, publicKey: createPublicKey({ key: { ...jwk }, format: "jwk" }) }

const make = (tokens: Tokens): Effect.Effect<Subject, never, Scope.Scope> => {
  const verifier = verifiers.find((one) => one.name === name)
  if (verifier !== undefined) return subjectOf(verifier, key, tokens)
  return name === unit ? Effect.succeed(bare(key, tokens)) : Effect.die(`Nobody is called ${name}`)
}

/**
 * Everything is made anew each time: what was remembered of some tokens before is no help when they come again. It has slept
 * while others had their turn, and gets up before it is timed, as a server does that is busy.
 */
const nanosOf = Effect.fnUntraced(function*(tokens: Tokens, times: number) {
  const { nanos } = timed(yield* make(tokens))
  yield* nanos(times)
  return yield* nanos(times)
}, Effect.scoped)

const program = Effect.gen(function*() {
  const taken = yield* Ref.make<Tokens | undefined>(undefined)
  return yield* answeringInTurn(
    Question,
    Effect.fnUntraced(function*(question: typeof Question.Type) {
      if (question._tag === "Take") {
        yield* Ref.set(taken, { tokens: Arr.map(question.tokens, received), areGood: question.areGood })
        return {}
      }
      const tokens = yield* Ref.get(taken)
      return tokens === undefined
        ? yield* Effect.die("It has no tokens yet")
        : { nanos: yield* nanosOf(tokens, question.times) }
    })
  )
})

NodeRuntime.runMain(program)
