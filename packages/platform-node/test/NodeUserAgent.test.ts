import { UserAgent } from "@effect-mcp-auth/core"
import { NodeUserAgent } from "@effect-mcp-auth/platform-node"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, FileSystem, Path, Scope } from "effect"
import { TestClock } from "effect/testing"
import { request } from "node:http"

const page = (state: string) => new URL(`https://as.test/authorize?state=${state}`)

/** The status of a request, or its error code. */
const ask = (url: string, options: { readonly headers?: Record<string, string>; readonly method?: string } = {}) =>
  Effect.callback<{ readonly status: number | string; readonly text: string; readonly headers: object }>((resume) => {
    const asked = request(url, options, (response) => {
      const chunks: Array<Buffer> = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk))
      response.on("end", () =>
        resume(Effect.succeed({
          status: response.statusCode ?? 0,
          text: Buffer.concat(chunks).toString(),
          headers: response.headers
        })))
    })
    asked.on(
      "error",
      ({ code = "" }: NodeJS.ErrnoException) => resume(Effect.succeed({ status: code, text: "", headers: {} }))
    )
    asked.end()
  })

const statusOf = (...args: Parameters<typeof ask>) => Effect.map(ask(...args), ({ status }) => status)

/** A user agent whose pages are opened by the test. */
const agentWith = Effect.fnUntraced(function*(options: NodeUserAgent.Options = {}) {
  const opened: Array<string> = []
  const isOpen = yield* Deferred.make<void>()
  const layer = NodeUserAgent.layer({
    ...options,
    openPage: (url) => Effect.andThen(Effect.sync(() => opened.push(url.href)), Deferred.succeed(isOpen, undefined))
  })
  const { open } = yield* Effect.provide(UserAgent.UserAgent, layer)
  return { open, opened, isOpen: Deferred.await(isOpen) }
})

