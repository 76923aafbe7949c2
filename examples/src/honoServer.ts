/** A Hono server whose routes know the caller. */
import type { AuthInfo } from "@effect-mcp-auth/core/AuthInfo"
import * as NodeFetchAuth from "@effect-mcp-auth/platform-node/NodeFetchAuth"
import { Hono } from "hono"
import type { GetConnInfo } from "hono/conninfo"
import { createMiddleware } from "hono/factory"

type Env = { readonly Variables: { auth: AuthInfo["Service"] } }

/** The adapter: Hono speaks `Request` and `Response`, so there is nothing to adapt but the address of the client. */
const guard = (auth: NodeFetchAuth.LimitedNodeFetchAuth, getConnInfo: GetConnInfo) =>
  createMiddleware<Env>(async (context, next) => {
    // `failureLimit` counts by it.
    const clientAddress = getConnInfo(context).remote.address
    const outcome = await auth.authenticate(context.req.raw, { clientAddress })
    if (outcome._tag === "Answered") return outcome.response
    context.set("auth", outcome.info)
    await next()
    outcome.headers.forEach((value, name) => context.res.headers.append(name, value))
    return undefined
  })

/** The application, for any runtime that Hono runs on. The runtime's adapter has its `getConnInfo`. */
export const makeApp = async (options: Parameters<typeof NodeFetchAuth.start>[0], getConnInfo: GetConnInfo) => {
  const auth = await NodeFetchAuth.start(options)
  const app = new Hono<Env>().use(guard(auth, getConnInfo)).post(
    "/mcp",
    (context) => context.json({ subject: context.get("auth").subject })
  )
  return { app, close: auth.close }
}
