import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import type { HttpClientError } from "effect/http/HttpClientError"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { BodyTooLarge, NotMetadata } from "../MetadataFetchError.ts"

/** A metadata document nests four levels at most. Deeper JSON could exhaust the stack of a recursive reader. */
const maxDepth = 64

const isDeep = (json: string): boolean => {
  let depth = 0
  let quoted = false
  for (let index = 0; index < json.length; index++) {
    const character = json[index]
    if (quoted) {
      if (character === "\\") index++
      else if (character === "\"") quoted = false
    } else if (character === "\"") quoted = true
    else if (character === "{" || character === "[") {
      depth++
      if (depth > maxDepth) return true
    } else if (character === "}" || character === "]") depth--
  }
  return false
}

/** Reads the body up to the limit. A `Content-Length` above the limit fails at once; a smaller one is not trusted. */
export const readBytes = Effect.fnUntraced(function*(response: HttpClientResponse.HttpClientResponse, limit: number) {
  const tooLarge = new BodyTooLarge({ limit })
  const announced = Option.map(Headers.get(response.headers, "content-length"), Number)
  if (Option.isSome(announced) && announced.value > limit) return yield* tooLarge
  const chunks: Array<Uint8Array> = []
  let total = 0
  yield* Stream.runForEach(response.stream, (chunk) => {
    total += chunk.length
    if (total > limit) return Effect.fail(tooLarge)
    chunks.push(chunk)
    return Effect.void
  })
  const bytes = new Uint8Array(total)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.length
  }
  return bytes
})

const decodeJson = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Unknown))

const isObject = Schema.is(Schema.JsonObject)

/** Classifies a JSON value by its shape. */
export type Shape = (value: unknown) => Result.Result<Schema.JsonObject, NotMetadata["reason"]>

const shape = (isIt: (value: Schema.JsonObject) => boolean, otherwise: NotMetadata["reason"]): Shape => (value) => {
  if (value === undefined) return Result.fail("empty")
  if (!isObject(value)) return Result.fail("not-an-object")
  return isIt(value) ? Result.succeed(value) : Result.fail(otherwise)
}

/** A metadata document: a JSON object that names an issuer. */
export const documentOf: Shape = shape((value) => typeof value["issuer"] === "string", "no-issuer")

/** The metadata of a protected resource (RFC 9728, section 2): a JSON object that names its resource. */
export const resourceOf: Shape = shape((value) => typeof value["resource"] === "string", "no-resource")

const hasKeys = (value: unknown): value is { readonly keys: ReadonlyArray<unknown> } =>
  Predicate.hasProperty(value, "keys") && Array.isArray(value.keys)

/**
 * A key set (RFC 7517, section 5): a JSON object with keys. Each key is decoded separately: a number that JavaScript
 * cannot represent (1e400) in one key does not affect the others.
 */
export const keySetOf: Shape = (value) =>
  hasKeys(value) ? Result.succeed({ keys: value.keys.filter(isObject) }) : shape(() => false, "no-keys")(value)

/** Parses the bytes of a JSON text. */
export const parseJson = (bytes: Uint8Array): Result.Result<unknown, NotMetadata["reason"]> => {
  // RFC 8259, section 8.1: UTF-8. A byte order mark is ignored. Other encodings are not JSON.
  const text = Result.try(() => new TextDecoder("utf-8", { fatal: true }).decode(bytes).trim())
  if (Result.isFailure(text)) return Result.fail("malformed-json")
  if (text.success === "") return Result.fail("empty")
  if (text.success.startsWith("<")) return Result.fail("html")
  if (isDeep(text.success)) return Result.fail("malformed-json")
  return Result.mapError(decodeJson(text.success), () => "malformed-json" as const)
}

/** The first bytes of a gzip member (RFC 1952, section 2.3.1) and of a Zstandard frame (RFC 8878, section 3.1.1). */
const signatures: ReadonlyArray<ReadonlyArray<number>> = [[0x1f, 0x8b], [0x28, 0xb5, 0x2f, 0xfd]]

const looksCompressed = (bytes: Uint8Array): boolean =>
  signatures.some((signature) => signature.every((byte, index) => bytes[index] === byte))

/** A transport error for a missing body means an empty body, not a broken connection. */
const emptyBody = (error: HttpClientError): Effect.Effect<Uint8Array, HttpClientError> =>
  error.reason._tag === "EmptyBodyError" ? Effect.succeed(new Uint8Array()) : Effect.fail(error)

/** Reads the JSON object of a response, up to the size limit. */
export const readDocument = Effect.fnUntraced(function*(
  response: HttpClientResponse.HttpClientResponse,
  limit: number,
  shape: Shape
) {
  const bytes = yield* readBytes(response, limit).pipe(Effect.catchTag("HttpClientError", emptyBody))
  const contentType = Option.getOrUndefined(Headers.get(response.headers, "content-type"))
  const isCompressed = Option.exists(
    Headers.get(response.headers, "content-encoding"),
    (coding) => coding.trim().toLowerCase() !== "identity"
  )
  return yield* Effect.fromResult(Result.mapError(
    Result.mapError(
      Result.flatMap(parseJson(bytes), shape),
      // Some clients decompress by themselves, so a body with this header can be readable.
      (reason) =>
        (isCompressed && reason === "malformed-json") || looksCompressed(bytes) ? "compressed" as const : reason
    ),
    (reason) => new NotMetadata(contentType === undefined ? { reason } : { reason, contentType })
  ))
})

const isJsonObject = Schema.is(Schema.JsonObject)

/** Whether a value that was decoded from JSON is a JSON object. Its members need no check. */
export const isDecodedObject = (value: unknown): value is Schema.JsonObject => Predicate.isObject(value)

/** Any JSON object: an OAuth response. */
export const objectOf: Shape = (value) => isDecodedObject(value) ? Result.succeed(value) : Result.fail("not-an-object")

/** The own member of a JSON object. Other values have no members, and every object inherits some, such as `constructor`. */
export const memberOf = (value: unknown, name: string): Schema.Json | undefined =>
  isDecodedObject(value) && Object.hasOwn(value, name) ? value[name] : undefined

/** Dates, maps and promises are objects too. A promise would otherwise look like an empty document. */
const isPlain = (value: unknown): value is object => Object.prototype.toString.call(value) === "[object Object]"

/** A value without the members that are `undefined`, which object spreads leave behind and JSON omits. */
const carried = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(carried)
  if (!isPlain(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => member === undefined ? [] : [[name, carried(member)]])
  )
}

/** The JSON object that custom code returned, or `undefined` if it returned anything else. */
export const jsonObjectOf = (value: unknown): Schema.JsonObject | undefined => {
  const json = isPlain(value) ? carried(value) : undefined
  return isJsonObject(json) ? json : undefined
}