describe("the server on loopback", () => {
  it.live("gives the answer with the state of the login to it, once, with all its parameters", () =>
    Effect.gen(function*() {
      const { isOpen, open, opened } = yield* agentWith()
      const session = yield* open()
      const login = yield* Effect.forkChild(session.authorize(page("one")))
      yield* isOpen
      assert.deepStrictEqual(opened, [page("one").href])
      const answer = `${session.redirectUri}?code=a&state=one&iss=https%3A%2F%2Fas.test&code=b`
      const { headers, status, text } = yield* ask(answer)
      assert.strictEqual(status, 200)
      assert.include(text, "The login is complete")
      assert.deepInclude(headers, {
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store"
      })
      const params = yield* Fiber.join(login)
      assert.deepStrictEqual([params.getAll("code"), params.get("iss")], [["a", "b"], "https://as.test"])
      assert.strictEqual(yield* statusOf(answer), 400)
    }).pipe(Effect.scoped))

  it.live("shows an answer with an error to the user without its text, and hands it on", () =>
    Effect.gen(function*() {
      const { isOpen, open } = yield* agentWith()
      const session = yield* open()
      const login = yield* Effect.forkChild(session.authorize(page("one")))
      yield* isOpen
      const { text } = yield* ask(`${session.redirectUri}?error=%3Cscript%3E&state=one`)
      assert.include(text, "Access was not granted")
      assert.notInclude(text, "script")
      assert.strictEqual((yield* Fiber.join(login)).get("error"), "<script>")
    }).pipe(Effect.scoped))

  it.live("turns away forged states, foreign Host headers, other paths and other methods, and keeps waiting", () =>
    Effect.gen(function*() {
      const { isOpen, open } = yield* agentWith()
      const session = yield* open()
      const login = yield* Effect.forkChild(session.authorize(page("one")))
      yield* isOpen
      const answer = `${session.redirectUri}?code=evil&state=one`
      const { port } = new URL(session.redirectUri)
      assert.strictEqual(yield* statusOf(`${session.redirectUri}?code=evil&state=forged`), 400)
      assert.strictEqual(yield* statusOf(`${session.redirectUri}?code=evil`), 400)
      for (
        const host of [
          "evil.test",
          `evil.test:${port}`,
          `localhost:${port}`,
          "127.0.0.1",
          `127.0.0.1:${port}.evil.test`
        ]
      ) {
        assert.strictEqual(yield* statusOf(answer, { headers: { host } }), 404, host)
      }
      for (const method of ["POST", "HEAD", "OPTIONS", "PUT"]) {
        assert.strictEqual(yield* statusOf(answer, { method }), 404, method)
      }
      assert.strictEqual(yield* statusOf(answer.replace("/callback", "/callback/x")), 404)
      assert.strictEqual(yield* statusOf(`${session.redirectUri}?code=good&state=one`), 200)
      assert.strictEqual((yield* Fiber.join(login)).get("code"), "good")
    }).pipe(Effect.scoped))

  it.live("keeps two logins at the same time apart, and releases its port with the scope", () =>
    Effect.gen(function*() {
      const { open } = yield* agentWith()
      const scope = yield* Scope.make()
      const [first, second] = [yield* Scope.provide(open(), scope), yield* open()]
      assert.notStrictEqual(first.redirectUri, second.redirectUri)
      const one = yield* Effect.forkChild(first.authorize(page("one")), { startImmediately: true })
      const two = yield* Effect.forkChild(second.authorize(page("two")), { startImmediately: true })
      assert.strictEqual(yield* statusOf(`${first.redirectUri}?code=x&state=two`), 400)
      assert.strictEqual(yield* statusOf(`${second.redirectUri}?code=b&state=two`), 200)
      assert.strictEqual(yield* statusOf(`${first.redirectUri}?code=a&state=one`), 200)
      assert.deepStrictEqual([(yield* Fiber.join(one)).get("code"), (yield* Fiber.join(two)).get("code")], ["a", "b"])
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(yield* statusOf(`${first.redirectUri}?code=a&state=one`), "ECONNREFUSED")
    }).pipe(Effect.scoped))

  it.live("listens on the fixed port, and says so if another program has it", () =>
    Effect.gen(function*() {
      const { open } = yield* agentWith()
      const { redirectUri } = yield* open()
      const port = Number(new URL(redirectUri).port)
      const fixed = yield* agentWith({ port })
      const error = yield* Effect.flip(fixed.open())
      assert.strictEqual(error.reason, "port-taken")
      assert.include(error.message, `port ${port}`)
    }).pipe(Effect.scoped))

  it.live("takes the port of an earlier registration again, and another one if that is not free", () =>
    Effect.gen(function*() {
      const { open } = yield* agentWith()
      const earlier = yield* Effect.scoped(Effect.map(open(), ({ redirectUri }) => redirectUri))
      const again = yield* open(earlier)
      assert.strictEqual(again.redirectUri, earlier)
      assert.notStrictEqual((yield* open(earlier)).redirectUri, earlier)
      for (const foreign of ["https://client.test/callback", "http://127.0.0.1:80.evil.test/callback", "x"]) {
        assert.match((yield* open(foreign)).redirectUri, /^http:\/\/127\.0\.0\.1:\d+\/callback$/)
      }
    }).pipe(Effect.scoped))

  it.effect("stops waiting after 5 minutes", () =>
    Effect.gen(function*() {
      const { isOpen, open } = yield* agentWith()
      const session = yield* open()
      const login = yield* Effect.forkChild(Effect.flip(session.authorize(page("one"))))
      yield* isOpen
      yield* TestClock.adjust("5 minutes")
      const error = yield* Fiber.join(login)
      assert.strictEqual(error.reason, "no-answer")
      assert.strictEqual(yield* statusOf(`${session.redirectUri}?code=late&state=one`), 400)
    }).pipe(Effect.scoped))
})

