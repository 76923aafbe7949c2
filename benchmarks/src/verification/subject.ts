/** What is verified, and the ways to do it as something that can be timed. */
import type * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { Subject } from "../harness/interleave.ts"
import { check, type Key, makeKey, quietIssuer, sign, signMany, type Token } from "../harness/tokens.ts"
import type { Verifier, Verify } from "./verifiers.ts"

/** More than anybody here remembers, so that a token that comes again has been forgotten. */
const many = 10_500

export const unit = "node:crypto, the signature alone"

export interface Scenario {
  readonly name: "distinct" | "same" | "bad signature" | "expired"
  readonly tokens: Arr.NonEmptyReadonlyArray<Token>
  readonly isGood: boolean
}

export const scenariosOf = (key: Key, now: number): ReadonlyArray<Scenario> => {
  const claims = { issuer: quietIssuer, expiresIn: 3600 }
  return [
    { name: "distinct", tokens: signMany(key, { ...claims, count: many }, now), isGood: true },
    { name: "same", tokens: [sign(key, { ...claims, id: 0 }, now)], isGood: true },
    { name: "bad signature", tokens: signMany(makeKey(key.algorithm), { ...claims, count: 500 }, now), isGood: false },
    { name: "expired", tokens: signMany(key, { ...claims, expiresIn: -3600, count: 500 }, now), isGood: false }
  ]
}

/** Goes through the tokens, and starts again. */
const cycle = <A>(list: Arr.NonEmptyReadonlyArray<A>) => {
  let at = 0
  return (): A => list[at++ % list.length] ?? list[0]
}

/** Counts wrong answers: nothing is measured that gives one. */
const judge = (name: string, { isGood, name: scenario }: Scenario) => {
  let wrong = 0
  return {
    heard: (accepted: boolean): void => {
      if (accepted !== isGood) wrong++
    },
    verdict: Effect.suspend(() =>
      wrong === 0 ? Effect.void : Effect.die(`${name} is wrong about ${wrong} tokens (${scenario})`)
    )
  }
}

/** Verifies so many tokens, one after the other, as the requests of one client are. */
const runOf = (
  answer: Verify,
  next: () => Token,
  { heard, isGood }: { readonly heard: (accepted: boolean) => void; readonly isGood: boolean }
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
      if (isGood) {
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
  key: Key,
  scenario: Scenario
): Effect.fn.Return<Subject, never, Scope.Scope> {
  const { heard, verdict } = judge(name, scenario)
  const run = runOf(yield* make(key), cycle(scenario.tokens), { heard, isGood: scenario.isGood })
  return { name, run: (times) => Effect.andThen(run(times), verdict) }
})

export const bare = (key: Key, { tokens }: Scenario): Subject => {
  const [next, verify] = [cycle(tokens), check(key)]
  return {
    name: unit,
    run: (times) =>
      Effect.sync(() => {
        for (let n = 0; n < times; n++) verify(next())
      })
  }
}
