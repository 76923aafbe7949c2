/** Child processes, which end with the scope. */
import { Effect, Schedule } from "effect"
import { type ChildProcess, fork } from "node:child_process"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"

const programs = {
  provider: new URL("provider.ts", import.meta.url),
  server: new URL("server.ts", import.meta.url),
  flood: new URL("flood.ts", import.meta.url)
} as const

/** A loopback port that is free now. */
export const freePort = Effect.callback<number>((resume) => {
  const probe = createServer()
  probe.listen(0, "127.0.0.1", () => {
    // A server that listens on a port has an address of this kind.
    const { port } = probe.address() as AddressInfo
    probe.close(() => resume(Effect.succeed(port)))
  })
})

/** The next message of a child. */
const message = <A>(child: ChildProcess): Effect.Effect<A> =>
  Effect.callback((resume) => {
    child.once("message", (value) => resume(Effect.succeed(value as A)))
  })

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

/** Ends a child process, and waits for its end. */
export const end = (child: ChildProcess): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (hasEnded(child)) return resume(Effect.void)
    child.once("exit", () => resume(Effect.void))
    child.kill("SIGKILL")
  })

/** Starts one of the programs. `hello` is its first message. It is ready when it has answered. */
export const start = (program: keyof typeof programs, args: ReadonlyArray<string | number>, hello?: object) =>
  Effect.acquireRelease(
    Effect.gen(function*() {
      const child = fork(fileURLToPath(programs[program]), args.map(String), {
        stdio: ["ignore", "ignore", "inherit", "ipc"]
      })
      if (hello !== undefined) child.send(hello)
      yield* message<unknown>(child)
      return child
    }),
    end
  )

/** Sends a request to a child. */
export const askChild = <A>(child: ChildProcess): Effect.Effect<A> =>
  Effect.andThen(Effect.sync(() => child.send({})), message<A>(child))

/** Repeats an effect until the scope ends. */
export const every = <A, E, R>(milliseconds: number, effect: Effect.Effect<A, E, R>) =>
  Effect.forkScoped(Effect.repeat(effect, Schedule.spaced(milliseconds)))
