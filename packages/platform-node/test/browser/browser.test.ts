import * as EffectClient from "@effect-mcp-auth/examples/EffectClient"
import * as EmbeddedProvider from "@effect-mcp-auth/examples/EmbeddedProvider"
import { listen } from "@effect-mcp-auth/examples/loopback"
import * as SdkClient from "@effect-mcp-auth/examples/SdkClient"
import { serveNotes } from "@effect-mcp-auth/examples/serve"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync } from "node:fs"
import { chromium } from "playwright-core"

/** The Debian path, unless CHROMIUM_PATH is set. */
const executablePath = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium"
const isThere = existsSync(executablePath)
const where = isThere ? "in Chromium" : `skipped, because there is no Chromium at ${executablePath} (see CHROMIUM_PATH)`

const browser = Effect.acquireRelease(
  Effect.promise(() =>
    chromium.launch({
      executablePath,
      timeout: 300_000,
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    })
  ),
  (browser) => Effect.promise(() => browser.close())
)

/** A new page in a real browser. */
const newPage = Effect.gen(function*() {
  const chromium = yield* browser
  const page = yield* Effect.promise(() => chromium.newPage())
  page.setDefaultTimeout(300_000)
  return page
})

/** An empty page on its own origin, in a real browser. */
const pageElsewhere = Effect.gen(function*() {
  const { origin, server } = yield* listen()
  server.on("request", (_, response) => {
    response.setHeader("content-type", "text/html")
    response.end("<!doctype html><title>A client</title>")
  })
  const page = yield* newPage
  yield* Effect.promise(() => page.goto(origin))
  return { origin, page }
})

/** The steps of a client in a page. Runs in the browser. */
const client = async ({ resource, token }: { readonly resource: string; readonly token: string }) => {
  const body = JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: {
      name: "WhoAmI",
      arguments: {},
      _meta: {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": { name: "page", version: "1" }
      }
    }
  })
  const headers = {
    "content-type": "application/json",
    "accept": "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": "WhoAmI"
  }
  const refused = await fetch(resource, { method: "POST", headers, body })
  const challenge = refused.headers.get("www-authenticate") ?? ""
  const metadataUrl = /resource_metadata="([^"]+)"/.exec(challenge)?.[1] ?? ""
  const metadata = await fetch(metadataUrl).then((response) => response.json())
  const authorization = `Bearer ${token}`
  const called = await fetch(resource, { method: "POST", headers: { ...headers, authorization }, body })
  return { refused: refused.status, challenge, metadata, called: called.status, answer: await called.text() }
}

describe.skipIf(!isThere)(`a page of another origin, ${where}`, () => {
  it.live("runs preflights, reads the challenge, fetches the metadata, and calls a tool", () =>
    Effect.gen(function*() {
      const { origin, page } = yield* pageElsewhere
      const { issuer } = yield* EmbeddedProvider.start()
      const { resource } = yield* serveNotes({ issuer, allowedOrigins: [origin] })
      const { user } = yield* SdkClient.connect(resource)
      const token = user.tokens()?.access_token ?? ""
      const seen = yield* Effect.promise(() => page.evaluate(client, { resource, token }))
      assert.strictEqual(seen.refused, 401)
      assert.include(seen.challenge, "scope=\"notes:read\"")
      assert.strictEqual(seen.metadata.resource, resource)
      assert.strictEqual(seen.called, 200)
      assert.include(seen.answer, "\"subject\":\"ada\"")
    }))

  it.live("of an origin that is not allowed reads nothing", () =>
    Effect.gen(function*() {
      const { page } = yield* pageElsewhere
      const { issuer } = yield* EmbeddedProvider.start()
      const { resource } = yield* serveNotes({ issuer, allowedOrigins: ["https://app.example.com"] })
      const failed = yield* Effect.promise(() =>
        page.evaluate((url) => fetch(url, { method: "POST" }).then(() => "read", (error) => String(error)), resource)
      )
      assert.include(failed, "Failed to fetch")
    }))
})

describe.skipIf(!isThere)(`a login with NodeUserAgent, ${where}`, () => {
  it.live("ends on the page of the loopback server, which has no secret, and the client calls a tool", () =>
    Effect.gen(function*() {
      const page = yield* newPage
      const { issuer } = yield* EmbeddedProvider.start()
      const { resource } = yield* serveNotes({ issuer })
      const { call, pages, tokens } = yield* EffectClient.connect(resource, {
        openPage: (url) => Effect.asVoid(Effect.promise(() => page.goto(url.href)))
      })
      assert.strictEqual((yield* call("WhoAmI")).subject, "ada")
      assert.strictEqual(pages.length, 1)
      const text = yield* Effect.promise(() => page.innerText("body"))
      assert.strictEqual(text, "The login is complete. You can close this page.")
      const html = yield* Effect.promise(() => page.content())
      const { hostname, searchParams } = new URL(page.url())
      assert.strictEqual(hostname, "127.0.0.1")
      const secrets = [searchParams.get("code") ?? "", searchParams.get("state") ?? "", tokens()?.access_token ?? ""]
      for (const secret of secrets) {
        assert.notStrictEqual(secret, "")
        assert.notInclude(html, secret)
      }
    }))
})
