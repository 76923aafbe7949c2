import { McpAuth } from "@effect-mcp-auth/core"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Ref } from "effect"
import { createHash } from "node:crypto"
import { buildError, callTool, discover, issuer, post, resource, serve, server, stateless } from "./harness.ts"

type Environment = Readonly<Record<string, string>>

const required: Environment = { MCP_AUTH_RESOURCE: resource, MCP_AUTH_ISSUER: issuer }
const { fromEnv } = ConfigProvider
const environment = (env: Environment) => fromEnv({ env: { ...required, ...env } })

/** A protected server that is configured by what a ConfigProvider returns. */
const app = Effect.fnUntraced(function*(provider: ConfigProvider.ConfigProvider) {
  const reached = yield* Ref.make<ReadonlyArray<string>>([])
  const config = Layer.provide(McpAuth.layerFromConfig(), ConfigProvider.layer(provider))
  return server(reached).pipe(McpAuth.protect(), Layer.provide(config))
})

/** The message of the `ConfigError` that prevents the start. */
const refusal = Effect.fnUntraced(function*(provider: ConfigProvider.ConfigProvider) {
  const error = yield* buildError(yield* app(provider))
  assert.strictEqual(error._tag, "ConfigError", error.message)
  return error.message
}, Effect.scoped)

const assertStarts = Effect.fnUntraced(function*(provider: ConfigProvider.ConfigProvider) {
  const handle = yield* serve(yield* app(provider))
  assert.strictEqual((yield* callTool(handle, undefined)).status, 401)
}, Effect.scoped)

const names = [
  "MCP_AUTH_RESOURCE",
  "MCP_AUTH_ISSUER",
  "MCP_AUTH_PRESET",
  "MCP_AUTH_METADATA_URL",
  "MCP_AUTH_EXPECTED_ISSUER",
  "MCP_AUTH_TOKEN_ISSUERS",
  "MCP_AUTH_UNSAFE_INTERNAL_URLS",
  "MCP_AUTH_TYPE",
  "MCP_AUTH_REPAIRS",
  "MCP_AUTH_AUDIENCE",
  "MCP_AUTH_AUDIENCE_BY_ISSUER",
  "MCP_AUTH_SCOPE_CLAIMS",
  "MCP_AUTH_ROLE_CLAIMS",
  "MCP_AUTH_SUBJECT_CLAIM",
  "MCP_AUTH_CLIENT_CLAIM",
  "MCP_AUTH_API_KEYS",
  "MCP_AUTH_TOKEN_HEADERS",
  "MCP_AUTH_SCOPES_SUPPORTED",
  "MCP_AUTH_REQUIRED_SCOPES",
  "MCP_AUTH_POLICY",
  "MCP_AUTH_SCOPE_HIERARCHY",
  "MCP_AUTH_ALLOWED_ORIGINS",
  "MCP_AUTH_CLIENT_ID",
  "MCP_AUTH_CLIENT_SECRET",
  "MCP_AUTH_REQUEST_STATE_SECRET",
  "MCP_AUTH_FAILURES_PER_MINUTE",
  "MCP_AUTH_SERVED_PATH",
  "MCP_AUTH_SHOW_ERROR_DETAILS",
  "MCP_AUTH_DEVELOPMENT",
  "MCP_AUTH_ALLOW_INSECURE_LOOPBACK"
]
const lists = names.filter((name) =>
  /ISSUERS?$|REPAIRS|AUDIENCE$|SCOPES|CLAIMS|ORIGINS|HEADERS/.test(name) && name !== "MCP_AUTH_EXPECTED_ISSUER" &&
  name !== "MCP_AUTH_AUDIENCE_BY_ISSUER"
)

