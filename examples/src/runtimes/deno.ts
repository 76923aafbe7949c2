/**
 * The protected server on Deno. It may reach the provider and nothing else:
 *
 * `RESOURCE=… ISSUER=… PORT=3000 deno run --allow-env --allow-read --allow-net=127.0.0.1:3000,auth.example.com
 * examples/src/runtimes/deno.ts`
 */
import { makeHandler } from "./handler.ts"

declare const Deno: {
  readonly env: { readonly get: (name: string) => string | undefined }
  readonly serve: (
    options: { readonly hostname: string; readonly port: number },
    handler: (request: Request) => Promise<Response>
  ) => unknown
}

const env = (name: string): string => Deno.env.get(name) ?? ""

Deno.serve(
  { hostname: "127.0.0.1", port: Number(env("PORT")) },
  makeHandler({ resource: env("RESOURCE"), issuer: env("ISSUER") })
)
