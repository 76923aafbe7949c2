/** The servers under test, from the side of the measuring process. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { spawn } from "../harness/Child.ts"

const common = { issuer: Schema.String, tools: Schema.Int, eager: Schema.Boolean }

export const ServerOptions = Schema.Union([
  Schema.Struct({ ...common, stack: Schema.Literal("effect"), guard: Schema.Literals(["bare", "ours"]) }),
  Schema.Struct({
    ...common,
    stack: Schema.Literal("express"),
    guard: Schema.Literals(["bare", "sdk", "mcp-auth", "mcp-auth, eager", "express-oauth2-jwt-bearer"])
  })
])

type Chosen = typeof ServerOptions.Type

/** A stack, and what guards it. */
export type Kind =
  | Pick<Extract<Chosen, { stack: "effect" }>, "stack" | "guard">
  | Pick<
    Extract<Chosen, { stack: "express" }>,
    "stack" | "guard"
  >

const Usage = Schema.Struct({ cpu: Schema.Finite })

/** A server in its own process, which says how much CPU it has used, in microseconds. */
export const startServer = Effect.fnUntraced(function*(
  kind: Kind,
  { issuer, nodeOptions, tools = 1 }: {
    readonly issuer: string
    readonly tools?: number
    readonly nodeOptions?: ReadonlyArray<string>
  }
) {
  const child = yield* spawn("http/serverProcess.ts", {
    options: { ...kind, issuer, tools, eager: false },
    ready: Schema.Struct({ port: Schema.Int }),
    isUnheard: true,
    ...nodeOptions === undefined ? {} : { nodeOptions }
  })
  return { port: child.ready.port, cpu: Effect.map(child.ask("usage", Usage), ({ cpu }) => cpu) }
})
