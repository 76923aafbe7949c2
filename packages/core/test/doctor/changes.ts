/** Changes to the answers of a world, as planted faults and repairs make them. */
import { issuer, origin } from "../server/harness.ts"
import type { Asked, Change } from "./world.ts"

type Where = (asked: Asked) => boolean

export const at = (...urls: ReadonlyArray<string>): Where => ({ url }) => urls.includes(`${url.origin}${url.pathname}`)

export const method = (where: Where, ...methods: ReadonlyArray<string>): Where => (asked) =>
  where(asked) && methods.includes(asked.method)

export const mcp = at(`${origin}/mcp`)
export const pathMetadata = at(`${origin}/.well-known/oauth-protected-resource/mcp`)
const rootMetadata = at(`${origin}/.well-known/oauth-protected-resource`)
export const anyMetadata = (asked: Asked) => pathMetadata(asked) || rootMetadata(asked)
export const oauthDocument = at(`${issuer}/.well-known/oauth-authorization-server`)
export const keySet = at(`${issuer}/jwks`)
export const registration = at(`${issuer}/register`)

/** Answers in place of the server. */
export const answer = (where: Where, make: (asked: Asked) => Response): Change => (asked, before) =>
  where(asked) ? make(asked) : before

export const status = (where: Where, code: number, headers: Readonly<Record<string, string>> = {}): Change =>
  answer(where, () => new Response(null, { status: code, headers }))

export const html = (where: Where): Change =>
  answer(where, () => new Response("<!doctype html><title>App</title>", { headers: { "content-type": "text/html" } }))

/** Breaks the connection with a code of Node. */
export const broken = (where: Where, code: string): Change => (asked, before) => where(asked) ? code : before

/** Sets or removes headers. */
export const headers =
  (where: Where, changed: Readonly<Record<string, string | undefined>>): Change => (asked, before) => {
    if (!where(asked)) return before
    const all = new Headers(before.headers)
    for (const [name, value] of Object.entries(changed)) {
      if (value === undefined) all.delete(name)
      else all.set(name, value)
    }
    return new Response(before.body, { status: before.status, headers: all })
  }

/** Changes a JSON body. */
export const json = (
  where: Where,
  edit: (document: Record<string, unknown>) => unknown
): Change =>
(asked, before) =>
  !where(asked) || !before.ok
    ? before
    : before.json().then((document) =>
      new Response(JSON.stringify(edit(document)), { status: before.status, headers: before.headers })
    )

const is = (code: number) => (where: Where, change: Change): Change => (asked, before) =>
  where(asked) && before.status === code ? change(asked, before) : before

/** Changes the challenges of the server. */
export const challenge = (header: string | undefined): Change =>
  is(401)(mcp, headers(mcp, { "www-authenticate": header }))
