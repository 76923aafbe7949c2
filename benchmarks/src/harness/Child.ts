/** A child process, so that the measuring code does not disturb the measurement. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { type ChildProcess, fork } from "node:child_process"
import { join } from "node:path"

/** The process ended before its result arrived. */
export class ChildFailed extends Schema.TaggedError<ChildFailed>()("ChildFailed", {
  file: Schema.String,
  exitCode: Schema.NullOr(Schema.Int)
}) {
  override get message(): string {
    return `${this.file} ended with exit code ${this.exitCode} before its result arrived; run the group again and ` +
      `read its output`
  }
}

export interface Child<A> {
  /** What it said when it was ready. */
  readonly ready: A
  /** One question at a time. */
  readonly ask: <B>(question: string, answer: Schema.Codec<B, unknown>) => Effect.Effect<B, ChildFailed>
}

export interface Options<A> {
  /** What it is to do, as JSON. */
  readonly options?: unknown
  readonly ready: Schema.Codec<A, unknown>
  readonly nodeOptions?: ReadonlyArray<string> | undefined
  /** Whether to discard its output. Servers log each request that they refuse. */
  readonly isUnheard?: boolean
}

const src = join(import.meta.dirname, "..")

const nextMessage = (child: ChildProcess, file: string): Effect.Effect<unknown, ChildFailed> =>
  Effect.callback((resume) => {
    const onMessage = (message: unknown) => {
      child.off("exit", onExit)
      resume(Effect.succeed(message))
    }
    const onExit = (exitCode: number | null) => {
      child.off("message", onMessage)
      resume(Effect.fail(new ChildFailed({ file, exitCode })))
    }
    child.once("message", onMessage)
    child.once("exit", onExit)
  })

/** What a child says is code of this program, so a message of another form is a defect. */
const decoded = <A>(message: Effect.Effect<unknown, ChildFailed>, schema: Schema.Codec<A, unknown>) =>
  Effect.flatMap(message, (value) => Effect.orDie(Schema.decodeUnknownEffect(schema)(value)))

/** Starts a file of `src/`, and ends it with the scope. */
export const spawn = Effect.fnUntraced(function*<A>(
  file: string,
  { isUnheard = false, nodeOptions = [], options, ready }: Options<A>
): Effect.fn.Return<Child<A>, ChildFailed, Scope.Scope> {
  const args = options === undefined ? [] : [typeof options === "string" ? options : JSON.stringify(options)]
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const output = isUnheard ? "ignore" : "inherit"
      const execArgv = ["--no-warnings", ...nodeOptions]
      return fork(join(src, file), args, { execArgv, stdio: ["ignore", output, output, "ipc"] })
    }),
    (child) => Effect.sync(() => child.kill())
  )
  return {
    ready: yield* decoded(nextMessage(child, file), ready),
    ask: (question, answer) =>
      Effect.suspend(() => {
        const message = nextMessage(child, file)
        child.send(question)
        return decoded(message, answer)
      })
  }
})
