/** The protected server on Bun: `RESOURCE=… ISSUER=… PORT=3000 bun examples/src/runtimes/bun.ts` */
import { makeHandler } from "./handler.ts"

declare const Bun: {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly serve: (options: {
    readonly hostname: string
    readonly port: number
    readonly fetch: (request: Request) => Promise<Response>
  }) => unknown
}

const { ISSUER = "", PORT = "3000", RESOURCE = "" } = Bun.env

Bun.serve({ hostname: "127.0.0.1", port: Number(PORT), fetch: makeHandler({ resource: RESOURCE, issuer: ISSUER }) })
