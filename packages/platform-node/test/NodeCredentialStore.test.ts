import { CredentialStore } from "@effect-mcp-auth/core"
import { NodeCredentialStore } from "@effect-mcp-auth/platform-node"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, FileSystem, Option, Path, Redacted, Ref } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { lutimesSync, readlinkSync, symlinkSync } from "node:fs"
import { hostname } from "node:os"
import { fileURLToPath } from "node:url"
import { patience } from "./patience.ts"

const server = "https://mcp.test/mcp?team=a"

const tokens: CredentialStore.Tokens = {
  issuer: "https://as.test",
  resource: server,
  clientId: "c1",
  type: "Bearer",
  accessToken: Redacted.make("secret-access"),
  refreshToken: Redacted.make("secret-refresh"),
  obtainedAt: 1,
  requested: ["notes:read"]
}

/** A directory that does not exist yet. */
const freshDirectory = Effect.gen(function*() {
  const files = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  return path.join(yield* files.makeTempDirectoryScoped(), "credentials")
})

/** Another program on the store, as far as the store can tell. */
const withStore = <A, E, R>(
  options: NodeCredentialStore.FileOptions,
  use: (store: CredentialStore.Shape) => Effect.Effect<A, E, R>
) => Effect.provide(Effect.flatMap(CredentialStore.CredentialStore, use), NodeCredentialStore.layerFile(options))

const lockPath = (directory: string, key: string) =>
  `${directory}/${createHash("sha256").update(key).digest("hex")}.lock`

