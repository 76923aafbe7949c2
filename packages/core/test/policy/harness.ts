/** Shared by the tests of policies: registrations, servers, and clients of every revision, batches included. */
import { AuthInfo, McpAuth, Policy } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert } from "@effect/vitest"
import { Effect, Layer, Redacted, Ref, Schema } from "effect"
import { McpSchema, McpServer, Tool, Toolkit } from "effect/ai"
import {
  type Answer,
  type Handle,
  initialize,
  options,
  post,
  type ProtectOptions,
  request,
  type Revision,
  revisions,
  serve,
  serverWith,
  stateless,
  visible
} from "../server/harness.ts"

// ---------------------------------------------------------------------------------------------------------------------
// Callers
// ---------------------------------------------------------------------------------------------------------------------

type Caller = AuthInfo.AuthInfo["Service"]

/** A caller with a token, and only the given members. */
export const callerWith = (info: Partial<Caller> = {}): Caller => ({
  token: Redacted.make("secret-of-the-token"),
  issuer: "https://as.test",
  subject: "user-1",
  clientId: "client-1",
  scopes: new Set(),
  audience: [],
  expiresAt: undefined,
  claims: {},
  ...info
})

/** A token with these scopes and claims. */
export const mint = (scope: string, claims: Schema.JsonObject = {}) =>
  Effect.flatMap(TestProvider.TestProvider, (provider) => provider.mint({ claims: { scope, ...claims } }))

/** Whether a policy is satisfied, outside of a server. */
export const satisfied = (policy: Policy.Policy, caller: Caller, evaluate?: Policy.EvaluateOptions) =>
  Effect.map(Policy.evaluate(policy, caller, evaluate), ({ permitted }) => permitted)

// ---------------------------------------------------------------------------------------------------------------------
// Servers
// ---------------------------------------------------------------------------------------------------------------------

/** The names of the handlers that ran, in order. */
export type Ran = Ref.Ref<ReadonlyArray<string>>

/** Records that a handler ran, and answers with its name. */
export const arrive = (ran: Ran, name: string) => Effect.as(Ref.update(ran, (all) => [...all, name]), name)

type Handler = Effect.Effect<string, never, AuthInfo.AuthInfo>

/** A tool with a policy. */
export const toolOf = (name: string, policy: Policy.Policy<AuthInfo.AuthInfo>, handler: Handler) => {
  const toolkit = Toolkit.make(Policy.tool(policy)(Tool.make(name, { success: Schema.String })))
  return McpServer.toolkit(toolkit).pipe(Layer.provide(toolkit.toLayer({ [name]: () => handler })))
}

/** A tool without a policy. */
export const plainTool = (name: string, handler: Handler) => {
  const toolkit = Toolkit.make(Tool.make(name, { success: Schema.String, dependencies: [AuthInfo.AuthInfo] }))
  return McpServer.toolkit(toolkit).pipe(Layer.provide(toolkit.toLayer({ [name]: () => handler })))
}

export const id = McpSchema.param("id", Schema.String)

/** One registration of each kind without a policy, with names that begin with `name`. */
export const resourcesOf = (ran: Ran, name: string) =>
  Layer.mergeAll(
    McpServer.resource({ uri: `${name}://one`, name, content: arrive(ran, `${name} resource`) }),
    templateOf(ran, name),
    McpServer.prompt({
      name,
      parameters: { tone: Schema.String },
      completion: { tone: () => Effect.map(arrive(ran, `${name} prompt completion`), (value) => [value]) },
      content: () => arrive(ran, `${name} prompt`)
    })
  )

const templateOf = (ran: Ran, name: string) => {
  // A template is a literal type, so the names are distinguished by their literal types.
  const content = () => arrive(ran, `${name} template`)
  const completion = { id: () => Effect.map(arrive(ran, `${name} template completion`), (value) => [value]) }
  return McpServer.resource(strings(`${name}://of/`, ""), id)({ name, content, completion })
}

/** The strings of a template literal. */
export const strings = (...parts: ReadonlyArray<string>): TemplateStringsArray =>
  Object.assign([...parts], { raw: parts })

/** One registration of each kind under one policy: the tool has it, and a guard protects the others. */
export const everythingUnder = (ran: Ran, name: string, policy: Policy.Policy) =>
  Layer.merge(toolOf(name, policy, arrive(ran, `${name} tool`)), Policy.guard(policy)(resourcesOf(ran, name)))

