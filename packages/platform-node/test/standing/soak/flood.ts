/**
 * Floods the server from a process of its own, so that it does not slow the measuring process: distinct invalid
 * tokens, or for comparison valid ones that the server has cached. Reports on request how many it has sent, and the
 * responses.
 */
import { Effect } from "effect"
import { makeClient } from "./client.ts"

const [url = "", connections = "8", most = "0"] = process.argv.slice(2)

/** The tokens: texts to which a number is added, or texts as they are. */
interface Load {
  readonly templates: ReadonlyArray<string>
  readonly numbered: boolean
}

const seen: Record<string, number> = {}
let sent = 0

/** Another token each time: the number is in place of its signature. */
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
