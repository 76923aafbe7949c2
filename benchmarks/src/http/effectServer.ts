/** The Effect servers: bare, and protected by this library. The pipe is the whole difference. */
import * as AuthorizationServer from "@effect-mcp-auth/core/AuthorizationServer"
import * as McpAuth from "@effect-mcp-auth/core/McpAuth"
import * as NodeMcpAuth from "@effect-mcp-auth/platform-node/NodeMcpAuth"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import { createServer, type Server } from "node:http"
import { resource } from "../harness/tokens.ts"
import { server } from "./tools.ts"

export interface Options {
  readonly issuer: string
  readonly tools: number
  /** Whether metadata is fetched before the server listens. */
  readonly eager?: boolean | undefined
}

const listening = (listener: Server) =>
  // Thousands may come at once.
  NodeHttpServer.layer(() => listener, { port: 0, host: "127.0.0.1", backlog: 4096 })

const quiet = { disableLogger: true, disableListenLog: true }

export const bare = ({ tools }: Options, listener: Server = createServer()) =>
  HttpRouter.serve(server(tools), quiet).pipe(Layer.provide(listening(listener)))

export const guarded = ({ eager = false, issuer, tools }: Options, listener: Server = createServer()) => {
  const server_ = server(tools).pipe(
    McpAuth.protect({
      resource,
      authorizationServers: [
        // The provider is on this machine and without TLS, which must be said.
        eager
          ? AuthorizationServer.fetch(issuer, { allowInsecureLoopback: true })
          : AuthorizationServer.discover(issuer, { allowInsecureLoopback: true })
      ]
    })
  )
  return HttpRouter.serve(server_, quiet).pipe(
    Layer.provide(listening(listener)),
    Layer.provide(NodeMcpAuth.layerWith({ allow: ["loopback"] }))
  )
}
