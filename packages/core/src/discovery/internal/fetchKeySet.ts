import type * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import type * as HttpClient from "effect/http/HttpClient"
import type { MetadataFetchError } from "../MetadataFetchError.ts"
import { fetchDocument, type Loaded } from "./fetchDocument.ts"
import { placeOf } from "./hardened.ts"
import { patiently } from "./persistently.ts"
import { keySetOf } from "./responseBody.ts"

/** Asks for a key set, under the limits and with the patience of discovery. */
export const fetchKeySet = (
  url: string,
  allowInsecureLoopback: boolean
): Effect.Effect<Loaded, MetadataFetchError, HttpClient.HttpClient> =>
  patiently(
    placeOf(url),
    (limits) =>
      fetchDocument(url, { limits, mapRequest: identity, allowInsecureLoopback, shape: keySetOf, asked: "keys" })
  )
