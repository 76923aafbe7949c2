/** The cost of a token by the number of trusted issuers. The last issuer of the list issued it. */
import * as NodeJws from "@effect-mcp-auth/platform-node/NodeJws"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { interleave, timed } from "../harness/interleave.ts"
import { keysFor } from "../harness/quietProvider.ts"
import { jwkOf, type Key, makeKey, sign } from "../harness/tokens.ts"
import { micros, ratio } from "../report/format.ts"
import { verifierOf } from "../verification/ours.ts"

const counts = [1, 10, 100, 1000]

const issuerOf = (index: number) => `https://auth-${String(index).padStart(4, "0")}.example.com`

const subjectOf = Effect.fnUntraced(function*(count: number, remember: number, key: Key) {
  const issuers = Array.from({ length: count }, (_, index) => issuerOf(index))
  const verify = yield* Effect.orDie(Effect.provide(verifierOf(issuers, { remember }), NodeJws.layer))
  const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
  const { compact } = sign(key, { issuer: issuerOf(count - 1), id: 1, expiresIn: 3600 }, now)
  return timed({
    name: String(count),
    run: Effect.fnUntraced(function*(times: number) {
      for (let n = 0; n < times; n++) yield* Effect.orDie(verify(Redacted.make(compact)))
    })
  })
})

const measure = Effect.fnUntraced(function*(remember: number, key: Key) {
  const subjects = yield* Effect.forEach(counts, (count) => subjectOf(count, remember, key))
  return yield* interleave(subjects, { rounds: 40, batch: 5, warmUp: 100 })
})

export const issuers = Effect.gen(function*() {
  const key = makeKey("RS256")
  const [remembered, fresh] = yield* Effect.provide(
    Effect.all([measure(10_000, key), measure(0, key)]),
    keysFor([jwkOf(key)])
  )
  const most = { remembered: remembered.at(-1)?.ratio, fresh: fresh.at(-1)?.ratio }
  return {
    table: {
      title: "A token, by the number of trusted issuers",
      note: "RS256, on Node. Ratios are to one issuer.",
      columns: ["issuers", "remembered", "µs", "new", "µs"],
      rows: remembered.map((timing, index) => {
        const other = fresh[index]
        return [
          timing.name,
          ratio(timing.ratio),
          micros(timing.nanos),
          ratio(other?.ratio ?? Number.NaN),
          micros(other?.nanos ?? Number.NaN)
        ]
      })
    },
    targets: [
      {
        aim: "A remembered token with 1,000 issuers, to one",
        limit: 1.1,
        measured: most.remembered ?? Number.NaN,
        unit: "×"
      },
      { aim: "A new token with 1,000 issuers, to one", limit: 1.1, measured: most.fresh ?? Number.NaN, unit: "×" }
    ]
  }
}).pipe(Effect.scoped)
