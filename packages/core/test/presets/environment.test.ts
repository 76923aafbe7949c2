import { McpAuth } from "@effect-mcp-auth/core"
import * as Presets from "@effect-mcp-auth/core/presets/Presets"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Redacted } from "effect"
import { HttpClient, HttpServerRequest } from "effect/http"
import { TestClock } from "effect/testing"

type Environment = Readonly<Record<string, string>>

const resource = "https://api.test/mcp"
const keycloak: Environment = {
  MCP_AUTH_RESOURCE: resource,
  MCP_AUTH_PRESET: "keycloak",
  MCP_AUTH_PRESET_URL: "https://keycloak.example.com",
  MCP_AUTH_PRESET_REALM: "notes"
}

const configured = (env: Environment) =>
  Layer.provide(McpAuth.layerFromConfig(), ConfigProvider.layer(ConfigProvider.fromEnv({ env: { ...env } })))

/** The message of the `ConfigError` that prevents the start. */
const refusal = (env: Environment, presets: Layer.Layer<never> = Presets.layer) =>
  Layer.build(configured(env)).pipe(
    Effect.flip,
    Effect.map((error) => {
      assert.strictEqual(error._tag, "ConfigError", error.message)
      return error.message
    }),
    Effect.scoped,
    Effect.provide([presets, TestProvider.layer()])
  )

/** The value of a parameter as an environment variable. */
const textOf = (value: unknown): string => {
  if (Redacted.isRedacted(value)) return String(Redacted.value(value))
  return Array.isArray(value) ? value.join(", ") : String(value)
}

const variableOf = (parameter: string) => `MCP_AUTH_PRESET_${parameter.replaceAll(/[A-Z]/g, "_$&").toUpperCase()}`

