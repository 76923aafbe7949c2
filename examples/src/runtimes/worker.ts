/**
 * The protected server on Cloudflare Workers, with the variables `RESOURCE` and `ISSUER`.
 *
 * A Worker must not wait for I/O that another request began, and the server shares its caches and fetches among requests.
 * So each request builds a server of its own. `SharedMemory` can keep documents and keys from request to request.
 */
import { makeHandler } from "./handler.ts"

interface Env {
  readonly RESOURCE: string
  readonly ISSUER: string
}

const worker = {
  fetch: (request: Request, { ISSUER, RESOURCE }: Env): Promise<Response> =>
    makeHandler({ resource: RESOURCE, issuer: ISSUER })(request)
}

// oxlint-disable-next-line import/no-default-export -- Workers are found by it.
export { worker as default }