describe("credentials in files", () => {
  it.live("outlive the program, and only the user can read them", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const directory = yield* freshDirectory
      yield* withStore({ directory }, (store) =>
        Effect.andThen(store.setTokens(server, tokens), store.setTokens("https://other.test", tokens)))
      const found = yield* withStore({ directory }, (store) =>
        Effect.all([store.tokens(server), store.servers]))
      assert.deepStrictEqual(
        Option.map(found[0], ({ accessToken, refreshToken }) =>
          [accessToken, refreshToken].map((one) =>
            one === undefined ? one : Redacted.value(one)
          )),
        Option.some(["secret-access", "secret-refresh"])
      )
      assert.deepStrictEqual(found[1], [server, "https://other.test"])
      assert.strictEqual((yield* files.stat(directory)).mode & 0o777, 0o700)
      const names = yield* files.readDirectory(directory)
      assert.strictEqual(names.length, 2)
      for (const name of names) {
        assert.match(name, /^[0-9a-f]{64}\.entry\.json$/)
        assert.strictEqual((yield* files.stat(`${directory}/${name}`)).mode & 0o777, 0o600)
      }
      yield* withStore({ directory }, (store) =>
        store.removeTokens(server))
      assert.strictEqual((yield* files.readDirectory(directory)).length, 1)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

  it.live("are unreadable with the option secret, to a program without it", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const directory = yield* freshDirectory
      const secret = Redacted.make("a secret of at least 32 characters")
      yield* withStore({ directory, secret }, (store) => store.setTokens(server, tokens))
      const [name = ""] = yield* files.readDirectory(directory)
      const text = yield* files.readFileString(`${directory}/${name}`)
      for (const part of ["secret-access", "secret-refresh", "mcp.test", "as.test"]) assert.notInclude(text, part)
      assert.isTrue(Option.isSome(yield* withStore({ directory, secret }, (store) => store.tokens(server))))
      const error = yield* Effect.flip(withStore({ directory, secret: Redacted.make("short") }, Effect.succeed))
      assert.strictEqual(error._tag, "InvalidStoreSecret")
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

  it.live("are never half written: what a crash left is ignored, and a damaged entry is absent", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const directory = yield* freshDirectory
      yield* withStore({ directory }, (store) => store.setTokens(server, tokens))
      const [name = ""] = yield* files.readDirectory(directory)
      yield* files.writeFileString(`${directory}/${name}.0.tmp`, "{\"key\":")
      const found = yield* withStore({ directory }, (store) => store.servers)
      assert.deepStrictEqual(found, [server])
      yield* files.writeFileString(`${directory}/${name}`, "{\"key\":")
      assert.isTrue(Option.isNone(yield* withStore({ directory }, (store) => store.tokens(server))))
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

  it.live("are not kept in a directory that other users can write into, or that is a file", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const directory = yield* freshDirectory
      yield* files.makeDirectory(directory)
      yield* files.chmod(directory, 0o777)
      const error = yield* Effect.flip(withStore({ directory }, Effect.succeed))
      assert.include(error.message, "other users can write into it")
      yield* files.writeFileString(`${directory}/file`, "")
      assert.strictEqual(
        (yield* Effect.flip(withStore({ directory: `${directory}/file` }, Effect.succeed)))._tag,
        "StoreFailed"
      )
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))
})

describe.runIf(process.platform !== "win32")("credentials in a directory of another user", () => {
  it.live("are not kept there, and the user's own directory is accepted", () =>
    Effect.gen(function*() {
      const directory = yield* freshDirectory
      yield* withStore({ directory }, Effect.succeed)
      const user = process.getuid?.() ?? 0
      yield* Effect.acquireRelease(
        Effect.sync(() => Reflect.set(process, "getuid", () => user + 1)),
        () => Effect.sync(() => Reflect.set(process, "getuid", () => user))
      )
      const error = yield* Effect.flip(withStore({ directory }, Effect.succeed))
      assert.include(error.message, "belongs to another user")
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))
})

describe("the lock of a store in files", () => {
  it.live("lets one fiber after another into a transaction, and other keys at the same time", () =>
    Effect.gen(function*() {
      const directory = yield* freshDirectory
      const [inside, most] = [yield* Ref.make(0), yield* Ref.make(0)]
      const work = Effect.gen(function*() {
        const now = yield* Ref.updateAndGet(inside, (n) => n + 1)
        yield* Ref.update(most, (n) => Math.max(n, now))
        yield* Effect.yieldNow
        yield* Ref.update(inside, (n) => n - 1)
      })
      // Two stores on one directory are two programs.
      const both = Effect.all(
        [1, 2].map(() =>
          withStore(
            { directory },
            ({ transaction }) =>
              Effect.forEach(Array.from({ length: 10 }), () => transaction("a")(work), { concurrency: "unbounded" })
          )
        ),
        { concurrency: "unbounded" }
      )
      yield* both
      assert.deepStrictEqual([yield* Ref.get(inside), yield* Ref.get(most)], [0, 1])
      yield* withStore({ directory }, ({ transaction }) =>
        Effect.gen(function*() {
          const isIn = yield* Deferred.make<void>()
          const holder = yield* Effect.forkChild(
            transaction("a")(Effect.andThen(Deferred.succeed(isIn, undefined), Effect.never))
          )
          yield* Deferred.await(isIn)
          assert.strictEqual(yield* transaction("b")(Effect.succeed("in")), "in")
          yield* Fiber.interrupt(holder)
          assert.strictEqual(yield* transaction("a")(Effect.succeed("in")), "in")
          assert.strictEqual(yield* Effect.flip(transaction("a")(Effect.fail("own error"))), "own error")
          assert.strictEqual(yield* transaction("a")(Effect.succeed("in")), "in")
        }))
      const files = yield* FileSystem.FileSystem
      assert.deepStrictEqual(yield* files.readDirectory(directory), [])
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

  const namespace = process.platform === "linux" ? readlinkSync("/proc/self/ns/pid") : process.platform
  const owner = { id: "another", host: hostname(), namespace, pid: process.pid, thread: 0 }
  const stale: ReadonlyArray<readonly [what: string, text: string, ageInSeconds: number]> = [
    ["of a process that has ended", JSON.stringify({ ...owner, pid: 2 ** 22 + 1 }), 0],
    ["of an earlier process with the ID of this one", JSON.stringify(owner), 0],
    ["of a silent process on another host", JSON.stringify({ ...owner, host: "elsewhere" }), 60],
    ["of a silent process in another container", JSON.stringify({ ...owner, namespace: "pid:[1]" }), 60],
    ["that was never completed", "", 60]
  ]
  for (const [what, text, age] of stale) {
    it.live(`is taken over if it is the lock ${what}`, () =>
      Effect.gen(function*() {
        const files = yield* FileSystem.FileSystem
        const directory = yield* freshDirectory
        yield* files.makeDirectory(directory, { mode: 0o700 })
        const path = lockPath(directory, "a")
        yield* files.writeFileString(path, text)
        const { mtime } = yield* files.stat(path)
        const written = Option.getOrThrow(mtime).getTime() / 1000 - age
        yield* files.utimes(path, written, written)
        assert.strictEqual(
          yield* withStore({ directory }, ({ transaction }) => transaction("a")(Effect.succeed("in"))),
          "in"
        )
        assert.deepStrictEqual(yield* files.readDirectory(directory), [])
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))
  }

  const alive: ReadonlyArray<readonly [what: string, text: string]> = [
    ["on another host", JSON.stringify({ ...owner, host: "elsewhere" })],
    ["in a container with the same host name", JSON.stringify({ ...owner, namespace: "pid:[1]", pid: 2 ** 22 + 1 })],
    ["in a container with the same host name and process ID", JSON.stringify({ ...owner, namespace: "pid:[1]" })],
    ["of a version that names no namespace", JSON.stringify({ ...owner, namespace: undefined })]
  ]
  for (const [what, text] of alive) {
    it.live(`is not taken over if its holder ${what} was alive a moment ago`, () =>
      Effect.gen(function*() {
        const files = yield* FileSystem.FileSystem
        const directory = yield* freshDirectory
        yield* files.makeDirectory(directory, { mode: 0o700 })
        yield* files.writeFileString(lockPath(directory, "a"), text)
        const entered = yield* withStore({ directory }, ({ transaction }) =>
          Effect.timeoutOption(transaction("a")(Effect.succeed("in")), "300 millis"))
        assert.isTrue(Option.isNone(entered))
        assert.strictEqual(yield* files.readFileString(lockPath(directory, "a")), text)
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))
  }

  it.live("is taken over if it cannot be read and is old: a symbolic link to nothing", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const directory = yield* freshDirectory
      yield* files.makeDirectory(directory, { mode: 0o700 })
      const path = lockPath(directory, "a")
      symlinkSync(`${directory}/nothing`, path)
      const enter = withStore({ directory }, ({ transaction }) => transaction("a")(Effect.succeed("in")))
      assert.isTrue(Option.isNone(yield* Effect.timeoutOption(enter, "300 millis")))
      lutimesSync(path, 1, 1)
      assert.strictEqual(yield* enter, "in")
      assert.deepStrictEqual(yield* files.readDirectory(directory), [])
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))
})

const worker = fileURLToPath(new URL("fixtures/storeWorker.ts", import.meta.url))

const startWorker = (...args: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, [...patience, worker, ...args], { stdio: ["ignore", "pipe", "inherit"] })
    ),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )

const ended = (child: ChildProcess) =>
  Effect.callback<number | null>((resume) => {
    child.once("exit", (code) => resume(Effect.succeed(code)))
  })

describe("two processes on one store", () => {
  it.live("lose no update of 200 that they make at the same time", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const directory = yield* freshDirectory
      const children = yield* Effect.forEach([1, 2], () => startWorker("count", directory, "100"))
      const codes = yield* Effect.forEach(children, ended, { concurrency: "unbounded" })
      assert.deepStrictEqual(codes, [0, 0])
      const found = yield* withStore({ directory }, (store) => store.tokens("https://mcp.test/mcp"))
      assert.deepStrictEqual(
        Option.map(found, ({ refreshToken }) => refreshToken === undefined ? "" : Redacted.value(refreshToken)),
        Option.some("200")
      )
      assert.strictEqual((yield* files.readDirectory(directory)).length, 1)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

  it.live("go on at once if one of them is killed within a transaction", () =>
    Effect.gen(function*() {
      const directory = yield* freshDirectory
      const holder = yield* startWorker("hold", directory)
      yield* Effect.callback<void>((resume) => {
        holder.stdout?.once("data", () => resume(Effect.void))
      })
      const gone = yield* Effect.forkChild(ended(holder), { startImmediately: true })
      holder.kill("SIGKILL")
      yield* Fiber.join(gone)
      const children = yield* Effect.forEach([1, 2, 3], () => startWorker("count", directory, "20"))
      yield* Effect.forEach(children, ended, { concurrency: "unbounded" })
      const found = yield* withStore({ directory }, (store) => store.tokens("https://mcp.test/mcp"))
      assert.deepStrictEqual(
        Option.map(found, ({ refreshToken }) => refreshToken === undefined ? "" : Redacted.value(refreshToken)),
        Option.some("60")
      )
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))
})
