/** A Hono server whose routes know who calls. */
import type { AuthInfo } from "@effect-mcp-auth/core/AuthInfo"
import * as NodeFetchAuth from "@effect-mcp-auth/platform-node/NodeFetchAuth"
import { Hono } from "hono"
import { createMiddleware } from "hono/factory"

type Env = { readonly Variables: { auth: AuthInfo["Service"] } }

/** The adapter: Hono speaks `Request` and `Response`, so there is nothing to adapt. */
const guard = (auth: NodeFetchAuth.NodeFetchAuth) =>
  createMiddleware<Env>(async (context, next) => {
    const outcome = await auth.authenticate(context.req.raw)
    if (outcome._tag === "Answered") return outcome.response
    context.set("auth", outcome.info)
    await next()
    outcome.headers.forEach((value, name) => context.res.headers.append(name, value))
    return undefined
  })

/** The application, for any runtime that Hono runs on. */
export const makeApp = async (options: Parameters<typeof NodeFetchAuth.start>[0]) => {
  const auth = await NodeFetchAuth.start(options)
  const app = new Hono<Env>().use(guard(auth)).post(
    "/mcp",
    (context) => context.json({ subject: context.get("auth").subject })
  )
  return { app, close: auth.close }
}
