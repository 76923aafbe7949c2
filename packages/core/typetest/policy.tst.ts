import {
  AuthInfo,
  type AuthorizationServer,
  McpAuth,
  Policy,
  PolicyDeclaration,
  ScopeHierarchy,
  type TokenError
} from "@effect-mcp-auth/core"
import { type Context, Effect, Layer, Schema, type Schema as Schemas } from "effect"
import { McpProtocol, McpServer, Tool, Toolkit } from "effect/ai"
import { type HttpClient, HttpRouter, type HttpServer } from "effect/http"
import { describe, expect, it } from "tstyche"

type Client = HttpClient.HttpClient
type Info = AuthInfo.AuthInfo["Service"]
type Outage = TokenError.VerificationUnavailable

/** Services of the application, which checks call. */
interface Owners {
  readonly _: unique symbol
}
interface Plans {
  readonly _: unique symbol
}

declare const ofOwners: Effect.Effect<boolean, never, Owners>
declare const ofPlans: Effect.Effect<boolean, Outage, Plans | AuthInfo.AuthInfo>
declare const byHand: AuthorizationServer.AuthorizationServer<never>
declare const httpServer: Layer.Layer<HttpServer.HttpServer>
declare const client: Layer.Layer<Client>
declare const owners: Layer.Layer<Owners>

const resource = "https://api.example.com/mcp"
const options = { resource, authorizationServers: [byHand] } as const
const identity = { name: "notes", version: "1.0.0", path: "/mcp", protocols: [McpProtocol.v2026_07_28] } as const

const isOwner = Policy.check(ofOwners)
const hasPlan = Policy.check(ofPlans)
const writes = Policy.scopes("notes:write")

const Plain = Tool.make("Delete", { parameters: Schema.Struct({ id: Schema.String }), success: Schema.Boolean })

/** The services that a layer requires when it is built. */
type Needed<L> = L extends Layer.Layer<infer _A, infer _E, infer R> ? R : never

/** A server with one tool, whose handler requires nothing by itself. */
const serverOf = <T extends Tool.Any>(tool: T) => {
  const toolkit = Toolkit.make(tool)
  const handlers = {} as Layer.Layer<Tool.HandlersFor<(typeof toolkit)["tools"]>>
  return McpServer.layerHttp({
    ...identity,
    registrations: McpServer.toolkit(toolkit).pipe(Layer.provide(handlers))
  })
}

const environment: Layer.Layer<HttpServer.HttpServer | Client> = Layer.mergeAll(httpServer, client)

