import { McpAuth } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { type Cause, Effect, Exit, Fiber, Layer, Queue, Ref, Scheduler, Stream } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { currentAccess, unnamedOperation } from "../../src/policy/internal/access.ts"
import { stoppable } from "../../src/server/internal/stoppable.ts"
import { AccessDenied, type AuthError, MissingCredentials } from "../../src/token/TokenError.ts"
import { bearer, options, resource, send, serve } from "./harness.ts"

const refuseWith = (error: AuthError) =>
  Effect.flatMap(currentAccess, ({ current }) => current?.stop(error, undefined) ?? Effect.die("No operation"))

const unnamed = { operation: unnamedOperation, isExact: true }

const refuse = refuseWith(new MissingCredentials())

const answering = <A, E, R>(self: Effect.Effect<A, E, R>) => stoppable(self, unnamed, () => Effect.fail("refused"))

describe("a stoppable response", () => {
  it.effect("keeps its forked fibers running until the body has been sent", () =>
    Effect.gen(function*() {
      const body = yield* answering(Effect.gen(function*() {
        const queue = yield* Queue.unbounded<number, Cause.Done>()
        yield* Effect.forkChild(Effect.gen(function*() {
          for (const item of [0, 1, 2]) {
            yield* Effect.yieldNow
            yield* Queue.offer(queue, item)
          }
          yield* Queue.end(queue)
        }))
        return Stream.fromQueue(queue)
      }))
      assert.deepStrictEqual([...yield* Stream.runCollect(body)], [0, 1, 2])
    }))

  it.effect("interrupts its forked fibers when the body has been sent", () =>
    Effect.gen(function*() {
      const ended = yield* Ref.make(false)
      const forking = Effect.forkChild(Effect.onInterrupt(Effect.never, () => Ref.set(ended, true)), {
        startImmediately: true
      })
      yield* Fiber.await(yield* Effect.forkChild(answering(forking)))
      assert.isTrue(yield* Ref.get(ended))
    }))

  it.effect("ends with its finalizers when its caller is interrupted", () =>
    Effect.gen(function*() {
      const tidied = yield* Ref.make(false)
      const fiber = yield* Effect.forkChild(
        answering(Effect.onInterrupt(Effect.never, () => Effect.andThen(Effect.yieldNow, Ref.set(tidied, true)))),
        { startImmediately: true }
      )
      yield* Fiber.interrupt(fiber)
      assert.isTrue(yield* Ref.get(tidied))
    }))

  it.effect("returns its own success, failure and defect", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* answering(Effect.succeed(1)), 1)
      assert.strictEqual(yield* Effect.flip(answering(Effect.fail("own"))), "own")
      assert.isTrue(Exit.hasDies(yield* Effect.exit(answering(Effect.die("own")))))
    }))

  it.effect("does not hang: a refusal after the end interrupts the fiber that refuses", () =>
    Effect.gen(function*() {
      const body = yield* answering(
        Effect.map(Effect.context<never>(), (context) => Stream.fromEffect(Effect.provideContext(refuse, context)))
      )
      const exit = yield* Effect.exit(Effect.flatMap(Effect.forkChild(Stream.runCollect(body)), Fiber.join))
      assert.isTrue(Exit.hasInterrupts(exit))
    }))

  it.effect("is answered with its first refusal, also if a finalizer refuses", () =>
    Effect.gen(function*() {
      const denied = new AccessDenied({ policy: "later" })
      const refusing = Effect.onInterrupt(refuse, () => refuseWith(denied))
      const answer = yield* stoppable(refusing, unnamed, ({ error }) => Effect.succeed(error._tag))
      assert.strictEqual(answer, "MissingCredentials")
    }))

  it.effect("does not hang, wherever a fiber of the request yields, if its forked fibers do not end", () =>
    Effect.gen(function*() {
      const token = yield* Effect.flatMap(TestProvider.TestProvider, (provider) => provider.mint())
      const response = Effect.as(Effect.forkChild(Effect.never), HttpServerResponse.text("done"))
      const route = HttpRouter.add("GET", "/mcp", response).pipe(
        Layer.provide(McpAuth.middleware.layer),
        Layer.provide(McpAuth.layer(options()))
      )
      for (let operations = 9; operations < 40; operations++) {
        const handle = yield* Effect.provideService(serve(route), Scheduler.MaxOpsBeforeYield, operations)
        assert.strictEqual((yield* send(handle, resource, { headers: bearer(token) })).body, "done")
      }
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
