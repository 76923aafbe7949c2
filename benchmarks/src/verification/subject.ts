/** The ways to verify tokens, as something that can be timed. */
import type * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { Subject } from "../harness/interleave.ts"
import { check, type PublicKey, type Token } from "../harness/tokens.ts"
import type { Verifier, Verify } from "./verifiers.ts"

export const unit = "node:crypto, the signature alone"

/** What is verified. */
export interface Tokens {
  readonly tokens: Arr.NonEmptyReadonlyArray<Token>
  readonly areGood: boolean
}

/** Goes through the tokens, and starts again. */
const cycle = <A>(list: Arr.NonEmptyReadonlyArray<A>) => {
  let at = 0
  return (): A => list[at++ % list.length] ?? list[0]
}

/** Counts wrong answers: nothing is measured that gives one. */
const judge = (name: string, { areGood }: Tokens) => {
  let wrong = 0
  return {
    heard: (accepted: boolean): void => {
      if (accepted !== areGood) wrong++
    },
    verdict: Effect.suspend(() =>
      wrong === 0 ? Effect.void : Effect.die(`${name} is wrong about ${wrong} tokens, which are good: ${areGood}`)
    )
  }
}

/** Verifies so many tokens, one after the other, as the requests of one client are. */
const runOf = (
  answer: Verify,
  next: () => Token,
  { areGood, heard }: { readonly heard: (accepted: boolean) => void; readonly areGood: boolean }
): (times: number) => Effect.Effect<void> => {
  switch (answer._tag) {
    case "Sync":
      return (times) =>
        Effect.sync(() => {
          for (let n = 0; n < times; n++) heard(Result.isSuccess(Result.try(() => answer.verify(next()))))
        })
    case "Promise": {
      const one = () => answer.verify(next()).then(() => true, () => false)
      return (times) =>
        Effect.promise(async () => {
          for (let n = 0; n < times; n++) heard(await one()) // eslint-disable-line no-await-in-loop
        })
    }
    case "Effect": {
      if (areGood) {
        return Effect.fnUntraced(function*(times: number) {
          // As a server does: a token that is refused ends it.
          for (let n = 0; n < times; n++) yield* answer.verify(next())
        }, Effect.orDie)
      }
      const outcome = { onFailure: () => heard(false), onSuccess: () => heard(true) }
      return Effect.fnUntraced(function*(times: number) {
        for (let n = 0; n < times; n++) yield* Effect.match(answer.verify(next()), outcome)
      })
    }
  }
}

export const subjectOf = Effect.fnUntraced(function*(
  { make, name }: Verifier,
  key: PublicKey,
  tokens: Tokens
): Effect.fn.Return<Subject, never, Scope.Scope> {
  const { heard, verdict } = judge(name, tokens)
  const run = runOf(yield* make(key), cycle(tokens.tokens), { heard, areGood: tokens.areGood })
  return { name, run: (times) => Effect.andThen(run(times), verdict) }
})

export const bare = (key: PublicKey, { tokens }: Tokens): Subject => {
  const [next, verify] = [cycle(tokens), check(key)]
  return {
    name: unit,
    run: (times) =>
      Effect.sync(() => {
        for (let n = 0; n < times; n++) verify(next())
      })
  }
}