describe("a server with a guarded tool", () => {
  const server = serverOf(Policy.tool(writes)(Plain))

  it("and without protect does not compile, because AuthInfo is missing", () => {
    const bare = HttpRouter.serve(server)
    expect<Layer.Services<typeof bare>>().type.toBe<
      HttpServer.HttpServer | AuthInfo.AuthInfo | Policy.Needs<never>
    >()
    expect(Effect.runPromise).type.not.toBeCallableWith(Layer.launch(Layer.provide(bare, environment)))
  })

  it("and with AuthInfo, but without a gate for policies, does not compile either", () => {
    const known = Layer.provide(server, McpAuth.middleware.layer).pipe(Layer.provide(McpAuth.layer(options)))
    expect<Needed<typeof known>>().type.toBe<
      HttpRouter.HttpRouter | Client | HttpRouter.Request<"Requires", Policy.Needs<never>>
    >()
    const bare = HttpRouter.serve(known)
    expect(Effect.runPromise).type.not.toBeCallableWith(Layer.launch(Layer.provide(bare, environment)))
    const toolkit = Toolkit.make(Policy.tool(writes)(Plain))
    const handlers = {} as Layer.Layer<Tool.HandlersFor<(typeof toolkit)["tools"]>>
    const own = McpServer.middleware<{ provides: AuthInfo.AuthInfo }>()((respond) =>
      Effect.provideService(respond, AuthInfo.AuthInfo, AuthInfo.anonymous)
    )
    const registrations = McpServer.toolkit(toolkit).pipe(Layer.provide(handlers), Layer.provide(own.layer))
    const other = HttpRouter.serve(McpServer.layerHttp({ ...identity, registrations }))
    expect(Effect.runPromise).type.not.toBeCallableWith(Layer.launch(Layer.provide(other, environment)))
  })

  it("compiles without a policy, and with protect", () => {
    const open = HttpRouter.serve(serverOf(Plain))
    expect(Effect.runPromise).type.toBeCallableWith(Layer.launch(Layer.provide(open, environment)))
    const guarded = HttpRouter.serve(server.pipe(McpAuth.protect(options)))
    expect<Layer.Services<typeof guarded>>().type.toBe<HttpServer.HttpServer | Client>()
    expect(Effect.runPromise).type.toBeCallableWith(Layer.launch(Layer.provide(guarded, environment)))
  })

  it("does not compile without protect whatever the policy is, anonymous included", () => {
    for (const policy of [Policy.anonymous, Policy.authenticated, Policy.role("admin"), Policy.anyOf()]) {
      const bare = HttpRouter.serve(serverOf(Policy.tool(policy)(Plain)))
      expect(Effect.runPromise).type.not.toBeCallableWith(Layer.launch(Layer.provide(bare, environment)))
    }
  })

  it("does not compile without protect if a guard is around it, or around a resource", () => {
    const note = McpServer.resource({ uri: "notes://mine", name: "mine", content: Effect.succeed("") })
    const registrations = note.pipe(Policy.guard(writes))
    const bare = HttpRouter.serve(McpServer.layerHttp({ ...identity, registrations }))
    expect<Layer.Services<typeof bare>>().type.toBe<HttpServer.HttpServer | AuthInfo.AuthInfo>()
    expect(Effect.runPromise).type.not.toBeCallableWith(Layer.launch(Layer.provide(bare, environment)))
  })

  it("on stdio does not compile without layerStdio", () => {
    const toolkit = Toolkit.make(Policy.tool(writes)(Plain))
    const handlers = {} as Layer.Layer<Tool.HandlersFor<(typeof toolkit)["tools"]>>
    const registrations = McpServer.toolkit(toolkit).pipe(Layer.provide(handlers))
    expect<Needed<typeof registrations>>().type.toBe<
      | McpServer.McpServer
      | McpServer.McpRequest<"Requires", AuthInfo.AuthInfo>
      | McpServer.McpRequest<"Requires", Policy.Needs<never>>
    >()
    const known = registrations.pipe(Layer.provide(McpAuth.layerStdio({ subject: "ada", scopes: new Set() })))
    expect<Needed<typeof known>>().type.toBe<McpServer.McpServer>()
  })
})

describe("functions of a subject and a policy", () => {
  const note = McpServer.resource({ uri: "notes://mine", name: "mine", content: Effect.succeed("") })
  const caller = AuthInfo.anonymous

  it("can be called with the subject first, and in a pipe", () => {
    expect(Policy.tool(Plain, isOwner)).type.toBe<Policy.GuardedTool<typeof Plain, Owners>>()
    expect(Policy.tool(isOwner)(Plain)).type.toBe<Policy.GuardedTool<typeof Plain, Owners>>()
    expect(Policy.guard(note, isOwner)).type.toBe(note.pipe(Policy.guard(isOwner)))
    expect(Policy.evaluate(isOwner, caller)).type.toBe<Effect.Effect<Policy.Decision, Outage, Owners>>()
    expect(isOwner.pipe(Policy.evaluate(caller))).type.toBe<Effect.Effect<Policy.Decision, Outage, Owners>>()
    expect(hasPlan.pipe(Policy.evaluate(caller, { hierarchy: ScopeHierarchy.flat }))).type.toBe<
      Effect.Effect<Policy.Decision, Outage, Plans>
    >()
  })
})

