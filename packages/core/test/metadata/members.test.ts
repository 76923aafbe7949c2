import { AuthorizationServerMetadata, ProtectedResourceMetadata } from "@effect-mcp-auth/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Schema } from "effect"

const issuer = "https://as.test"
const resource = "https://api.test/mcp"

const server = AuthorizationServerMetadata.AuthorizationServerMetadata
const decode = Schema.decodeUnknownResult(server)
const decodeResource = Schema.decodeUnknownResult(ProtectedResourceMetadata.ProtectedResourceMetadata)

const shown = (value: unknown): string => JSON.stringify(value)

const both: ReadonlyArray<readonly [url: string, why: string]> = [
  ["https://as.test", "a host alone"],
  ["https://as.test/", "a root"],
  ["https://as.test/a/b", "a path"],
  ["HTTPS://AS.TEST/a", "upper case"],
  ["https://as.test:8443/a", "a port"],
  ["https://as.test/a?b=c&d=%20e", "a query"],
  ["https://as.test/a%2Fb", "an escape"],
  ["https://[2001:db8::1]/a", "an IPv6 address"],
  ["https://192.0.2.1/a", "an IPv4 address"],
  ["http://as.test/a", "http, which only rules forbid"],
  ["http://localhost:3000/a", "http on loopback"]
]

const neither: ReadonlyArray<readonly [url: unknown, why: string]> = [
  ["", "nothing"],
  ["as.test/a", "no scheme"],
  ["/a", "a path"],
  ["//as.test/a", "no scheme"],
  ["?a", "a query"],
  ["https:", "no host"],
  ["https:as.test/a", "no slashes"],
  ["https:/as.test/a", "one slash"],
  ["https:///a", "no host"],
  ["https://?a", "no host"],
  ["ftp://as.test/a", "another scheme"],
  ["ws://as.test/a", "another scheme"],
  ["file:///etc/passwd", "another scheme"],
  ["javascript:alert(1)", "a script"],
  ["javascript://as.test/%0aalert(1)", "a script that looks like a URL"],
  ["data:text/html,<script>", "a document"],
  ["urn:example:a", "a name"],
  [" https://as.test/a", "a leading space"],
  ["https://as.test/a ", "a trailing space"],
  ["https://as.test/a\n", "a trailing line feed"],
  ["https://as.test/a\r\nx: y", "a header"],
  ["https://as.test/a\tb", "a tab inside"],
  ["https://as.\ttest/a", "a tab in the host"],
  ["java\nscript:alert(1)", "a line feed in the scheme"],
  ["https:\\\\as.test\\a", "backslashes"],
  ["https://as.test\\a", "a backslash after the host"],
  ["https://as.test/a\\b", "a backslash in the path"],
  ["https://as.test\\@evil.test/a", "a backslash that hides a host"],
  ["https://user:hunter2@as.test/a", "user information"],
  ["https://user@as.test/a", "a user"],
  ["https://@as.test/a", "user information that is empty"],
  ["https://as.test@evil.test/a", "a host that looks like another"],
  ["https://as.test:x/a", "a port that is not a number"],
  ["https://as.test:65536/a", "a port that is too large"],
  ["https://256.256.256.256/a", "an invalid address"],
  ["https://[not-ip]/a", "brackets around something that is not an address"],
  [null, "null"],
  [7, "a number"],
  [[`${issuer}/a`], "a list"],
  [{ url: issuer }, "an object"]
]

/** Pages are opened in a browser, which shows the URL to the user; endpoints are called by programs. */
const pagesOnly: ReadonlyArray<readonly [url: string, why: string]> = [
  ["https://as.test/a#b", "a fragment"],
  ["https://as.test#", "an empty fragment"],
  ["https://as.test/terms#section-1", "a fragment after a path"],
  ["https://0x7f.1/a", "a host as a hexadecimal number"],
  ["https://2130706433/a", "a host as a number"],
  ["https://127.1/a", "a host as a shortened address"],
  ["https://%61s.test/a", "an escaped host"],
  ["https://bücher.test/a", "a host beyond ASCII"],
  ["https://as.test/ü", "a path beyond ASCII"],
  ["https://as.test/a|b", "a character that must be escaped"],
  ["https://as.test/%zz", "an invalid escape"],
  ["https://as.test/a/../b", "a segment that parsers resolve"],
  ["https://as.test/?a='b'", "an apostrophe in the query"],
  ["https://as.test:0443/a", "a port with a leading zero"],
  ["https://as.test:/a{b}", "a placeholder"]
]

