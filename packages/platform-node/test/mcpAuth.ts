import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect } from "effect"
import { Command, TerminalCapabilities } from "effect/cli"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { command } from "../src/cli/command.ts"
import { Exit } from "../src/cli/exit.ts"
import { patience } from "./patience.ts"

/** The program behind `mcp-auth`. */
export const main = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url))

/** The end of a process. */
export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** How a command is started. */
interface Start {
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Default: those of `patience`. */
  readonly nodeArgs?: ReadonlyArray<string> | undefined
  /** Standard input. Default: it stays open. */
  readonly stdin?: string | undefined
  /** Gets each piece of standard error as it is written. */
  readonly onStderr?: ((text: string) => void) | undefined
}

/** The command as a user runs it: a process of its own. */
export const start = ({ env, nodeArgs = patience, onStderr, stdin }: Start, ...args: ReadonlyArray<string>) =>
  Effect.callback<Ended>((resume) => {
    const child = execFile(
      process.execPath,
      [...nodeArgs, main, ...args],
      { env: { NO_COLOR: "1", ...env } },
      (_, stdout, stderr) => resume(Effect.succeed({ code: child.exitCode ?? -1, stdout, stderr }))
    )
    if (onStderr !== undefined) child.stderr?.on("data", onStderr)
    if (stdin !== undefined) child.stdin?.end(stdin)
    return Effect.sync(() => child.kill())
  })

/** The command with these arguments. */
export const mcpAuth = (...args: ReadonlyArray<string>) => start({}, ...args)

/** The output of the command goes to no terminal. */
const quiet = { canColor: false, canAnimate: false, canPrompt: false }

/** The command in this process, which is much faster, and is otherwise the same: flags, network, output, exit code. */
export const inProcess = (...args: ReadonlyArray<string>): Effect.Effect<Ended> =>
  Effect.gen(function*() {
    const [out, err]: [Array<string>, Array<string>] = [[], []]
    const captured: Console.Console = {
      ...globalThis.console,
      log: (...lines) => out.push(...lines.map(String)),
      error: (...lines) => err.push(...lines.map(String))
    }
    const failure = yield* Command.runWith(command, { version: "0.0.0" })(args).pipe(
      Effect.match({ onFailure: (error): unknown => error, onSuccess: () => undefined }),
      Effect.provideService(Console.Console, captured),
      Effect.provideService(TerminalCapabilities.TerminalCapabilities, quiet),
      Effect.provide(NodeServices.layer)
    )
    const code = failure === undefined ? 0 : failure instanceof Exit ? failure.code : 64
    return { code, stdout: out.join("\n"), stderr: err.join("\n") }
  })