describe("the services of the checks on a tool", () => {
  const server = serverOf(Policy.tool(isOwner)(Plain))
  const both = serverOf(Policy.tool(Policy.anyOf(isOwner, Policy.not(hasPlan), writes))(Plain))

  it("are required by protect, and by nothing else", () => {
    const guarded = server.pipe(McpAuth.protect(options))
    expect<Needed<typeof guarded>>().type.toBe<HttpRouter.HttpRouter | Client | Owners>()
    const twice = both.pipe(McpAuth.protect(options))
    expect<Needed<typeof twice>>().type.toBe<HttpRouter.HttpRouter | Client | Owners | Plans>()
    const provided = server.pipe(McpAuth.protect())
    expect<Needed<typeof provided>>().type.toBe<HttpRouter.HttpRouter | McpAuth.McpAuth | Owners>()
  })

  it("cannot be lost: it does not compile until they are provided to the result of protect", () => {
    const guarded = HttpRouter.serve(server.pipe(McpAuth.protect(options)))
    expect(Effect.runPromise).type.not.toBeCallableWith(Layer.launch(Layer.provide(guarded, environment)))
    const provided = guarded.pipe(Layer.provide(owners), Layer.provide(environment))
    expect(Effect.runPromise).type.toBeCallableWith(Layer.launch(provided))
    // Before protect nothing uses the provided service.
    const early = HttpRouter.serve(server.pipe(Layer.provide(owners), McpAuth.protect(options)))
    expect(Effect.runPromise).type.not.toBeCallableWith(Layer.launch(Layer.provide(early, environment)))
  })

  it("cannot be provided by a request, because they are needed before any request", () => {
    const ofRequest = {} as Layer.Layer<HttpRouter.Request<"Requires", Owners>>
    const guarded = HttpRouter.serve(server.pipe(Layer.provide(ofRequest), McpAuth.protect(options)))
    expect(Effect.runPromise).type.not.toBeCallableWith(Layer.launch(Layer.provide(guarded, environment)))
  })

  it("are required from two tools together, and once", () => {
    const toolkit = Toolkit.make(
      Policy.tool(isOwner)(Plain),
      Policy.tool(Policy.allOf(isOwner, hasPlan))(Tool.make("Other")),
      Tool.make("Third")
    )
    const handlers = {} as Layer.Layer<Tool.HandlersFor<(typeof toolkit)["tools"]>>
    const registrations = McpServer.toolkit(toolkit).pipe(Layer.provide(handlers))
    const guarded = McpServer.layerHttp({ ...identity, registrations }).pipe(McpAuth.protect(options))
    expect<Needed<typeof guarded>>().type.toBe<HttpRouter.HttpRouter | Client | Owners | Plans>()
  })

  it("are required by layerStdio, which receives them", () => {
    expect<Needed<ReturnType<typeof McpAuth.layerStdio<Owners>>>>().type.toBe<McpServer.McpServer | Owners>()
    const toolkit = Toolkit.make(Policy.tool(isOwner)(Plain))
    const handlers = {} as Layer.Layer<Tool.HandlersFor<(typeof toolkit)["tools"]>>
    const registrations = McpServer.toolkit(toolkit).pipe(Layer.provide(handlers))
    const user = { subject: "ada", scopes: new Set<string>() }
    const told = registrations.pipe(Layer.provide(McpAuth.layerStdio<Owners>(user)))
    expect<Needed<typeof told>>().type.toBe<McpServer.McpServer | Owners>()
    const untold = registrations.pipe(Layer.provide(McpAuth.layerStdio(user)))
    expect<Needed<typeof untold>>().type.not.toBe<McpServer.McpServer>()
  })
})

