/** One way to verify tokens, in a process that does nothing else, as it is in a server. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
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

const program = Effect.gen(function*() {
  let subject = timed({ name, run: () => Effect.die("It has no tokens yet") })
  const scope = yield* Effect.scope
  return yield* answeringInTurn(
    Question,
    Effect.fnUntraced(function*(question: typeof Question.Type) {
      if (question._tag === "Time") {
        // It has slept while others had their turn, and gets up before it is timed: servers that are busy are awake.
        yield* subject.nanos(question.times)
        return { nanos: yield* subject.nanos(question.times) }
      }
      const tokens = { tokens: Arr.map(question.tokens, received), areGood: question.areGood }
      subject = timed(yield* Effect.provideService(make(tokens), Scope.Scope, scope))
      return {}
    })
  )
})

NodeRuntime.runMain(Effect.scoped(program))
