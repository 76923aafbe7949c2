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
  return name === unit ? Effect.succeed(bare(key, tokens)) : Effect.die(
    `No verifier has the name ${name}; use one ` +
      `of the names in verifiers.ts`
  )
}

/**
 * Each measurement builds a new verifier, so that no token is cached from an earlier one. The process was idle while
 * others ran, so it warms up before it is timed.
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