describe("the services of the checks of a guard", () => {
  const note = McpServer.resource({ uri: "notes://mine", name: "mine", content: Effect.succeed("") })

  it("are required by the layer that the guard is around", () => {
    const guarded = note.pipe(Policy.guard(Policy.allOf(isOwner, hasPlan)))
    expect<Needed<typeof guarded>>().type.toBe<
      McpServer.McpServer | McpServer.McpRequest<"Requires", AuthInfo.AuthInfo> | Owners | Plans
    >()
    const provided = guarded.pipe(Layer.provide(owners))
    expect<Needed<typeof provided>>().type.toBe<
      McpServer.McpServer | McpServer.McpRequest<"Requires", AuthInfo.AuthInfo> | Plans
    >()
  })

  it("are required once, in addition to those of the layer", () => {
    const needy = {} as Layer.Layer<never, "broken", Owners | Context.Context<"more">>
    const guarded = needy.pipe(Policy.guard(isOwner))
    expect(guarded).type.toBe<
      Layer.Layer<
        never,
        "broken",
        | McpServer.McpServer
        | McpServer.McpRequest<"Requires", AuthInfo.AuthInfo>
        | Owners
        | Context.Context<"more">
      >
    >()
  })

  it("are none if there are no checks, except for AuthInfo", () => {
    const guarded = note.pipe(Policy.guard(writes))
    expect<Needed<typeof guarded>>().type.toBe<
      McpServer.McpServer | McpServer.McpRequest<"Requires", AuthInfo.AuthInfo>
    >()
  })

  it("are required by the server, and after protect", () => {
    const registrations = note.pipe(Policy.guard(isOwner))
    const guarded = McpServer.layerHttp({ ...identity, registrations }).pipe(McpAuth.protect(options))
    expect<Needed<typeof guarded>>().type.toBe<HttpRouter.HttpRouter | Client | Owners>()
  })
})

describe("Policy.tool", () => {
  it("keeps everything of the tool's type, and adds AuthInfo and the gate for policies", () => {
    const guarded = Policy.tool(writes)(Plain)
    type ConfigOf<T> = T extends Tool.Tool<string, infer Config, infer _R> ? Config : never
    expect(guarded).type.toBe<Tool.Tool<"Delete", ConfigOf<typeof Plain>, AuthInfo.AuthInfo | Policy.Needs<never>>>()
    expect<Tool.Parameters<typeof guarded>>().type.toBe<Tool.Parameters<typeof Plain>>()
    expect<Tool.Success<typeof guarded>>().type.toBe<boolean>()
    expect(guarded.name).type.toBe<"Delete">()
  })

  it("keeps the dependencies of the tool", () => {
    const Asking = Tool.make("Asking", { dependencies: [AuthInfo.AuthInfo] })
    const guarded = Policy.tool(isOwner)(Asking)
    type RequirementsOf<T> = T extends Tool.Tool<string, infer _Config, infer R> ? R : never
    expect<RequirementsOf<typeof guarded>>().type.toBe<AuthInfo.AuthInfo | Policy.Needs<Owners>>()
  })

  it("does not mark AuthInfo as a service of checks", () => {
    type RequirementsOf<T> = T extends Tool.Tool<string, infer _Config, infer R> ? R : never
    const asking = Policy.check(Effect.map(AuthInfo.AuthInfo, ({ subject }) => subject !== undefined))
    expect(asking).type.toBe<Policy.Policy<AuthInfo.AuthInfo>>()
    const guarded = Policy.tool(asking)(Plain)
    expect<RequirementsOf<typeof guarded>>().type.toBe<AuthInfo.AuthInfo | Policy.Needs<never>>()
    const withPlan = Policy.tool(hasPlan)(Plain)
    expect<RequirementsOf<typeof withPlan>>().type.toBe<AuthInfo.AuthInfo | Policy.Needs<Plans>>()
  })

  it("distinguishes the services of checks from one another", () => {
    expect<Policy.Needs<Owners>>().type.not.toBeAssignableTo<Policy.Needs<Plans>>()
    expect<Policy.Needs<Owners>>().type.toBeAssignableTo<Policy.Needs<Owners | Plans>>()
  })

  it("accepts tools and nothing else", () => {
    expect(Policy.tool(writes)).type.not.toBeCallableWith(Toolkit.make(Plain))
    expect(Policy.tool).type.not.toBeCallableWith("notes:write")
  })
})