describe("MCP_AUTH_PRESET", () => {
  for (const name of TestProvider.products) {
    it.effect(`configures a server by variables alone, without code: ${name}`, () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(1_800_000_000_000)
        const product = yield* TestProvider.likeProvider(name)
        const parameters = Object.entries(product.parameters).map(([key, value]) => [variableOf(key), textOf(value)])
        const env = { MCP_AUTH_RESOURCE: resource, MCP_AUTH_PRESET: name, ...Object.fromEntries(parameters) }
        const network = Layer.succeed(HttpClient.HttpClient, product.client)
        const context = yield* Layer.build(configured(env).pipe(Layer.provide([Presets.layer, network])))
        const { authenticate } = yield* Effect.provide(McpAuth.McpAuth, context)
        const token = yield* product.issue("access", resource)
        const headers = { authorization: `Bearer ${token}` }
        const info = yield* authenticate(HttpServerRequest.fromWeb(new Request(resource, { headers })))
        assert.strictEqual(info.subject, product.expected.subject)
      }).pipe(Effect.scoped))
  }

  const entra: Environment = {
    MCP_AUTH_RESOURCE: resource,
    MCP_AUTH_PRESET: "entra",
    MCP_AUTH_PRESET_TENANT: "aaaabbbb-0000-cccc-1111-dddd2222eeee",
    MCP_AUTH_PRESET_CLIENT_ID: "22222222-3333-4444-5555-666666666666"
  }

  for (const [value, isOn] of [["true", true], ["false", false]] as const) {
    it.effect(`sets a switch of a preset to ${value}`, () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(1_800_000_000_000)
        const product = yield* TestProvider.likeProvider("entra")
        const network = Layer.succeed(HttpClient.HttpClient, product.client)
        const env = { ...entra, MCP_AUTH_PRESET_APPLICATION_ROLES_AS_SCOPES: value }
        const context = yield* Layer.build(configured(env).pipe(Layer.provide([Presets.layer, network])))
        const { authenticate } = yield* Effect.provide(McpAuth.McpAuth, context)
        const headers = { authorization: `Bearer ${yield* product.issue("machine", resource)}` }
        const info = yield* authenticate(HttpServerRequest.fromWeb(new Request(resource, { headers })))
        assert.strictEqual(info.scopes.size, isOn ? 1 : 0)
      }).pipe(Effect.scoped))
  }

  it.effect("refuses another value of a switch", () =>
    Effect.gen(function*() {
      for (const value of ["yes", "1", "TRUE"]) {
        const message = yield* refusal({ ...entra, MCP_AUTH_PRESET_APPLICATION_ROLES_AS_SCOPES: value })
        assert.include(message, "MCP_AUTH_PRESET_APPLICATION_ROLES_AS_SCOPES is not true or false")
      }
    }))

  it.effect("is an error in a program without presets, and the error names Presets.layer", () =>
    Effect.gen(function*() {
      const message = yield* refusal(keycloak, Layer.empty)
      assert.include(message, "MCP_AUTH_PRESET cannot be used")
      assert.include(message, "Presets.layer")
      assert.notInclude(message, "rename it")
    }))

  it.effect("makes the issuer unnecessary, and is an error together with it", () =>
    Effect.gen(function*() {
      const message = yield* refusal({ ...keycloak, MCP_AUTH_ISSUER: "https://as.test" })
      assert.include(message, "MCP_AUTH_ISSUER and MCP_AUTH_PRESET are both set")
    }))

  for (
    const [name, value] of Object.entries({
      MCP_AUTH_TYPE: "oidc",
      MCP_AUTH_REPAIRS: "pkce",
      MCP_AUTH_AUDIENCE: "a",
      MCP_AUTH_AUDIENCE_BY_ISSUER: "{}",
      MCP_AUTH_METADATA_URL: "https://as.test/m",
      MCP_AUTH_EXPECTED_ISSUER: "https://as.test",
      MCP_AUTH_TOKEN_ISSUERS: "https://as.test",
      MCP_AUTH_SCOPE_CLAIMS: "scp",
      MCP_AUTH_ROLE_CLAIMS: "groups",
      MCP_AUTH_SUBJECT_CLAIM: "sub",
      MCP_AUTH_CLIENT_CLAIM: "azp",
      MCP_AUTH_CLIENT_ID: "a",
      MCP_AUTH_CLIENT_SECRET: "b"
    })
  ) {
    it.effect(`is an error together with ${name}, which would have no effect`, () =>
      Effect.gen(function*() {
        assert.include(yield* refusal({ ...keycloak, [name]: value }), `${name} and MCP_AUTH_PRESET are both set`)
      }))
  }

  it.effect("that names no preset is an error with the closest name", () =>
    Effect.gen(function*() {
      for (const name of ["keyclock", "Keycloak", "key-cloak", " keycloak"]) {
        const message = yield* refusal({ ...keycloak, MCP_AUTH_PRESET: name })
        assert.include(
          message,
          `MCP_AUTH_PRESET cannot be used: there is no preset "${name}"; the closest name is keycloak`
        )
        assert.include(message, "MCP_AUTH_PRESET_REALM is not a known variable: correct MCP_AUTH_PRESET first")
      }
    }))

  it.effect("with a missing, empty, misspelt or invalid parameter is an error that names its variable", () =>
    Effect.gen(function*() {
      const { MCP_AUTH_PRESET_REALM: _, ...withoutRealm } = keycloak
      assert.include(
        yield* refusal(withoutRealm),
        "MCP_AUTH_PRESET_REALM is not set: set it to the name of the realm, for example notes"
      )
      assert.include(yield* refusal({ ...keycloak, MCP_AUTH_PRESET_REALM: " " }), "MCP_AUTH_PRESET_REALM is empty")
      const misspelt = yield* refusal({ ...withoutRealm, MCP_AUTH_PRESET_RELM: "notes" })
      assert.include(misspelt, "MCP_AUTH_PRESET_RELM is not a known variable: rename it to MCP_AUTH_PRESET_REALM")
      assert.include(misspelt, "MCP_AUTH_PRESET_REALM is not set")
      const invalid = yield* refusal({ ...keycloak, MCP_AUTH_PRESET_REALM: "a/b", MCP_AUTH_PRESET_URL: "http://id" })
      assert.include(invalid, "MCP_AUTH_PRESET_REALM is not a name of letters")
      assert.include(invalid, "MCP_AUTH_PRESET_URL is not an https URL")
      assert.notInclude(invalid, "a/b")
    }))

  it.effect("has secrets that no error shows", () =>
    Effect.gen(function*() {
      const secret = "s3cret-of-the-client"
      const env = {
        MCP_AUTH_RESOURCE: resource,
        MCP_AUTH_PRESET: "ibm-verify",
        MCP_AUTH_PRESET_URL: "https://acme.verify.ibm.com",
        MCP_AUTH_PRESET_AUDIENCE: "notes-client",
        MCP_AUTH_PRESET_CLIENT_ID: "notes server",
        MCP_AUTH_PRESET_CLIENT_SECRET: secret
      }
      const invalid = yield* refusal(env)
      assert.include(invalid, "MCP_AUTH_PRESET_CLIENT_ID is not a text without spaces")
      const misspelt = yield* refusal({ ...env, MCP_AUTH_PRESET_CLIENT_SECRETS: secret })
      assert.include(misspelt, "rename it to MCP_AUTH_PRESET_CLIENT_SECRET")
      assert.notInclude(invalid + misspelt, secret)
    }))

  it.effect("that is not set makes its parameters errors that say so", () =>
    Effect.gen(function*() {
      const { MCP_AUTH_PRESET: _, ...withoutName } = keycloak
      const message = yield* refusal(withoutName)
      assert.include(message, "MCP_AUTH_PRESET_REALM is not a known variable: set MCP_AUTH_PRESET to the name")
      assert.include(message, "MCP_AUTH_ISSUER is not set")
    }))
})