const endpoints = [
  "authorization_endpoint",
  "token_endpoint",
  "jwks_uri",
  "registration_endpoint",
  "revocation_endpoint",
  "introspection_endpoint",
  "userinfo_endpoint",
  "end_session_endpoint",
  "device_authorization_endpoint",
  "pushed_authorization_request_endpoint"
]
const pages = ["service_documentation", "op_policy_uri", "op_tos_uri"]

const resourcePages = ["resource_documentation", "resource_policy_uri", "resource_tos_uri"]

const holds = (members: ReadonlyArray<string>, url: unknown, accepted: boolean) => {
  for (const member of members) {
    assert.strictEqual(Result.isSuccess(decode({ issuer, [member]: url })), accepted, member)
  }
}

describe("the URL of an endpoint", () => {
  for (const [url, why] of both) {
    it(`may have ${why}: ${shown(url)}`, () => {
      holds(endpoints, url, true)
      assert.isTrue(Result.isSuccess(decode({ issuer, mtls_endpoint_aliases: { token_endpoint: url } })))
      assert.isTrue(Result.isSuccess(decodeResource({ resource, jwks_uri: url })))
    })
  }
  for (const [url, why] of [...neither, ...pagesOnly]) {
    it(`may not have ${why}: ${shown(url)}`, () => {
      holds(endpoints, url, false)
      assert.isTrue(Result.isFailure(decode({ issuer, mtls_endpoint_aliases: { token_endpoint: url } })))
      assert.isTrue(Result.isFailure(decodeResource({ resource, jwks_uri: url })))
    })
  }

  it("keeps the string that it was given", () => {
    for (const [url] of both) {
      const decoded = Result.getOrThrow(decode({ issuer, jwks_uri: url }))
      assert.strictEqual(decoded.jwksUri, url)
    }
  })

  it("is accepted or refused in linear time if it is long", () => {
    const long = `https://as.test/${"a/".repeat(200_000)}`
    assert.isTrue(Result.isSuccess(decode({ issuer, jwks_uri: long })))
    assert.isTrue(Result.isFailure(decode({ issuer, jwks_uri: `${long}\n` })))
    assert.isTrue(Result.isFailure(decode({ issuer, op_tos_uri: `${long}\n` })))
  })
})

describe("the URL of a page", () => {
  for (const [url, why] of [...both, ...pagesOnly]) {
    it(`may have ${why}: ${shown(url)}`, () => {
      holds(pages, url, true)
      for (const member of resourcePages) {
        assert.isTrue(Result.isSuccess(decodeResource({ resource, [member]: url })), member)
      }
    })
  }
  for (const [url, why] of neither) {
    it(`may not have ${why}: ${shown(url)}`, () => {
      holds(pages, url, false)
      for (const member of resourcePages) {
        assert.isTrue(Result.isFailure(decodeResource({ resource, [member]: url })), member)
      }
    })
  }
})

