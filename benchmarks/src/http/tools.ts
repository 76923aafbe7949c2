/** An MCP server of this library's own kind, with as many tools as one likes. `Echo` is the one that is called. */
import * as McpProtocol from "effect/ai/McpProtocol"
import * as McpServer from "effect/ai/McpServer"
import * as Tool from "effect/ai/Tool"
import * as Toolkit from "effect/ai/Toolkit"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

const parameters = Schema.Struct({ text: Schema.String })

const Echo = Tool.make("Echo", { description: "Says what it is told", parameters, success: Schema.String })

const makeTool = (_: unknown, index: number) =>
  Tool.make(`Tool${index}`, { description: `The tool number ${index}`, parameters, success: Schema.String })

const echo = ({ text }: typeof parameters.Type) => Effect.succeed(text)

/** A toolkit keeps a copy of all of its handlers for each of its tools, so there are many small ones. */
const chunk = 50

const others = (count: number) =>
  Arr.chunksOf(Array.from({ length: count }, makeTool), chunk).map((tools) => {
    const toolkit = Toolkit.make(...tools)
    const handlers = Object.fromEntries(tools.map(({ name }) => [name, echo]))
    return McpServer.toolkit(toolkit).pipe(Layer.provide(toolkit.toLayer(handlers)))
  })

const registrations = (count: number) => {
  const own = Toolkit.make(Echo)
  const first = McpServer.toolkit(own).pipe(Layer.provide(own.toLayer({ Echo: echo })))
  return Layer.mergeAll(first, ...others(count - 1))
}

export const server = (tools: number) =>
  McpServer.layerHttp({
    name: "bench",
    version: "1.0.0",
    path: "/mcp",
    protocols: [McpProtocol.v2026_07_28],
    registrations: registrations(tools)
  })