describe("an environment variable", () => {
  for (const name of names) {
    it.effect(`${name} that is empty or blank is an error that names it`, () =>
      Effect.gen(function*() {
        for (const value of ["", " ", "\t\n", "\u00a0"]) {
          assert.include(yield* refusal(environment({ [name]: value })), `${name} is empty`)
          const preserving = fromEnv({ env: { ...required, [name]: value }, preserveEmptyStrings: true })
          assert.include(yield* refusal(preserving), `${name} is empty`)
        }
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  for (const name of lists) {
    it.effect(`${name} that is a list without an entry is an error that names it`, () =>
      Effect.gen(function*() {
        assert.include(yield* refusal(environment({ [name]: "," })), `${name} has no entry`)
        assert.include(yield* refusal(environment({ [name]: " ,, \n," })), `${name} has no entry`)
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  for (const value of ["0", "-1", "1.5", "NaN", "Infinity", "many", "1e999"]) {
    it.effect(`MCP_AUTH_FAILURES_PER_MINUTE=${value} is an error that names the variable`, () =>
      Effect.gen(function*() {
        const message = yield* refusal(environment({ MCP_AUTH_FAILURES_PER_MINUTE: value }))
        assert.include(message, "MCP_AUTH_FAILURES_PER_MINUTE")
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  const unknown: ReadonlyArray<readonly [name: string, closest: string]> = [
    ["MCP_AUTH_SCOPE_SUPPORTED", "MCP_AUTH_SCOPES_SUPPORTED"],
    ["MCP_AUTH_ISSUERS", "MCP_AUTH_ISSUER"],
    ["MCP_AUTH_POLICIES", "MCP_AUTH_POLICY"],
    ["MCP_AUTH_FAILURE_PER_MINUTE", "MCP_AUTH_FAILURES_PER_MINUTE"],
    ["MCP_AUTH_REQUEST_STATE", "MCP_AUTH_REQUEST_STATE_SECRET"],
    ["MCP_AUTH_REQUIRED_SCOPES_", "MCP_AUTH_REQUIRED_SCOPES"],
    ["MCP_AUTH_REQUIRED__SCOPES", "MCP_AUTH_REQUIRED_SCOPES"],
    ["MCP_AUTH_AUDIENCE_0", "MCP_AUTH_AUDIENCE"],
    ["mcp_auth_policy", "MCP_AUTH_POLICY"],
    ["MCP_AUTH_policy", "MCP_AUTH_POLICY"],
    ["MCP_AUTH_", "MCP_AUTH_TYPE"]
  ]
  for (const [name, closest] of unknown) {
    it.effect(`${name}, which is unknown, is an error with the closest known name, whether it is empty or not`, () =>
      Effect.gen(function*() {
        for (const value of ["a", ""]) {
          const message = yield* refusal(environment({ [name]: value }))
          assert.include(message, `${name} is not a known variable: rename it to ${closest},`)
          assert.notInclude(message, "is empty")
        }
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("that is unknown is an error also where it is the beginning of a known name that is set", () =>
    Effect.gen(function*() {
      const message = yield* refusal(environment({ MCP_AUTH_SCOPES: "a", MCP_AUTH_SCOPES_SUPPORTED: "b" }))
      assert.include(message, "MCP_AUTH_SCOPES is not a known variable")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("in lower case is an error even if the known name is set, because one of the two would be ignored", () =>
    Effect.gen(function*() {
      const message = yield* refusal(environment({ MCP_AUTH_AUDIENCE: "a", mcp_auth_audience: "b" }))
      assert.include(message, "mcp_auth_audience is not a known variable")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("that is required and missing is reported as not set, and the error says how to set it", () =>
    Effect.gen(function*() {
      const message = yield* refusal(fromEnv({ env: {} }))
      assert.include(message, "MCP_AUTH_RESOURCE is not set: set it to the URL of the MCP server")
      assert.include(message, "MCP_AUTH_ISSUER is not set: set it to the issuer")
      const other = yield* refusal(fromEnv({ env: { MCP_AUTH_ISSUER: issuer } }))
      assert.include(other, "MCP_AUTH_RESOURCE is not set")
      assert.notInclude(other, "MCP_AUTH_ISSUER")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("that has no effect without another variable is an error that names the other one", () =>
    Effect.gen(function*() {
      assert.include(
        yield* refusal(environment({ MCP_AUTH_CLIENT_ID: "notes" })),
        "MCP_AUTH_CLIENT_SECRET is not set: MCP_AUTH_CLIENT_ID has no effect without it"
      )
      const message = yield* refusal(environment({ MCP_AUTH_CLIENT_SECRET: "s3cret" }))
      assert.include(message, "MCP_AUTH_CLIENT_ID is not set")
      assert.notInclude(message, "s3cret")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("is reported together with all other wrong variables, without its value", () =>
    Effect.gen(function*() {
      const message = yield* refusal(environment({ MCP_AUTH_POLICY: "", MCP_AUTH_REQUEST_STATE_SECRETS: "s3cret" }))
      assert.include(message, "MCP_AUTH_POLICY is empty")
      assert.include(message, "MCP_AUTH_REQUEST_STATE_SECRETS is not a known variable")
      assert.notInclude(message, "s3cret")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("of another program with a similar name is ignored", () =>
    assertStarts(environment({ MCP_AUTHORITY: "x", MCP: "x", MCP_PORT: "", AUTH_POLICY: "", MCPAUTH_X: "" })).pipe(
      Effect.provide(TestProvider.layer())
    ))
})

describe("MCP_AUTH_API_KEYS", () => {
  const hash = createHash("sha256").update("mcp_1").digest("hex")
  const key = { id: "ci", hash, subject: "ci", scopes: ["notes:read"], expiresAt: "2100-01-01T00:00:00Z" }
  const env = (...keys: ReadonlyArray<object>): Environment => ({ MCP_AUTH_API_KEYS: JSON.stringify(keys) })
  const alone = (more: Environment) => fromEnv({ env: { MCP_AUTH_RESOURCE: resource, ...more } })

  const statuses = Effect.fnUntraced(function*(provider: ConfigProvider.ConfigProvider) {
    const handle = yield* serve(yield* app(provider))
    const { mint } = yield* TestProvider.TestProvider
    return yield* Effect.forEach(
      ["mcp_1", "mcp_2", yield* mint()],
      (token) => Effect.map(callTool(handle, token), ({ status }) => status)
    )
  }, Effect.scoped)

  it.effect("is accepted beside the tokens of an issuer", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* statuses(environment(env(key))), [200, 401, 200])
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("needs no issuer, and then no other token is accepted", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* statuses(alone(env(key))), [200, 401, 401])
    }).pipe(Effect.provide(TestProvider.layer())))

  for (
    const [name, value] of [
      ["MCP_AUTH_AUDIENCE", "a"],
      ["MCP_AUTH_TYPE", "oidc"],
      ["MCP_AUTH_REPAIRS", "issuerTrailingSlash"],
      ["MCP_AUTH_CLIENT_ID", "a"]
    ] as const
  ) {
    it.effect(`with ${name}, which is for access tokens, requires an issuer`, () =>
      Effect.gen(function*() {
        assert.include(yield* refusal(alone({ ...env(key), [name]: value })), "MCP_AUTH_ISSUER is not set")
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("is accepted in the headers of MCP_AUTH_TOKEN_HEADERS", () =>
    Effect.gen(function*() {
      const more = { MCP_AUTH_TOKEN_HEADERS: "X-API-Key, X-Other" }
      const handle = yield* serve(yield* app(environment({ ...env(key), ...more })))
      const { body, headers } = stateless(1, "tools/list")
      const answer = yield* post(handle, body, { headers: { ...headers, "x-api-key": "mcp_1" } })
      assert.strictEqual(answer.status, 200)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  const wrong: ReadonlyArray<readonly [rule: string, value: string, message: string]> = [
    ["that is not JSON", "mcp_secret", "is not a JSON list"],
    ["that is an object", JSON.stringify(key), "is not a JSON list"],
    ["with an entry that is a key", JSON.stringify([key, "mcp_secret"]), "invalid entry [1]"],
    ["with a misspelt expiry", JSON.stringify([{ ...key, expires_at: "mcp_secret" }]), "invalid entry [0]"],
    ["with an expiry that is not a time", JSON.stringify([{ ...key, expiresAt: "mcp_secret" }]), "invalid entry [0]"],
    ["with an expiry that is null", JSON.stringify([{ ...key, expiresAt: null }]), "invalid entry [0]"],
    ["with scopes in a string", JSON.stringify([{ ...key, scopes: "mcp_secret" }]), "invalid entry [0]"]
  ]
  for (const [rule, value, message] of wrong) {
    it.effect(`${rule} is an error without its value`, () =>
      Effect.gen(function*() {
        const error = yield* refusal(environment({ MCP_AUTH_API_KEYS: value }))
        assert.include(error, `MCP_AUTH_API_KEYS ${message.startsWith("is") ? message : `has an ${message}`}`)
        assert.notInclude(error, "mcp_secret")
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  const unusable: ReadonlyArray<readonly [rule: string, value: string, message: string]> = [
    ["that is empty", "[]", "`keys` is empty"],
    ["with a key in place of its hash", JSON.stringify([{ ...key, hash: "mcp_secret" }]), "keys[0]: `hash`"]
  ]
  for (const [rule, value, message] of unusable) {
    it.effect(`${rule} prevents the start with an error without its value`, () =>
      Effect.gen(function*() {
        const error = yield* buildError(yield* app(environment({ MCP_AUTH_API_KEYS: value })))
        assert.strictEqual(error._tag, "InvalidVerifier")
        assert.include(error.message, message)
        assert.notInclude(error.message, "mcp_secret")
      }).pipe(Effect.provide(TestProvider.layer())))
  }
})

describe("a ConfigProvider other than the environment", () => {
  const { fromUnknown, mapInput, nested, orElse } = ConfigProvider

  it.effect("that reads an object has the same names and values", () =>
    Effect.gen(function*() {
      yield* assertStarts(fromUnknown(required))
      assert.include(yield* refusal(fromUnknown({ ...required, MCP_AUTH_POLICY: "" })), "MCP_AUTH_POLICY is empty")
      assert.include(
        yield* refusal(fromUnknown({ ...required, MCP_AUTH_AUDIENCES: "a" })),
        "MCP_AUTH_AUDIENCES is not a known variable: rename it to MCP_AUTH_AUDIENCE"
      )
      for (const value of [["a"], { scopes: ["a"] }]) {
        const message = yield* refusal(fromUnknown({ ...required, MCP_AUTH_POLICY: value }))
        assert.include(message, "MCP_AUTH_POLICY is not a string")
      }
      for (const value of ["{}", []]) {
        const message = yield* refusal(fromUnknown({ ...required, MCP: { AUTH: { POLICY: value } } }))
        assert.include(message, "MCP_AUTH_POLICY is spread over nested keys")
      }
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("with a prefix is read only below the prefix", () =>
    Effect.gen(function*() {
      const env = Object.fromEntries(Object.entries(required).map(([name, value]) => [`APP_${name}`, value]))
      yield* assertStarts(nested(fromEnv({ env: { ...env, MCP_AUTH_POLICY: "" } }), "APP"))
      const wrong = nested(fromEnv({ env: { ...env, APP_MCP_AUTH_POLICY: "", APP_MCP_AUTH_X: "1" } }), "APP")
      const message = yield* refusal(wrong)
      assert.include(message, "MCP_AUTH_POLICY is empty")
      assert.include(message, "MCP_AUTH_X is not a known variable")
      const object = nested(fromUnknown({ app: { ...required, MCP_AUTH_POLICY: "" } }), "app")
      assert.include(yield* refusal(object), "MCP_AUTH_POLICY is empty")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("that translates names to another case accepts them in that case", () =>
    Effect.gen(function*() {
      const lower = (env: Environment) =>
        mapInput(
          fromUnknown(Object.fromEntries(Object.entries(env).map(([name, value]) => [name.toLowerCase(), value]))),
          (path) => path.map((part) => typeof part === "string" ? part.toLowerCase() : part)
        )
      yield* assertStarts(lower(required))
      assert.include(yield* refusal(lower({ ...required, MCP_AUTH_POLICY: "" })), "rename it to MCP_AUTH_POLICY")
      yield* assertStarts(ConfigProvider.constantCase(fromEnv({ env: { ...required } })))
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("that falls back to another is judged by the effective values", () =>
    Effect.gen(function*() {
      yield* assertStarts(orElse(fromEnv({ env: { MCP_AUTH_RESOURCE: "" } }), fromUnknown(required)))
      const message = yield* refusal(orElse(fromUnknown({}), environment({ MCP_AUTH_X: "1", MCP_AUTH_POLICY: "" })))
      assert.include(message, "MCP_AUTH_X is not a known variable")
      assert.include(message, "MCP_AUTH_POLICY is empty")
    }).pipe(Effect.provide(TestProvider.layer())))

  const hidden: ReadonlyArray<readonly [kind: string, of: (env: Environment) => ConfigProvider.ConfigProvider]> = [
    ["the environment", (env) => fromEnv({ env: { ...env } })],
    ["an object", fromUnknown],
    ["a prefixed environment", (env) => {
      const prefixed = Object.entries(env).map(([name, value]) => [`APP_${name}`, value])
      return nested(fromEnv({ env: Object.fromEntries(prefixed) }), "APP")
    }],
    ["a fallback of a fallback", (env) => orElse(fromUnknown({ MCP_AUTH_TYPE: "oauth" }), fromEnv({ env: { ...env } }))]
  ]
  for (const [kind, of] of hidden) {
    it.effect(`that falls back to ${kind} does not hide its empty and unknown variables`, () =>
      Effect.gen(function*() {
        for (const first of [fromEnv({ env: { ...required } }), fromUnknown(required)]) {
          for (const name of names.filter((name) => !(name in required) && name !== "MCP_AUTH_TYPE")) {
            assert.include(yield* refusal(orElse(first, of({ [name]: "" }))), `${name} is empty`)
          }
          const message = yield* refusal(orElse(first, of({ MCP_AUTH_REQUIRED_SCOPE: "a" })))
          assert.include(message, "MCP_AUTH_REQUIRED_SCOPE is not a known variable")
          yield* assertStarts(orElse(first, of({ MCP_AUTH_POLICY: "\"authenticated\"" })))
        }
      }).pipe(Effect.provide(TestProvider.layer())))
  }

  it.effect("that falls back to one with names in another case may override them", () =>
    Effect.gen(function*() {
      const lower = mapInput(
        fromUnknown({ mcp_auth_issuer: "https://other.test", mcp_auth_type: "oauth" }),
        (path) => path.map((part) => typeof part === "string" ? part.toLowerCase() : part)
      )
      yield* assertStarts(orElse(fromUnknown(required), lower))
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("that falls back to one with a blank variable in another case does not hide it", () =>
    Effect.gen(function*() {
      const lower = mapInput(
        fromUnknown({ mcp_auth_policy: " " }),
        (path) => path.map((part) => typeof part === "string" ? part.toLowerCase() : part)
      )
      const message = yield* refusal(orElse(environment({ MCP_AUTH_POLICY: "\"authenticated\"" }), lower))
      assert.include(message, "mcp_auth_policy is not a known variable")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("that has keys below keys without an end is not read for ever", () =>
    assertStarts(ConfigProvider.make((path) => {
      const value = path.length === 1 ? required[String(path[0])] : undefined
      if (value !== undefined) return Effect.succeed(ConfigProvider.makeValue(value))
      const below: Readonly<Record<string, string>> = { "": "MCP", "MCP": "AUTH" }
      const key = path.length > 0 && path[0] !== "MCP" ? undefined : below[path.join()] ?? "LINK"
      return Effect.succeed(key === undefined ? undefined : ConfigProvider.makeRecord(new Set([key])))
    })).pipe(Effect.provide(TestProvider.layer())))

  it.effect("that cannot list its keys reports no unknown names, but empty values", () =>
    Effect.gen(function*() {
      const lookup = (values: Environment) =>
        ConfigProvider.make((path) => {
          const value = path.length === 1 ? values[String(path[0])] : undefined
          return path.length === 0
            ? Effect.fail(new ConfigProvider.SourceError({ message: "cannot list" }))
            : Effect.succeed(value === undefined ? undefined : ConfigProvider.makeValue(value))
        })
      yield* assertStarts(lookup({ ...required, MCP_AUTH_X: "1" }))
      assert.include(yield* refusal(lookup({ ...required, MCP_AUTH_POLICY: "" })), "MCP_AUTH_POLICY is empty")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("that cannot be read is an error, instead of a server with default options", () =>
    Effect.gen(function*() {
      const broken = ConfigProvider.make((path) =>
        path[0] === "MCP_AUTH_POLICY"
          ? Effect.fail(new ConfigProvider.SourceError({ message: "the vault is sealed" }))
          : fromUnknown(required).load(path)
      )
      assert.include(yield* refusal(broken), "the vault is sealed")
    }).pipe(Effect.provide(TestProvider.layer())))
})

describe("options in code beside the environment", () => {
  it.effect("replace those of the environment, and make required variables optional", () =>
    Effect.gen(function*() {
      const reached = yield* Ref.make<ReadonlyArray<string>>([])
      const provider = fromEnv({ env: { MCP_AUTH_ISSUER: issuer, MCP_AUTH_SCOPES_SUPPORTED: "notes:read" } })
      const config = McpAuth.layerFromConfig({ resource, scopesSupported: ["notes:write"] }).pipe(
        Layer.provide(ConfigProvider.layer(provider))
      )
      const handle = yield* serve(server(reached).pipe(McpAuth.protect(), Layer.provide(config)))
      const { headers } = yield* callTool(handle, undefined)
      assert.include(headers.get("www-authenticate"), "scope=\"notes:write\"")
    }).pipe(Effect.provide(TestProvider.layer())))

  it.effect("make the issuer dispensable if they name the authorization servers", () =>
    Effect.gen(function*() {
      const reached = yield* Ref.make<ReadonlyArray<string>>([])
      const provider = fromEnv({ env: { MCP_AUTH_RESOURCE: resource } })
      const config = McpAuth.layerFromConfig({ authorizationServers: [discover(issuer)] }).pipe(
        Layer.provide(ConfigProvider.layer(provider))
      )
      const handle = yield* serve(server(reached).pipe(McpAuth.protect(), Layer.provide(config)))
      assert.strictEqual((yield* callTool(handle, undefined)).status, 401)
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))

  it.effect("do not excuse an empty variable", () =>
    Effect.gen(function*() {
      const provider = fromEnv({ env: { MCP_AUTH_RESOURCE: "", MCP_AUTH_ISSUER: issuer } })
      const config = McpAuth.layerFromConfig({ resource }).pipe(Layer.provide(ConfigProvider.layer(provider)))
      const error = yield* Effect.flip(Layer.build(config))
      assert.include(error.message, "MCP_AUTH_RESOURCE is empty")
    }).pipe(Effect.scoped, Effect.provide(TestProvider.layer())))
})
