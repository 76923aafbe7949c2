/**
 * Inputs that were once somebody's undoing here, found by fuzzing. Whatever is found is added as a row, with what happened.
 */

interface Found<A> {
  /** What happened. */
  readonly rule: string
  readonly input: A
}

/** Other keys in a set that has the good one. */
export const keySets: ReadonlyArray<Found<ReadonlyArray<string>>> = [
  { rule: "a number beyond all numbers beside the keys took the whole set for no object", input: ["-1e400"] },
  {
    rule: "the same within a key that nobody can use",
    input: ["{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\",\"x\":1e400}"]
  }
]

/** What a provider says of a token. */
export const introspections: ReadonlyArray<Found<string>> = [
  {
    rule: "a number beyond all numbers in an answer killed whoever shares answers",
    input:
      "{\"iss\":\"https://as.test\",\"aud\":\"https://api.test/mcp\",\"exp\":1800003600,\"active\":true,\"x\":1e400}"
  },
  {
    rule: "the same as the end of a token",
    input: "{\"iss\":\"https://as.test\",\"aud\":\"https://api.test/mcp\",\"exp\":1e400,\"active\":true}"
  }
]