/** Options whose supported scopes are those of the policies. */
export const fromPolicies = (changes: Partial<ProtectOptions>): ProtectOptions =>
  options({ scopesSupported: undefined, ...changes })

/** Registrations for a server that provides `AuthInfo`. */
export type Registrations = Layer.Layer<
  never,
  never,
  | McpServer.McpServer
  | McpServer.McpRequest<"Requires", AuthInfo.AuthInfo>
  | McpServer.McpRequest<"Requires", Policy.Needs<never>>
>

/** Serves registrations under protection, and records which handlers ran. */
export const begin = Effect.fnUntraced(function*(
  registrations: (ran: Ran) => Registrations,
  changes: Partial<ProtectOptions> = {}
) {
  const ran: Ran = yield* Ref.make<ReadonlyArray<string>>([])
  const app = serverWith(registrations(ran)).pipe(McpAuth.protect(fromPolicies(changes)))
  const handle = yield* serve(app)
  return { handle, ran: Ref.get(ran) }
})

// ---------------------------------------------------------------------------------------------------------------------
// Clients
// ---------------------------------------------------------------------------------------------------------------------

/** A revision, and whether requests go in batches. */
export interface Mode {
  readonly name: string
  readonly revision: Revision
  readonly batch: boolean
}

export const modes: ReadonlyArray<Mode> = [
  ...revisions.map((revision) => ({ name: revision, revision, batch: false })),
  { name: "a batch of 2025-03-26", revision: "2025-03-26", batch: true }
]

export const modern: Mode = { name: "2026-07-28", revision: "2026-07-28", batch: false }

export type Ask = (
  method: string,
  params: Schema.JsonObject,
  token: string | undefined
) => Effect.Effect<Answer>

/** A session, if the revision has sessions. Each request carries the token of its caller. */
export const converse = Effect.fnUntraced(function*(
  handle: Handle,
  { batch, revision }: Mode,
  beginner: string | undefined
) {
  if (revision === "2026-07-28") {
    const ask: Ask = (method, params, token) => {
      const { body, headers } = stateless(1, method, params)
      return post(handle, body, { token, headers })
    }
    return ask
  }
  const headers = yield* initialize(handle, revision, beginner)
  const ask: Ask = (method, params, token) => {
    const message = request(1, method, params)
    return post(handle, batch ? [message] : message, { token, headers })
  }
  return ask
})

/** A request for one registration of each kind, by name. */
export const operations = {
  call: (name: string) => ["tools/call", { name, arguments: {} }],
  read: (name: string) => ["resources/read", { uri: `${name}://one` }],
  "read of a template": (name: string) => ["resources/read", { uri: `${name}://of/7` }],
  get: (name: string) => ["prompts/get", { name, arguments: { tone: "kind" } }],
  "completion of a prompt": (name: string) => [
    "completion/complete",
    { ref: { type: "ref/prompt", name }, argument: { name: "tone", value: "" } }
  ],
  "completion of a template": (name: string) => [
    "completion/complete",
    { ref: { type: "ref/resource", uri: `${name}://of/{id}` }, argument: { name: "id", value: "" } }
  ]
} satisfies Readonly<Record<string, (name: string) => readonly [method: string, params: Schema.JsonObject]>>

export type Kind = keyof typeof operations

export const kinds: ReadonlyArray<Kind> = [
  "call",
  "read",
  "read of a template",
  "get",
  "completion of a prompt",
  "completion of a template"
]

export const ask = (send: Ask, kind: Kind, name: string, token: string | undefined): Effect.Effect<Answer> => {
  const [method, params] = operations[kind](name)
  return send(method, params, token)
}

/** The handler that an operation reaches. */
export const handlerOf = (kind: Kind, name: string): string => {
  const handlers: { readonly [K in Kind]: string } = {
    call: "tool",
    read: "resource",
    "read of a template": "template",
    get: "prompt",
    "completion of a prompt": "prompt completion",
    "completion of a template": "template completion"
  }
  return `${name} ${handlers[kind]}`
}

/** Every list method, and the names of its entries. */
export const lists = [
  { method: "tools/list", member: "tools", nameOf: "name", named: (name: string) => name },
  { method: "resources/list", member: "resources", nameOf: "uri", named: (name: string) => `${name}://one` },
  {
    method: "resources/templates/list",
    member: "resourceTemplates",
    nameOf: "uriTemplate",
    named: (name: string) => `${name}://of/{id}`
  },
  { method: "prompts/list", member: "prompts", nameOf: "name", named: (name: string) => name }
] as const