describe("the page of the authorization server", () => {
  const refused = [
    "javascript:alert(1)//?state=s",
    "file:///etc/passwd?state=s",
    "http://as.test/authorize?state=s",
    "http://127.0.0.1.evil.test/authorize?state=s",
    "ms-settings:x?state=s",
    "data:text/html,x?state=s",
    "blob:https://as.test/x?state=s",
    "https://as.test/authorize"
  ]
  for (const url of refused) {
    it.effect(`is not opened if its URL is ${url}`, () =>
      Effect.gen(function*() {
        const { open, opened } = yield* agentWith()
        const session = yield* open()
        const error = yield* Effect.flip(session.authorize(new URL(url)))
        assert.deepStrictEqual([error.reason, opened], ["failed", []])
        assert.notInclude(error.message, "state=s")
      }).pipe(Effect.scoped))
  }

  it.effect.each(["https://as.test/a?state=s", "http://localhost:4444/a?state=s", "http://[::1]:1/a?state=s"])(
    "is opened if its URL is %s",
    (url) =>
      Effect.gen(function*() {
        const { isOpen, open, opened } = yield* agentWith()
        const session = yield* open()
        yield* Effect.forkChild(session.authorize(new URL(url)))
        yield* isOpen
        assert.deepStrictEqual(opened, [url])
      }).pipe(Effect.scoped)
  )

  it.effect("that cannot be opened ends the login with the reason", () =>
    Effect.gen(function*() {
      const failure = new UserAgent.UserAgentFailed({ reason: "no-browser" })
      const layer = NodeUserAgent.layer({ openPage: () => Effect.fail(failure) })
      const { open } = yield* Effect.provide(UserAgent.UserAgent, layer)
      assert.strictEqual((yield* Effect.flip((yield* open()).authorize(page("one")))).reason, "no-browser")
    }).pipe(Effect.scoped))
})

/** Changes where programs are looked for, and returns the previous value. */
const replacePath = (path: string | undefined) => {
  const before = process.env["PATH"]
  process.env["PATH"] = path
  return before
}

/** A machine whose only program is this `xdg-open`. */
const withOpener = Effect.fnUntraced(function*(script: (directory: string) => string) {
  const files = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const directory = yield* files.makeTempDirectoryScoped()
  const program = path.join(directory, "xdg-open")
  yield* files.writeFileString(program, `#!/bin/sh\n${script(directory)}\n`, { mode: 0o755 })
  yield* Effect.acquireRelease(
    Effect.sync(() => replacePath(directory)),
    (before) => Effect.sync(() => replacePath(before))
  )
  return { directory, files, path }
})

describe.runIf(process.platform === "linux")("openBrowser", () => {
  it.live("hands the URL to xdg-open as one argument that no shell interprets", () =>
    Effect.gen(function*() {
      const { directory, files, path } = yield* withOpener((directory) =>
        `printf '%s|' "$#" "$1" > '${directory}/args'`
      )
      const url = new URL("https://as.test/a?state=$(touch%20hacked);`id`&x='|\"&y=\\")
      yield* NodeUserAgent.openBrowser(url)
      assert.strictEqual(yield* files.readFileString(path.join(directory, "args")), `1|${url.href}|`)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

  it.live("fails if xdg-open finds no browser, without the URL in the message", () =>
    Effect.gen(function*() {
      yield* withOpener(() => "exit 3")
      const error = yield* Effect.flip(NodeUserAgent.openBrowser(page("secret-state")))
      assert.strictEqual(error.reason, "no-browser")
      assert.include(error.message, "xdg-open: exit code 3")
      assert.notInclude(error.message, "secret-state")
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

  it.live("fails with no-browser for a URL that is too long for an argument", () =>
    Effect.gen(function*() {
      yield* withOpener(() => "exit 0")
      const error = yield* Effect.flip(NodeUserAgent.openBrowser(page("x".repeat(200_000))))
      assert.strictEqual(error.reason, "no-browser")
      assert.include(error.message, "xdg-open: E2BIG")
      assert.isBelow(error.message.length, 1000)
      yield* NodeUserAgent.openBrowser(page("x".repeat(50_000)))
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

  it.live("fails if there is no xdg-open, and refuses a URL that is no page", () =>
    Effect.gen(function*() {
      const { files, path, directory } = yield* withOpener(() => "exit 0")
      yield* files.remove(path.join(directory, "xdg-open"))
      const error = yield* Effect.flip(NodeUserAgent.openBrowser(page("one")))
      assert.include(error.message, "xdg-open: ENOENT")
      assert.strictEqual(
        (yield* Effect.flip(NodeUserAgent.openBrowser(new URL("file:///etc/passwd")))).reason,
        "failed"
      )
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))
})
