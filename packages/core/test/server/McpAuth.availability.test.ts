import { BearerAuth, ClientAuthentication, FetchAuth, McpAuth, Policy, TokenVerifier } from "@effect-mcp-auth/core"
import { Fault, TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Latch, Layer, Redacted, Ref, Schema, Scope } from "effect"
import { McpProtocol, McpServer, McpTest } from "effect/ai"
import { HttpClient, HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { trackRequests } from "../../src/server/internal/availability.ts"
import { arrive, plainTool, type Ran, resourcesOf, toolOf } from "../policy/harness.ts"
import { elapse, pass } from "../time.ts"
import {
  type Answer,
  bearer,
  caller,
  callTool,
  type Handle,
  handleWith,
  initialize,
  mcpHeaders,
  options,
  origin,
  post,
  protocols,
  read,
  request,
  resource,
  send,
  serve,
  serverWith,
  stateless
} from "./harness.ts"

const { anonymous, scopes } = Policy

/** No caller of these tests has this scope. */
const unattainable = scopes("notes:delete")

/** A tool that callers without a token may call, one that needs a token, and what no caller of these tests may use. */
const registrations = (ran: Ran) =>
  Layer.mergeAll(
    toolOf("public", anonymous, arrive(ran, "public")),
    plainTool("private", arrive(ran, "private")),
    toolOf("forbidden", unattainable, arrive(ran, "forbidden")),
    Policy.guard(unattainable)(resourcesOf(ran, "guarded"))
  )

const about = { name: "notes", version: "1.0.0", path: "/mcp" } as const

type Registrations = ReturnType<typeof registrations>

/** The servers of Effect that speak HTTP. */
const layers = {
  layerHttp: (registrations: Registrations) => McpServer.layerHttp({ ...about, protocols, registrations }),
  layerHttpRequestScoped: (registrations: Registrations) =>
    McpServer.layerHttpRequestScoped({ ...about, protocols: [McpProtocol.v2026_07_28], registrations })
} as const

type Kind = keyof typeof layers

const kinds: ReadonlyArray<Kind> = ["layerHttp", "layerHttpRequestScoped"]

const app = (kind: Kind, registrations: Registrations) =>
  layers[kind](registrations).pipe(McpAuth.protect(options({ scopesSupported: undefined })))

/** The handler of `HttpRouter.toWebHandler`, and what disposes of it. Both use the real clock. */
const disposable = Effect.fnUntraced(function*(kind: Kind) {
  const ran: Ran = yield* Ref.make<ReadonlyArray<string>>([])
  const client = yield* HttpClient.HttpClient
  const { dispose, handler } = HttpRouter.toWebHandler(
    app(kind, registrations(ran)).pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, client))),
    { disableLogger: true }
  )
  const handle: Handle = (request) => Effect.promise(() => handler(request))
  return { handle, dispose: Effect.promise(dispose), ran: Ref.get(ran) }
})

const assertUnavailable = ({ body, headers, status }: Answer, words = "shut down") => {
  assert.strictEqual(status, 503, body)
  assert.match(headers.get("retry-after") ?? "", /^[1-9]\d*$/)
  assert.isNull(headers.get("www-authenticate"))
  assert.include(body, words)
}

/** Requests of every kind that a gate may see. */
const requests = (handle: Handle, token: string): ReadonlyArray<Effect.Effect<Answer>> => {
  const list = stateless(1, "tools/list")
  const read = stateless(1, "resources/read", { uri: "guarded://one" })
  return [
    callTool(handle, undefined, "public"),
    callTool(handle, token, "public"),
    callTool(handle, token, "private"),
    callTool(handle, token, "forbidden"),
    callTool(handle, undefined, "forbidden"),
    callTool(handle, "no token of this provider", "forbidden"),
    post(handle, list.body, { token, headers: list.headers }),
    post(handle, read.body, { token, headers: read.headers }),
    post(handle, request(1, "initialize", {})),
    post(handle, request(1, "tools/call", { name: "forbidden" }), { token, headers: { "mcp-session-id": "s" } }),
    post(handle, "no request at all", { token }),
    send(handle, resource, { headers: bearer(token) }),
    send(handle, resource, { method: "DELETE", headers: bearer(token) })
  ]
}

