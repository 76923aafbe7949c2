/** What is verified, and the ways to do it as something that can be timed. */
import * as Effect from "effect/Effect"
import type { Subject } from "../harness/interleave.ts"
import { check, type Key, makeKey, quietIssuer, sign, signMany, type Token } from "../harness/tokens.ts"
import type { Verifier } from "./verifiers.ts"

/** More than anybody here remembers, so that a token that comes again has been forgotten. */
const many = 10_500

export const unit = "node:crypto, the signature alone"

export interface Scenario {
  readonly name: "distinct" | "same" | "bad signature" | "expired"
  readonly tokens: ReadonlyArray<Token>
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
const cycle = <A>(list: ReadonlyArray<A>) => {
  let at = 0
  return (): A => {
    const one = list[at++ % list.length]
    if (one === undefined) throw new Error("there are no tokens")
    return one
  }
}

/** Nothing is measured that gives the wrong answer. */
const judge = (name: string, { isGood, name: scenario }: Scenario) => (accepted: boolean): void => {
  if (accepted !== isGood) throw new Error(`${name} is wrong about a token (${scenario})`)
}

export const subjectOf = Effect.fnUntraced(function*({ make, name }: Verifier, key: Key, scenario: Scenario) {
  const answer = yield* make(key)
  const [next, heard] = [cycle(scenario.tokens), judge(name, scenario)]
  switch (answer._tag) {
    case "Sync": {
      const one = () => {
        try {
          answer.verify(next())
          return true
        } catch {
          return false
        }
      }
      return {
        name,
        run: (times) =>
          Effect.sync(() => {
            for (let n = 0; n < times; n++) heard(one())
          })
      } satisfies Subject
    }
    case "Promise": {
      const one = () => answer.verify(next()).then(() => true, () => false)
      // Each waits for the one before, as the requests of one client do.
      const run = async (times: number) => {
        for (let n = 0; n < times; n++) heard(await one()) // eslint-disable-line no-await-in-loop
      }
      return { name, run: (times) => Effect.promise(() => run(times)) } satisfies Subject
    }
    case "Effect": {
      const outcome = { onFailure: () => heard(false), onSuccess: () => heard(true) }
      return {
        name,
        run: Effect.fnUntraced(function*(times: number) {
          for (let n = 0; n < times; n++) yield* Effect.match(answer.verify(next()), outcome)
        })
      } satisfies Subject
    }
  }
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
