/**
 * A flood of made-up opaque tokens, 2,500 at once and again after Retry-After, beside a client of another address with
 * valid tokens. Each of its tokens is new, so that each has to be introspected. For comparison the same number of
 * requests is refused without introspection.
 */
import { Effect } from "effect"
import { askChild, start } from "./children.ts"
import { type Client, makeClient } from "./client.ts"
import * as Report from "./report.ts"
import { opaque, timing } from "./settings.ts"
import { next } from "./tokens.ts"

/** The number of made-up tokens at once, and the number of rounds. */
const size = 2_500
const rounds = 3

interface Flooded {
  readonly sent: number
  readonly seen: Readonly<Record<string, number>>
}

interface Seen {
  readonly times: Array<number>
  readonly statuses: Record<string, number>
}

const add = (to: Record<string, number>, from: Readonly<Record<string, number>>) => {
  for (const [status, count] of Object.entries(from)) to[status] = (to[status] ?? 0) + count
}

const askGood = (ask: Client, { statuses, times }: Seen) =>
  Effect.map(ask(`${opaque.good}${next()}`), ({ status, took }) => {
    add(statuses, { [status]: 1 })
    times.push(took)
  })

/** One round: valid tokens, one after the other, until each token of the flood is answered. */
const round = Effect.fnUntraced(function*(
  resource: string,
  ask: Client,
  word: string,
  good: Seen,
  flooded: Record<string, number>
) {
  const template = `${word}-${next()}-${"0".repeat(12)}`
  const flood = yield* start("flood", [resource, size, size], { templates: [template], numbered: true })
  let answers: Flooded["seen"] = {}
  while (Object.values(answers).reduce((sum, count) => sum + count, 0) < size) {
    yield* askGood(ask, good)
    answers = (yield* askChild<Flooded>(flood)).seen
  }
  add(flooded, answers)
  // The flooding client was told to retry in two seconds.
  yield* Effect.sleep(2_000)
}, Effect.scoped)

/** The responses to the flood, and what is wrong with them. */
export const opaqueFlood = Effect.fnUntraced(function*(origin: string) {
  const resource = `${origin}${opaque.path}`
  const ask = makeClient(resource, 1, "127.0.0.2")
  const none = (): Seen => ({ times: [], statuses: {} })
  const [alone, control, beside, after] = [none(), none(), none(), none()]
  const refused: Record<string, number> = {}
  const flooded: Record<string, number> = {}
  for (let index = 0; index < 100; index++) yield* askGood(ask, alone)
  for (let index = 0; index < rounds; index++) {
    // A token cannot contain an exclamation mark (RFC 6750, section 2.1).
    yield* round(resource, ask, "made-up!", control, refused)
    yield* round(resource, ask, "made-up", beside, flooded)
  }
  yield* askGood(ask, after)

  const median = ({ times }: Seen) => Report.percentile(times, 0.5)
  const slower = median(beside) / median(control)
  const isGood = [alone, control, beside, after].every(({ statuses }) => Object.keys(statuses).join() === "200")
  // 0 is a connection that the system refused, because it has no place for so many at once.
  const strange = Object.keys(flooded).filter((status) => !["401", "503", "0"].includes(status))
  return {
    phases: [
      ["opaque ones, alone", alone.times],
      ["opaque ones, in a flood of malformed ones", control.times],
      ["opaque ones, in a flood of made-up ones", beside.times]
    ] as const,
    lines: [
      `opaque flood: ${rounds} times ${size} made-up tokens at once, answered ${
        JSON.stringify(flooded)
      }; the median of ` +
      `valid ones of another address, for which the authorization server takes ${timing.introspection} ms, is ` +
      `${slower.toFixed(2)} times that among malformed ones, and 2 is the aim, ${Report.mostSlower} the limit`
    ],
    complaints: [
      ...(isGood
        ? []
        : [
          `valid opaque tokens were answered with ${
            JSON.stringify([alone, control, beside, after].map(({ statuses }) => statuses))
          }`
        ]),
      ...(strange.length > 0 ? [`made-up opaque tokens were answered with ${JSON.stringify(flooded)}`] : []),
      ...(slower > Report.mostSlower ? ["a flood of made-up opaque tokens slows valid ones down"] : [])
    ]
  }
})