export type List = (typeof lists)[number]

const Entries = Schema.Array(Schema.Record(Schema.String, Schema.Unknown))

/** The names in a list. */
export const listed = (answer: Answer, { member, nameOf }: List): ReadonlyArray<unknown> => {
  const entries = answer.messages.at(-1)?.result?.[member]
  if (!Schema.is(Entries)(entries)) throw new Error(`not a list: ${answer.status} ${answer.body}`)
  return entries.map((entry) => entry[nameOf])
}

/** The names of the tools that a caller sees. */
export const toolsSeen = (send: Ask, token: string | undefined) =>
  Effect.map(send("tools/list", {}, token), (answer) => listed(answer, lists[0]))

// ---------------------------------------------------------------------------------------------------------------------
// Answers
// ---------------------------------------------------------------------------------------------------------------------

const resourceMetadata = "https://api.test/.well-known/oauth-protected-resource/mcp"

/** The only challenge that requests these scopes, byte for byte. */
export const insufficient = (scope: string): string =>
  `Bearer scope="${scope}", error="insufficient_scope", ` +
  `error_description="The access token lacks the required scopes", resource_metadata="${resourceMetadata}"`

/** A 403 that requests more scopes: the header, and the JSON-RPC error with the id of its request. */
export const assertInsufficient = (answer: Answer, scope: string, id: string | number | null = 1) => {
  assert.strictEqual(answer.status, 403, answer.body)
  assert.strictEqual(answer.headers.get("www-authenticate"), insufficient(scope))
  assert.strictEqual(answer.headers.get("cache-control"), "no-store")
  assert.deepEqual(answer.messages, [{
    jsonrpc: "2.0",
    id,
    error: {
      code: -32_001,
      message: "The access token lacks the required scopes",
      data: {
        error: "insufficient_scope",
        error_description: "The access token lacks the required scopes",
        scope,
        resource_metadata: resourceMetadata
      }
    }
  }])
}

/** A 403 that no scope would change, and that names no reason. */
export const assertDenied = (answer: Answer, id: string | number = 1) => {
  assert.strictEqual(answer.status, 403, answer.body)
  assert.isNull(answer.headers.get("www-authenticate"))
  assert.deepEqual(answer.messages, [{
    jsonrpc: "2.0",
    id,
    error: {
      code: -32_001,
      message: "The caller may not do this",
      data: { error: "access_denied", error_description: "The caller may not do this" }
    }
  }])
}

/** A 401 for a caller without a token, with no error code. */
export const assertLogin = (answer: Answer, scope = "") => {
  assert.strictEqual(answer.status, 401, answer.body)
  assert.strictEqual(
    answer.headers.get("www-authenticate"),
    `Bearer ${scope === "" ? "" : `scope="${scope}", `}resource_metadata="${resourceMetadata}"`
  )
}

/** A 401 for a caller with an invalid token. */
export const assertInvalid = (answer: Answer) => {
  assert.strictEqual(answer.status, 401, answer.body)
  assert.include(answer.headers.get("www-authenticate") ?? "", "error=\"invalid_token\"")
}

/** A response with a result. */
export const assertAnswered = (answer: Answer) => {
  assert.strictEqual(answer.status, 200, answer.body)
  assert.property(answer.messages.at(-1), "result", answer.body)
}

/** Everything that a client can see of a response, with one name replaced by another of the same length. */
const renamed = (answer: Answer, from: string, to: string): unknown =>
  JSON.parse(JSON.stringify(visible(answer)).replaceAll(from, to))

/** The response is that of an unregistered name, byte for byte. */
export const assertAbsent = Effect.fnUntraced(function*(
  send: (name: string) => Effect.Effect<Answer>,
  name: string
) {
  const madeUp = "made-up-by-a-client".padEnd(name.length, "-").slice(0, name.length)
  const [hidden, absent] = [yield* send(name), yield* send(madeUp)]
  assert.deepStrictEqual(renamed(hidden, name, madeUp), visible(absent))
  assert.notProperty(hidden.messages.at(-1), "result", hidden.body)
  assert.isNull(hidden.headers.get("www-authenticate"))
})