describe("the metadata of a protected resource", () => {
  const accepted: ReadonlyArray<readonly [what: string, document: object]> = [
    ["a resource alone", { resource }],
    ["a resource with a query", { resource: "https://api.test/mcp?tenant=1" }],
    ["a resource on loopback", { resource: "http://localhost:3000/mcp" }],
    ["one authorization server", { resource, authorization_servers: [issuer] }],
    ["several, including paths and slashes", { resource, authorization_servers: [`${issuer}/`, `${issuer}/t1`] }],
    ["an authorization server on loopback", { resource, authorization_servers: ["http://127.0.0.1:3000"] }]
  ]
  for (const [what, document] of accepted) {
    it(`may name ${what}`, () => assert.isTrue(Result.isSuccess(decodeResource(document))))
  }

  const refused: ReadonlyArray<readonly [what: string, document: object]> = [
    ["no resource", {}],
    ["a resource that is null", { resource: null }],
    ["a resource that is empty", { resource: "" }],
    ["a relative resource", { resource: "/mcp" }],
    ["a resource without a scheme", { resource: "api.test/mcp" }],
    ["an http resource", { resource: "http://api.test/mcp" }],
    ["a resource with a fragment", { resource: `${resource}#a` }],
    ["a resource with user information", { resource: "https://user@api.test/mcp" }],
    ["a resource of another scheme", { resource: "ftp://api.test/mcp" }],
    ["a resource with a line feed", { resource: `${resource}\n` }],
    ["several resources", { resource: [resource] }],
    ["an empty list of authorization servers", { resource, authorization_servers: [] }],
    ["authorization servers that are not a list", { resource, authorization_servers: issuer }],
    ["an authorization server that is null", { resource, authorization_servers: [null] }],
    ["a relative authorization server", { resource, authorization_servers: ["/as"] }],
    ["an authorization server without a scheme", { resource, authorization_servers: ["as.test"] }],
    ["an http authorization server", { resource, authorization_servers: ["http://as.test"] }],
    ["an authorization server with a query", { resource, authorization_servers: [`${issuer}?x=1`] }],
    ["an authorization server with a fragment", { resource, authorization_servers: [`${issuer}#x`] }],
    ["an authorization server with user information", { resource, authorization_servers: ["https://u@as.test"] }],
    ["an authorization server that is a template", { resource, authorization_servers: [`${issuer}/{tenant}`] }],
    ["a valid authorization server and an invalid one", { resource, authorization_servers: [issuer, "as.test"] }]
  ]
  for (const [what, document] of refused) {
    it(`may not name ${what}`, () => assert.isTrue(Result.isFailure(decodeResource(document))))
  }

  it("accepts tokens in the header by default", () => {
    const methods = (bearerMethodsSupported: ReadonlyArray<string>) =>
      ProtectedResourceMetadata.acceptsHeader({ resource, bearerMethodsSupported })
    assert.isTrue(ProtectedResourceMetadata.acceptsHeader({ resource }))
    assert.isTrue(methods(["body", "header"]))
    assert.isFalse(methods(["body"]))
    assert.isFalse(methods([]))
  })
})

describe("written members", () => {
  const encode = Schema.encodeEffect(server)

  it.effect("a member of the schema wins over an extension of the same name", () =>
    Effect.gen(function*() {
      const document = yield* encode({
        issuer,
        jwksUri: "https://as.test/jwks",
        additionalParameters: { jwks_uri: "https://evil.test/jwks", issuer: "https://evil.test", x: 1 }
      })
      assert.deepStrictEqual(document, { x: 1, issuer, jwks_uri: "https://as.test/jwks" })
    }))

  it.effect("an extension never replaces a member of the schema", () =>
    Effect.gen(function*() {
      const document = yield* encode({ issuer, additionalParameters: { jwks_uri: "not checked", token_endpoint: 7 } })
      assert.deepStrictEqual(document, { issuer })
    }))

  it.effect("an extension with the camelCase name of a member stays an extension", () =>
    Effect.gen(function*() {
      const extension = { jwksUri: "mine", additionalParameters: 1, additional_parameters: 2, "resource_name#de": "x" }
      const document = yield* encode({ issuer, additionalParameters: extension })
      assert.deepStrictEqual(document, { issuer, ...extension })
      const back = yield* Schema.decodeEffect(server)(document)
      assert.deepStrictEqual(back, { issuer, additionalParameters: extension })
    }))

  it("an extension may be called __proto__", () => {
    const document = JSON.parse(`{"issuer":"${issuer}","__proto__":{"jwksUri":"https://evil.test"}}`)
    const decoded = Result.getOrThrow(decode(document))
    assert.isUndefined(decoded.jwksUri)
    assert.deepStrictEqual(Object.keys(decoded.additionalParameters ?? {}), ["__proto__"])
  })

  it.effect("an invalid URL is not written", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(encode({ issuer, jwksUri: "jwks" }))
      assert.include(error.message, "jwksUri")
    }))
})