describe("a protected MCP server that has shut down", () => {
  for (const kind of kinds) {
    it.live(`answers every request with 503 after dispose (${kind})`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { dispose, handle, ran } = yield* disposable(kind)
        const token = yield* provider.mint()
        assert.strictEqual((yield* callTool(handle, token, "private")).status, 200)
        assert.strictEqual((yield* callTool(handle, undefined, "public")).status, 200)
        assert.strictEqual((yield* callTool(handle, token, "forbidden")).status, 403)
        yield* dispose
        for (const request of requests(handle, token)) assertUnavailable(yield* request)
        assert.deepStrictEqual(yield* ran, ["private", "public"])
      }).pipe(Effect.provide(TestProvider.layer())))

    it.live(`refuses a call whose body arrives only after dispose (${kind})`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { dispose, handle, ran } = yield* disposable(kind)
        const token = yield* provider.mint()
        yield* callTool(handle, token, "private")
        const { body, headers } = stateless(1, "tools/call", { name: "forbidden", arguments: {} })
        const asked = yield* Latch.make()
        const sent = yield* Latch.make()
        const stream = new ReadableStream({
          async pull(controller) {
            await Effect.runPromise(Effect.andThen(asked.open, sent.await))
            controller.enqueue(new TextEncoder().encode(JSON.stringify(body)))
            controller.close()
          }
        }, { highWaterMark: 0 })
        // The platform's types lack `duplex`, without which the platform refuses a stream.
        const init: RequestInit & { readonly duplex: "half" } = {
          method: "POST",
          headers: { ...mcpHeaders, ...bearer(token), ...headers },
          body: stream,
          duplex: "half"
        }
        const late = yield* Effect.forkChild(handle(new Request(resource, init)))
        // The request has passed the gate when its body is read.
        yield* asked.await
        yield* dispose
        yield* sent.open
        const answer = yield* Effect.flatMap(Fiber.join(late), read)
        assert.strictEqual(answer.status, 503, answer.body)
        assert.deepStrictEqual(yield* ran, ["private"])
      }).pipe(Effect.provide(TestProvider.layer())))

    it.live(`runs no forbidden call while it shuts down under load (${kind})`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const { dispose, handle, ran } = yield* disposable(kind)
        const token = yield* provider.mint()
        yield* callTool(handle, token, "forbidden")
        const over = yield* Ref.make(false)
        const busy = yield* Latch.make()
        const client = Effect.gen(function*() {
          const statuses: Array<number> = []
          for (let after = 0; after < 20;) {
            statuses.push((yield* callTool(handle, token, "forbidden")).status)
            yield* busy.open
            if (yield* Ref.get(over)) after++
          }
          return statuses
        })
        const clients = yield* Effect.forkChild(
          Effect.all(Array.from({ length: 16 }, () => client), { concurrency: "unbounded" })
        )
        yield* busy.await
        yield* dispose
        yield* Ref.set(over, true)
        const statuses = (yield* Fiber.join(clients)).flat()
        assert.sameMembers([...new Set(statuses)], [403, 503])
        assert.deepStrictEqual(yield* ran, [])
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.live("answers clients that speak JSON-RPC with a JSON-RPC error", () =>
    Effect.gen(function*() {
      const { dispose, handle } = yield* disposable("layerHttp")
      yield* dispose
      const { messages: [message] } = yield* callTool(handle, undefined, "public")
      assert.strictEqual(message?.error?.code, -32_001)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("keeps every guard when its scope closes while its router stays open", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const ran: Ran = yield* Ref.make<ReadonlyArray<string>>([])
      const scope = yield* Scope.make()
      const http = yield* HttpRouter.toHttpEffect(app("layerHttp", registrations(ran))).pipe(Scope.provide(scope))
      const handle = yield* handleWith(http)
      const token = yield* provider.mint()
      const session = yield* initialize(handle, "2025-11-25", token)
      yield* Scope.close(scope, Exit.void)
      for (const request of requests(handle, token)) assertUnavailable(yield* request)
      const call = request(1, "tools/call", { name: "forbidden" })
      assertUnavailable(yield* post(handle, call, { token, headers: session }))
      assert.deepStrictEqual(yield* Ref.get(ran), [])
    }).pipe(Effect.provide(TestProvider.layer())))
})

