/** Inputs that once caused a failure here, found by fuzzing. Each new one is added as a row, with its effect. */

interface Found<A> {
  /** The effect. */
  readonly rule: string
  readonly input: A
}

/** Other keys in a set with the valid key. */
export const keySets: ReadonlyArray<Found<ReadonlyArray<string>>> = [
  { rule: "a number beyond the range of numbers beside the keys made the whole set no object", input: ["-1e400"] },
  {
    rule: "the same within a key that cannot be used",
    input: ["{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\",\"x\":1e400}"]
  }
]

/** An introspection response. */
export const introspections: ReadonlyArray<Found<string>> = [
  {
    rule: "a number beyond the range of numbers in a response killed all callers that shared it",
    input:
      "{\"iss\":\"https://as.test\",\"aud\":\"https://api.test/mcp\",\"exp\":1800003600,\"active\":true,\"x\":1e400}"
  },
  {
    rule: "the same as the expiry of the token",
    input: "{\"iss\":\"https://as.test\",\"aud\":\"https://api.test/mcp\",\"exp\":1e400,\"active\":true}"
  }
]
