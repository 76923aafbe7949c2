import { BearerToken } from "@effect-mcp-auth/core"
import { assert, describe, it } from "@effect/vitest"
import { Redacted, Result, Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import * as HttpServerRequest from "effect/http/HttpServerRequest"

const outcome = (read: ReturnType<typeof BearerToken.read>): string =>
  Result.match(read, {
    onSuccess: (token) => `token ${Redacted.value(token)}`,
    onFailure: (error) => error._tag === "InvalidRequest" ? error.reason : error._tag
  })

const longest = 16 * 1024

const headers: ReadonlyArray<readonly [rule: string, authorization: ReadonlyArray<string>, outcome: string]> = [
  ["a bearer token is read", ["Bearer abc"], "token abc"],
  ["every character of a b64token is read", ["Bearer aZ09-._~+/=="], "token aZ09-._~+/=="],
  ["the scheme may be in lower case", ["bearer abc"], "token abc"],
  ["the scheme may be in upper case", ["BEARER abc"], "token abc"],
  ["several spaces may separate scheme and token", ["Bearer   abc"], "token abc"],
  ["no header is no credentials", [], "MissingCredentials"],
  ["Basic is not a bearer token", ["Basic dXNlcjpwdw=="], "MissingCredentials"],
  ["DPoP is not a bearer token", ["DPoP abc"], "MissingCredentials"],
  ["a scheme that only begins with Bearer is another scheme", ["BearerX abc"], "MissingCredentials"],
  ["a scheme without credentials is not a bearer token", ["Negotiate"], "MissingCredentials"],
  ["an empty header is no credentials", [""], "MissingCredentials"],
  ["a header of spaces is malformed", ["   "], "malformed"],
  ["a space before the scheme is malformed", [" Bearer abc"], "malformed"],
  ["a space after the token is malformed", ["Bearer abc "], "malformed"],
  ["a tab between scheme and token is malformed", ["Bearer\tabc"], "malformed"],
  ["the scheme alone is no credentials", ["Bearer"], "MissingCredentials"],
  ["the scheme alone, in any case, is no credentials", ["bEARER"], "MissingCredentials"],
  ["an empty token is no credentials", ["Bearer "], "MissingCredentials"],
  ["an empty token after several spaces is no credentials", ["Bearer   "], "MissingCredentials"],
  ["the scheme followed by a tab is malformed", ["Bearer\t"], "malformed"],
  ["the scheme followed by a line feed is malformed", ["Bearer\n"], "malformed"],
  ["an empty header beside a token is refused", ["", "Bearer abc"], "several-headers"],
  ["a scheme alone beside a token is refused", ["Bearer", "Bearer abc"], "several-headers"],
  ["two empty headers are refused", ["", ""], "several-headers"],
  ["two empty headers joined by a comma are malformed", [", "], "malformed"],
  ["two tokens are malformed", ["Bearer abc def"], "malformed"],
  ["two headers joined by a comma are malformed", ["Bearer abc, Bearer def"], "malformed"],
  ["a scheme and a token joined by a comma are malformed", ["Basic, Bearer abc"], "malformed"],
  ["a quoted token is malformed", ["Bearer \"abc\""], "malformed"],
  ["padding in the middle is malformed", ["Bearer ab=c"], "malformed"],
  ["padding alone is malformed", ["Bearer ="], "malformed"],
  ["a token in a parameter of another name is malformed", ["Bearer token:abc"], "malformed"],
  ["a null byte is malformed", ["Bearer a\u0000c"], "malformed"],
  ["a line feed in the token is malformed", ["Bearer abc\nX-Evil: 1"], "malformed"],
  ["a line feed after the token is malformed", ["Bearer abc\n"], "malformed"],
  ["a carriage return is malformed", ["Bearer abc\r"], "malformed"],
  ["a delete character is malformed", ["Bearer abc\u007f"], "malformed"],
  ["a control character in the scheme is malformed", ["Bea\u0001rer abc"], "malformed"],
  ["a token that is not ASCII is malformed", ["Bearer äbc"], "malformed"],
  ["a full-width letter is malformed", ["Bearer \uff41bc"], "malformed"],
  ["a scheme that is not ASCII is malformed", ["Beärer abc"], "malformed"],
  ["a Kelvin sign does not count as K, nor a long s as s", ["Bearer \u212a\u017f"], "malformed"],
  ["a non-breaking space does not count as a space", ["Bearer\u00a0abc"], "malformed"],
  ["half a surrogate pair is malformed", ["Bearer \ud800"], "malformed"],
  ["several headers are refused", ["Bearer abc", "Bearer def"], "several-headers"],
  ["the same header twice is refused", ["Bearer abc", "Bearer abc"], "several-headers"],
  ["a second header of another scheme is refused", ["Bearer abc", "Basic dXNlcg=="], "several-headers"],
  ["a first header of another scheme is refused", ["Basic dXNlcg==", "Bearer abc"], "several-headers"],
  ["a token of 16 KiB is read", [`Bearer ${"a".repeat(longest)}`], `token ${"a".repeat(longest)}`],
  ["a token that is one byte longer is too long", [`Bearer ${"a".repeat(longest + 1)}`], "too-long"],
  ["padding counts toward the length", [`Bearer ${"a".repeat(longest)}=`], "too-long"],
  ["a token that is too long is not parsed", [`Bearer ${"ä".repeat(longest + 1)}`], "too-long"],
  [
    "credentials of another scheme may have any length",
    [`Basic ${"a".repeat(longest + 1)}`],
    "MissingCredentials"
  ]
]

const urls: ReadonlyArray<readonly [rule: string, url: string, outcome: string]> = [
  ["a token in the query is refused", "/mcp?access_token=abc", "token-in-query"],
  ["an empty token in the query is refused", "/mcp?access_token=", "token-in-query"],
  ["a token parameter without a value is refused", "/mcp?access_token", "token-in-query"],
  ["a token among other query parameters is refused", "/mcp?a=1&access_token=abc&b=2", "token-in-query"],
  ["a token after a second question mark is part of another value", "/mcp?a=1?access_token=abc", "token abc"],
  ["the parameter name may be percent-encoded", "/mcp?%61ccess%5Ftoken=abc", "token-in-query"],
  ["a token in the query of an absolute URL is refused", "https://api.test/mcp?access_token=abc", "token-in-query"],
  ["a token in a query before a fragment is refused", "/mcp?access_token=abc#x", "token-in-query"],
  ["a longer parameter name is another name", "/mcp?xaccess_token=abc&access_tokens=1", "token abc"],
  ["a parameter name in another case is another name", "/mcp?Access_Token=abc", "token abc"],
  ["a token in the path is not in the query", "/access_token=abc", "token abc"],
  ["an invalid percent-escape is ignored", "/mcp?%zz=%&%E0%A4%A", "token abc"]
]

describe("the Authorization header", () => {
  for (const [rule, authorization, expected] of headers) {
    it(`${rule}`, () => {
      assert.strictEqual(outcome(BearerToken.read({ authorization, url: "/mcp" })), expected)
    })
  }
})

describe("the URL", () => {
  for (const [rule, url, expected] of urls) {
    it(`${rule}`, () => {
      assert.strictEqual(outcome(BearerToken.read({ authorization: ["Bearer abc"], url })), expected)
    })
  }

  it("a token in the query is refused without a header, too", () => {
    assert.strictEqual(outcome(BearerToken.read({ authorization: [], url: "/mcp?access_token=abc" })), "token-in-query")
  })

  it("a token in the query is refused beside several headers", () => {
    const authorization = ["Bearer abc", "Bearer abc"]
    assert.strictEqual(outcome(BearerToken.read({ authorization, url: "/mcp?access_token=abc" })), "token-in-query")
  })
})

/** A request as a server passes it on; `rawHeaders` as Node provides them. */
const request = (url: string, authorization: ReadonlyArray<string>, rawHeaders?: ReadonlyArray<string>) => {
  const web = new Request(url, { headers: authorization.map((value): [string, string] => ["authorization", value]) })
  return HttpServerRequest.fromWeb(rawHeaders === undefined ? web : Object.assign(web, { rawHeaders }))
}

describe("a request", () => {
  const url = "https://api.test/mcp"
  const rows: ReadonlyArray<readonly [rule: string, HttpServerRequest.HttpServerRequest, outcome: string]> = [
    ["its header is read", request(url, ["Bearer abc"]), "token abc"],
    ["no header is no credentials", request(url, []), "MissingCredentials"],
    ["headers that the server joined are malformed", request(url, ["Bearer abc", "Bearer def"]), "malformed"],
    [
      "repeated headers of which Node kept only the first are refused",
      request(url, ["Bearer abc"], ["Authorization", "Bearer abc", "Accept", "*/*", "AUTHORIZATION", "Bearer def"]),
      "several-headers"
    ],
    [
      "one header among raw headers is read",
      request(url, ["Bearer abc"], ["Host", "api.test", "authorization", "Bearer abc"]),
      "token abc"
    ],
    [
      "a raw header value that equals the header name is not counted",
      request(url, ["Bearer abc"], ["authorization", "Bearer abc", "x-header", "authorization"]),
      "token abc"
    ],
    [
      "raw headers that are not a list are not read",
      // A server that has something else under this name: the types forbid it.
      request(url, ["Bearer abc"], { length: 2 } as unknown as ReadonlyArray<string>),
      "token abc"
    ],
    [
      "raw headers that are not strings are not read",
      request(url, ["Bearer abc"], [1, 2, "authorization", "Bearer abc"] as unknown as ReadonlyArray<string>),
      "token abc"
    ],
    ["a token in its query is refused", request(`${url}?access_token=abc`, ["Bearer abc"]), "token-in-query"]
  ]
  for (const [rule, request, expected] of rows) {
    it(`${rule}`, () => {
      assert.strictEqual(outcome(BearerToken.fromRequest(request)), expected)
    })
  }
})

describe("properties of reading a bearer token", () => {
  const text = Arbitrary.schema(Schema.String)
  const schemes = ["", "Bearer", "Bearer ", "bEaReR ", "Bearer  ", "Bearer\t", "Basic ", "Bearer abc", "Bearer abc,"]
  const header = Arbitrary.map(
    Arbitrary.all([Arbitrary.schema(Schema.Literals(schemes)), text]),
    ([scheme, rest]) => `${scheme}${rest}`
  )

  it.prop(
    "no header makes the reader throw, and the token is exactly the text after the scheme",
    [header, Arbitrary.array(header, { maxLength: 1 }), Arbitrary.map(text, (path) => `/${path}`)],
    ([authorization, others, url]) => {
      const read = BearerToken.read({ authorization: [authorization, ...others], url })
      if (Result.isFailure(read)) return
      const token = Redacted.value(read.success)
      assert.strictEqual(/^bearer +(.*)$/is.exec(authorization)?.[1], token)
      assert.match(token, /^[\x21-\x7e]{1,16384}$/)
      assert.lengthOf(others, 0)
    },
    { arbitrary: { runs: 2000 } }
  )

  it.prop(
    "a token that matches the grammar is read in full, and is redacted when printed",
    [Arbitrary.schema(Schema.String.check(Schema.isPattern(/^[A-Za-z0-9._~+/-]+=*$/)))],
    ([token]) => {
      const read = BearerToken.read({ authorization: [`Bearer ${token}`], url: "/mcp" })
      assert.strictEqual(outcome(read), `token ${token}`)
      assert.isTrue(Result.isSuccess(read) && String(read.success) === "<redacted:access token>")
    },
    { arbitrary: { runs: 1000 } }
  )
})

describe("a header of its own for tokens", () => {
  const rows: ReadonlyArray<
    readonly [
      rule: string,
      authorization: ReadonlyArray<string>,
      tokenHeaders: ReadonlyArray<string>,
      outcome: string,
      url?: string
    ]
  > = [
    ["holds a token without a scheme", [], ["mcp_1"], "token mcp_1"],
    ["is read beside an empty Authorization header", [""], ["mcp_1"], "token mcp_1"],
    ["is read beside the word Bearer alone", ["Bearer"], ["mcp_1"], "token mcp_1"],
    ["is read beside credentials of another scheme", ["Basic dXNlcjpwdw=="], ["mcp_1"], "token mcp_1"],
    ["that is empty is no credentials", [], [""], "MissingCredentials"],
    ["that is empty leaves the Authorization header", ["Bearer abc"], [""], "token abc"],
    ["beside a bearer token is refused", ["Bearer abc"], ["mcp_1"], "several-tokens"],
    ["beside the same bearer token is refused", ["Bearer mcp_1"], ["mcp_1"], "several-tokens"],
    ["beside another header of this kind is refused", [], ["mcp_1", "mcp_1"], "several-tokens"],
    ["beside an empty header of this kind is read", [], ["", "mcp_1"], "token mcp_1"],
    ["with two values joined by a comma is malformed", [], ["mcp_1, mcp_1"], "malformed-token-header"],
    ["with an empty value joined by a comma is malformed", [], ["mcp_1, "], "malformed-token-header"],
    ["with a scheme is malformed", [], ["Bearer mcp_1"], "malformed-token-header"],
    ["with a space is malformed", [], [" "], "malformed-token-header"],
    ["with a line feed is malformed", [], ["mcp_1\n"], "malformed-token-header"],
    ["that is too long is refused", [], ["a".repeat(longest + 1)], "too-long"],
    ["of 16 KiB is read", [], ["a".repeat(longest)], `token ${"a".repeat(longest)}`],
    ["beside a malformed Authorization header is refused", ["Bearer a b"], ["mcp_1"], "malformed"],
    ["beside two Authorization headers is refused", ["", ""], ["mcp_1"], "several-headers"],
    ["beside a token in the query is refused", [], ["mcp_1"], "token-in-query", "/mcp?access_token=abc"]
  ]
  for (const [rule, authorization, tokenHeaders, expected, url = "/mcp"] of rows) {
    it(`${rule}`, () => {
      assert.strictEqual(outcome(BearerToken.read({ authorization, tokenHeaders, url })), expected)
    })
  }
})