describe("a protected MCP server whose McpAuth has shut down", () => {
  it.effect("answers every request with 503, including those that need no token", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const ran: Ran = yield* Ref.make<ReadonlyArray<string>>([])
      const scope = yield* Scope.make()
      const auth = yield* Layer.buildWithScope(McpAuth.layer(options({ scopesSupported: undefined })), scope)
      const protectedServer = layers.layerHttp(registrations(ran)).pipe(
        McpAuth.protect(),
        Layer.provide(Layer.succeedContext(auth))
      )
      const handle = yield* serve(protectedServer)
      const token = yield* provider.mint()
      assert.strictEqual((yield* callTool(handle, undefined, "public")).status, 200)
      yield* Scope.close(scope, Exit.void)
      for (const request of requests(handle, token)) assertUnavailable(yield* request)
      assert.deepStrictEqual(yield* Ref.get(ran), ["public"])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

describe("a protected MCP server that is being built", () => {
  /** A router that answers from the start, and layers that are built on it later. */
  const building = Effect.fnUntraced(function*(kind: Kind, wait: Effect.Effect<void>) {
    const ran: Ran = yield* Ref.make<ReadonlyArray<string>>([])
    const scope = yield* Effect.scope
    const router = yield* HttpRouter.make
    const routes = yield* Deferred.make<void>()
    // The registrations are made only when the routes exist already.
    const slow = Layer.effectDiscard(Effect.andThen(Deferred.succeed(routes, undefined), wait))
    const registered: Registrations = Layer.provideMerge(slow, registrations(ran))
    const built = yield* Effect.forkChild(
      Effect.exit(Layer.buildWithScope(
        Layer.provide(app(kind, registered), Layer.succeed(HttpRouter.HttpRouter, router)),
        scope
      ))
    )
    yield* Deferred.await(routes)
    return { built, handle: yield* handleWith(router.asHttpEffect()), ran: Ref.get(ran) }
  })

  for (const kind of kinds) {
    it.effect(`answers every request with 503 until its policies are in force (${kind})`, () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const ready = yield* Deferred.make<void>()
        const { built, handle, ran } = yield* building(kind, Deferred.await(ready))
        const token = yield* provider.mint()
        // The routes of a request-scoped server come after its registrations.
        const early = kind === "layerHttp" ? requests(handle, token) : []
        for (const request of early) assertUnavailable(yield* request, "starting")
        yield* Deferred.succeed(ready, undefined)
        assert.isTrue(Exit.isSuccess(yield* Fiber.join(built)))
        assert.strictEqual((yield* callTool(handle, token, "private")).status, 200)
        assert.strictEqual((yield* callTool(handle, token, "forbidden")).status, 403)
        assert.deepStrictEqual(yield* ran, ["private"])
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  }

  it.effect("answers every request with 503 when it could not be built", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const { built, handle, ran } = yield* building("layerHttp", Effect.die("no database"))
      assert.isTrue(Exit.isFailure(yield* Fiber.join(built)))
      for (const request of requests(handle, yield* provider.mint())) assertUnavailable(yield* request, "starting")
      assert.deepStrictEqual(yield* ran, [])
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})

const api = HttpApi.make("notes").add(
  HttpApiGroup.make("notes").add(
    HttpApiEndpoint.get("me", "/me", { success: Schema.String }).middleware(BearerAuth.BearerAuth)
  )
)

/** Routes that are guarded without an MCP server. */
const routes = {
  "McpAuth.middleware": HttpRouter.add("*", "/me", Effect.map(caller, (who) => HttpServerResponse.text(who))).pipe(
    Layer.provide(McpAuth.middleware.layer)
  ),
  BearerAuth: HttpApiBuilder.layer(api).pipe(
    Layer.provide(HttpApiBuilder.group(api, "notes", (handlers) => handlers.handle("me", () => caller))),
    Layer.provide(HttpServer.layerServices),
    Layer.provide(BearerAuth.layer)
  )
} as const

for (const name of ["McpAuth.middleware", "BearerAuth"] as const) {
  describe(`${name}`, () => {
    const me = (handle: Handle, token: string | undefined) => send(handle, `${origin}/me`, { headers: bearer(token) })

    it.effect("answers every request with 503 when its scope has closed", () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const scope = yield* Scope.make()
        const auth = McpAuth.layer(options())
        const http = yield* HttpRouter.toHttpEffect(Layer.provide(routes[name], auth)).pipe(Scope.provide(scope))
        const handle = yield* handleWith(http)
        const token = yield* provider.mint()
        assert.strictEqual((yield* me(handle, token)).status, 200)
        yield* Scope.close(scope, Exit.void)
        for (const sent of [token, undefined, "another"]) assertUnavailable(yield* me(handle, sent))
      }).pipe(Effect.provide(TestProvider.layer())))

    it.effect("answers every request with 503 when the scope of its McpAuth has closed", () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const scope = yield* Scope.make()
        const auth = yield* Layer.buildWithScope(McpAuth.layer(options()), scope)
        const http = yield* HttpRouter.toHttpEffect(Layer.provide(routes[name], Layer.succeedContext(auth)))
        const handle = yield* handleWith(http)
        const token = yield* provider.mint()
        assert.strictEqual((yield* me(handle, token)).status, 200)
        yield* Scope.close(scope, Exit.void)
        for (const sent of [token, undefined, "another"]) assertUnavailable(yield* me(handle, sent))
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

    it.effect("answers every request with 503 when its own scope has closed and its McpAuth lives on", () =>
      Effect.gen(function*() {
        const provider = yield* TestProvider.TestProvider
        const scope = yield* Scope.make()
        const auth = yield* Layer.build(McpAuth.layer(options()))
        const http = yield* HttpRouter.toHttpEffect(Layer.provide(routes[name], Layer.succeedContext(auth))).pipe(
          Scope.provide(scope)
        )
        const handle = yield* handleWith(http)
        const token = yield* provider.mint()
        yield* Scope.close(scope, Exit.void)
        for (const sent of [token, undefined]) assertUnavailable(yield* me(handle, sent))
      }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
  })
}

describe("FetchAuth", () => {
  it.effect("answers every request with 503 when its scope has closed", () =>
    Effect.gen(function*() {
      const provider = yield* TestProvider.TestProvider
      const scope = yield* Scope.make()
      const { authenticate } = yield* FetchAuth.make(options()).pipe(Scope.provide(scope))
      const token = yield* provider.mint()
      const ask = (sent: string | undefined) =>
        authenticate(new Request(resource, { headers: bearer(sent) }), { clientAddress: "203.0.113.7" })
      assert.strictEqual((yield* ask(token))._tag, "Accepted")
      yield* Scope.close(scope, Exit.void)
      for (const sent of [token, undefined, "another"]) {
        const outcome = yield* ask(sent)
        assert.strictEqual(outcome._tag, "Answered")
        if (outcome._tag === "Answered") assertUnavailable(yield* read(outcome.response))
      }
    }).pipe(Effect.provide(TestProvider.layer())))
})

/** Ways to guard a program, each with its response as text. */
const roads = {
  "McpAuth.middleware": (options: Slow, scopes: Scopes) => overHttp(routes["McpAuth.middleware"], options, scopes),
  BearerAuth: (options: Slow, scopes: Scopes) => overHttp(routes.BearerAuth, options, scopes),
  FetchAuth: (options: Slow, scopes: Scopes) =>
    Effect.map(
      FetchAuth.make(options).pipe(Scope.provide(scopes.auth)),
      ({ authenticate }) => (token: string) =>
        Effect.map(
          authenticate(new Request(resource, { headers: bearer(token) }), { clientAddress: "203.0.113.7" }),
          (outcome) => outcome._tag === "Answered" ? outcome.response.status : 200
        )
    )
} as const

type Slow = ReturnType<typeof options>

interface Scopes {
  readonly auth: Scope.Scope
  readonly road: Scope.Scope
}

const overHttp = Effect.fnUntraced(function*(
  road: (typeof routes)[keyof typeof routes],
  options: Slow,
  scopes: Scopes
) {
  const auth = yield* Layer.buildWithScope(McpAuth.layer(options), scopes.auth)
  const http = yield* HttpRouter.toHttpEffect(Layer.provide(road, Layer.succeedContext(auth))).pipe(
    Scope.provide(scopes.road)
  )
  const handle = yield* handleWith(http)
  return (token: string) => Effect.map(send(handle, `${origin}/me`, { headers: bearer(token) }), ({ status }) => status)
})

describe("a request whose token is being verified while a scope closes", () => {
  const authentication = ClientAuthentication.clientSecretBasic("notes", Redacted.make("s3cret"))
  for (const name of ["McpAuth.middleware", "BearerAuth", "FetchAuth"] as const) {
    for (const closing of name === "FetchAuth" ? ["auth"] as const : ["auth", "road"] as const) {
      it.effect(`is answered with 503 by ${name} when the scope of its ${closing} has closed`, () =>
        Effect.gen(function*() {
          const provider = yield* TestProvider.TestProvider
          const scopes = { auth: yield* Scope.make(), road: yield* Scope.make() }
          const ask = yield* roads[name](
            options({ verifier: TokenVerifier.introspection({ authentication }) }),
            scopes
          )
          yield* provider.fault("introspection", Fault.delay("5 seconds"))
          const token = yield* provider.mintOpaque()
          const asked = yield* Effect.forkChild(ask(token))
          yield* pass(1)
          yield* Scope.close(scopes[closing], Exit.void)
          assert.strictEqual(yield* elapse(Fiber.join(asked), 20), 503)
        }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
    }
  }
})

describe("layerStdio", () => {
  it.effect("refuses calls after its scope has closed", () =>
    Effect.gen(function*() {
      const ran: Ran = yield* Ref.make<ReadonlyArray<string>>([])
      const scope = yield* Scope.make()
      const local = McpAuth.layerStdio({ subject: "ada", scopes: new Set(["notes:read"]) })
      const registered = registrations(ran).pipe(Layer.provide(local))
      // It ends before the server, whose registrations exist as long as it lives.
      const inScope = Layer.effectDiscard(Layer.buildWithScope(registered, scope))
      const client = yield* McpTest.makeClient(inScope, { protocols })
      const call = (name: string) => Effect.exit(client.callTool({ name, arguments: {} }))
      assert.isTrue(Exit.isSuccess(yield* call("private")))
      assert.isTrue(Exit.isFailure(yield* call("forbidden")))
      yield* Scope.close(scope, Exit.void)
      for (const name of ["private", "public", "forbidden"]) assert.isTrue(Exit.isFailure(yield* call(name)), name)
      assert.isTrue(Exit.isFailure(yield* Effect.exit(client.readResource({ uri: "guarded://one" }))))
      assert.deepStrictEqual(yield* Ref.get(ran), ["private"])
    }).pipe(Effect.scoped))
})

describe("the requests that a scope answers when it closes", () => {
  it.effect("get the refusal of the gate, with its body and headers", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const called = yield* Deferred.make<void>()
      const waits = toolOf(
        "waits",
        Policy.authenticated,
        Effect.andThen(Deferred.succeed(called, undefined), Effect.never)
      )
      const handle = yield* Scope.provide(serve(serverWith(waits).pipe(McpAuth.protect(options()))), scope)
      const token = yield* Effect.flatMap(TestProvider.TestProvider, (provider) => provider.mint())
      const { body, headers } = stateless(1, "tools/call", { name: "waits", arguments: {} })
      const asked = yield* Effect.forkChild(post(handle, body, { token, headers }))
      yield* elapse(Deferred.await(called), 5)
      yield* Scope.close(scope, Exit.void)
      const answer = yield* elapse(Fiber.join(asked), 5)
      assert.strictEqual(answer.status, 503)
      assert.strictEqual(answer.messages[0]?.error?.code, -32_001, answer.body)
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("are forgotten when they have been answered", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const track = yield* Scope.provide(trackRequests, scope)
      const respond = track(Effect.void, () => HttpServerResponse.empty({ status: 503 }))
      const fiber = yield* Effect.forkChild(respond, { startImmediately: true })
      yield* Fiber.join(fiber)
      let interrupts = 0
      Object.assign(fiber, { interruptUnsafe: () => interrupts++ })
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(interrupts, 0)
    }))
})
