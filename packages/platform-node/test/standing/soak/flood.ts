/**
 * Floods the server from a process of its own, so that it takes no time of whoever measures: distinct bad tokens, or good
 * ones that the server knows, for comparison. Says how many it has sent, and what came back, when it is asked.
 */
import { Effect } from "effect"
import { makeClient } from "./client.ts"

const [url = "", connections = "8", most = "0"] = process.argv.slice(2)

/** What is sent: texts of which each gets a number, or texts as they are. */
interface Load {
  readonly templates: ReadonlyArray<string>
  readonly numbered: boolean
}

const seen: Record<string, number> = {}
let sent = 0

/** Another token each time: the number is where its signature would be. */
const numbered = (template: string, number: number): string =>
  `${template.slice(0, -12)}${number.toString(36).padStart(11, "0")}${template.slice(-1)}`

const flood = ({ numbered: isNumbered, templates }: Load) => {
  const ask = makeClient(url, Number(connections))
  const once = Effect.suspend(() => {
    const number = sent++
    const template = templates[number % templates.length] ?? ""
    return Effect.map(ask(isNumbered ? numbered(template, number) : template), ({ status }) => {
      seen[status] = (seen[status] ?? 0) + 1
    })
  })
  const worker = Effect.whileLoop({ while: () => sent < Number(most), body: () => once, step: () => {} })
  return Effect.all(Array.from({ length: Number(connections) }, () => worker), {
    concurrency: "unbounded",
    discard: true
  })
}

process.once("message", (load) => {
  Effect.runFork(flood(load as Load))
  process.send?.("flooding")
  process.on("message", () => process.send?.({ sent, seen }))
})
process.on("disconnect", () => process.exit())