describe("policies", () => {
  it("require only the services of their checks", () => {
    expect(Policy.anonymous).type.toBe<Policy.Policy>()
    expect(Policy.authenticated).type.toBe<Policy.Policy>()
    expect(writes).type.toBe<Policy.Policy>()
    expect(Policy.role("admin", { at: [["a", "b"]] })).type.toBe<Policy.Policy>()
    expect(Policy.claim(Schema.Struct({ a: Schema.String }), ({ a }) => a === "")).type.toBe<Policy.Policy>()
    expect(isOwner).type.toBe<Policy.Policy<Owners>>()
    expect(hasPlan).type.toBe<Policy.Policy<Plans | AuthInfo.AuthInfo>>()
    expect(Policy.check(({ target }) => Effect.as(ofOwners, target === ""))).type.toBe<Policy.Policy<Owners>>()
  })

  it("of arguments receive them decoded, and require the services of the schema", () => {
    const Known = {} as Schemas.Codec<number, string, Plans>
    const policy = Policy.checkArguments(Schema.Struct({ id: Known }), ({ id }, operation) => {
      expect(id).type.toBe<number>()
      expect(operation).type.toBe<Policy.Operation>()
      return ofOwners
    })
    expect(policy).type.toBe<Policy.Policy<Owners | Plans>>()
  })

  it("of template parameters receive them decoded, and require no services", () => {
    const Known = {} as Schemas.Codec<number, string, Plans>
    const policy = Policy.byParameters(Schema.Struct({ id: Schema.NumberFromString }), ({ id }, operation) => {
      expect(id).type.toBe<number>()
      expect(operation).type.toBe<Policy.Operation>()
      return isOwner
    })
    expect(policy).type.toBe<Policy.Policy<Owners>>()
    expect(Policy.byParameters).type.not.toBeCallableWith(Schema.Struct({ id: Known }), () => isOwner)
  })

  it("of claims decode without services, and synchronously", () => {
    const Known = {} as Schemas.Codec<number, string, Plans>
    expect(Policy.claim).type.not.toBeCallableWith(Schema.Struct({ id: Known }))
    expect(Policy.claim).type.not.toBeCallableWith(Schema.String, () => ofOwners)
  })

  it("fail only with an outage", () => {
    expect(Policy.check).type.toBeCallableWith({} as Effect.Effect<boolean, Outage>)
    expect(Policy.check).type.not.toBeCallableWith({} as Effect.Effect<boolean, Error>)
    expect(Policy.check).type.not.toBeCallableWith({} as Effect.Effect<string>)
    expect(Policy.checkArguments).type.not.toBeCallableWith(Schema.String, () => ({}) as Effect.Effect<boolean, Error>)
  })

  it("that are combined require the services of all parts, and none without parts", () => {
    expect(Policy.allOf(isOwner, hasPlan, writes)).type.toBe<Policy.Policy<Owners | Plans | AuthInfo.AuthInfo>>()
    expect(Policy.anyOf(isOwner, hasPlan, writes)).type.toBe<Policy.Policy<Owners | Plans | AuthInfo.AuthInfo>>()
    expect(Policy.allOf(writes, Policy.anonymous)).type.toBe<Policy.Policy>()
    expect(Policy.anyOf(writes, Policy.anonymous)).type.toBe<Policy.Policy>()
    expect(Policy.allOf()).type.toBe<Policy.Policy>()
    expect(Policy.anyOf()).type.toBe<Policy.Policy>()
    expect(Policy.not(isOwner)).type.toBe<Policy.Policy<Owners>>()
    expect(Policy.allOf(Policy.not(Policy.anyOf(isOwner)), Policy.anyOf(hasPlan))).type.toBe<
      Policy.Policy<Owners | Plans | AuthInfo.AuthInfo>
    >()
    const many: ReadonlyArray<Policy.Policy<Owners>> = []
    expect(Policy.allOf(...many)).type.toBe<Policy.Policy<Owners>>()
    expect(Policy.byOperation(() => isOwner)).type.toBe<Policy.Policy<Owners>>()
  })

  it("with fewer requirements are assignable to those with more, and not the other way round", () => {
    expect<Policy.Policy>().type.toBeAssignableTo<Policy.Policy<Owners>>()
    expect<Policy.Policy<Owners>>().type.not.toBeAssignableTo<Policy.Policy>()
  })

  it("name a scope, and a valid path", () => {
    const configured: ReadonlyArray<string> = []
    const mutable: Array<string> = []
    expect(Policy.scopes(...configured)).type.toBe<Policy.Policy>()
    expect(Policy.scopes(...mutable)).type.toBe<Policy.Policy>()
    expect(Policy.scopes("a", ...configured)).type.toBe<Policy.Policy>()
    expect(Policy.scopes(...(["a", "b"] as const))).type.toBe<Policy.Policy>()
    expect(Policy.scopes).type.not.toBeCallableWith(1)
    expect(Policy.scopes).type.not.toBeCallableWith()
    expect(Policy.scopes).type.not.toBeCallableWith(["a", "b"])
    expect(Policy.role).type.not.toBeCallableWith("admin", { at: ["roles"] })
    expect(Policy.role).type.not.toBeCallableWith("admin", { at: [[]] })
  })

  it("can be piped, and print themselves", () => {
    expect(writes.pipe((policy) => Policy.not(policy))).type.toBe<Policy.Policy>()
    expect(writes.toString).type.toBe<() => string>()
    expect(Policy.scopesOf(Policy.allOf(isOwner, writes))).type.toBe<ReadonlyArray<string>>()
  })
})

