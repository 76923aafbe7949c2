/** An Express server whose routes know the caller. */
import type { Options } from "@effect-mcp-auth/core/McpAuthOptions"
import * as NodeFetchAuth from "@effect-mcp-auth/platform-node/NodeFetchAuth"
import express from "express"

type AuthOptions = Parameters<typeof NodeFetchAuth.start>[0]

/** The adapter: a request of Express is judged by its URL and headers, and goes on, or is answered. */
const guard = (
  auth: NodeFetchAuth.LimitedNodeFetchAuth,
  origin: string
): express.RequestHandler =>
async (req, res, next) => {
  const headers = new Headers()
  for (let index = 0; index < req.rawHeaders.length; index += 2) {
    headers.append(req.rawHeaders[index] ?? "", req.rawHeaders[index + 1] ?? "")
  }
  const outcome = await auth.authenticate(
    new Request(new URL(req.originalUrl, origin), { method: req.method, headers }),
    // `failureLimit` counts by it. Behind a proxy, tell Express which one to trust (`trust proxy`).
    { clientAddress: req.ip }
  )
  const answer = outcome._tag === "Answered" ? outcome.response : outcome
  answer.headers.forEach((value, name) => res.append(name, value))
  if (outcome._tag === "Answered") return void res.status(outcome.response.status).send(await outcome.response.text())
  res.locals["auth"] = outcome.info
  next()
}

/** The application, for `listen`. */
export const makeApp = async (options: AuthOptions & Pick<Options, "resource">) => {
  const auth = await NodeFetchAuth.start(options)
  const app = express()
  app.use(guard(auth, new URL(options.resource).origin))
  app.post("/mcp", (_, res) => void res.json({ subject: res.locals["auth"].subject }))
  return { app, close: auth.close }
}