describe("decisions", () => {
  it("require the services of the checks, except for AuthInfo", () => {
    const caller = {} as Info
    expect(Policy.evaluate(writes, caller)).type.toBe<Effect.Effect<Policy.Decision, Outage>>()
    expect(Policy.evaluate(hasPlan, caller)).type.toBe<Effect.Effect<Policy.Decision, Outage, Plans>>()
  })

  it("inside a handler require AuthInfo", () => {
    expect(Policy.require(writes)).type.toBe<Effect.Effect<void, never, AuthInfo.AuthInfo>>()
    expect(Policy.require(isOwner)).type.toBe<Effect.Effect<void, never, Owners | AuthInfo.AuthInfo>>()
    expect(Policy.allows(isOwner)).type.toBe<Effect.Effect<boolean, Outage, Owners | AuthInfo.AuthInfo>>()
  })

  it("refuse with three errors", () => {
    expect<Policy.Refusal["_tag"]>().type.toBe<"MissingCredentials" | "InsufficientScope" | "AccessDenied">()
    expect<Policy.PolicyOutcome>().type.toBe<"yes" | "no" | "unknown">()
  })
})

describe("the default policy", () => {
  it("requires no services, because none could be provided", () => {
    expect(McpAuth.protect).type.toBeCallableWith({ ...options, policy: writes })
    expect(McpAuth.protect).type.not.toBeCallableWith({ ...options, policy: isOwner })
  })
})

describe("declarations", () => {
  it("make policies that require nothing", () => {
    expect(PolicyDeclaration.toPolicy({ allOf: ["anonymous", { scopes: ["a"] }] })).type.toBe<Policy.Policy>()
    expect<typeof PolicyDeclaration.PolicyDeclaration.Type>().type.toBe<PolicyDeclaration.PolicyDeclaration>()
  })

  it("accept only known members", () => {
    expect(PolicyDeclaration.toPolicy).type.not.toBeCallableWith("everybody")
    expect(PolicyDeclaration.toPolicy).type.not.toBeCallableWith({ scopes: [] })
    expect(PolicyDeclaration.toPolicy).type.not.toBeCallableWith({ claim: ["a"] })
  })
})

describe("hierarchies", () => {
  it("are made with one typed error, and flat needs no effect", () => {
    expect(ScopeHierarchy.make({ a: ["b"] })).type.toBe<
      Effect.Effect<ScopeHierarchy.ScopeHierarchy, ScopeHierarchy.InvalidScopeHierarchy>
    >()
    expect(ScopeHierarchy.flat).type.toBe<ScopeHierarchy.ScopeHierarchy>()
    expect(ScopeHierarchy.make).type.not.toBeCallableWith({ a: "b" })
  })
})
