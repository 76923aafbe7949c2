import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type { Endpoint, Request } from "../../TestProvider.ts"
import { healthy } from "../testProvider/answer.ts"
import { client } from "../testProvider/network.ts"
import { makeState, type State } from "../testProvider/state.ts"
import type { Document, Provider } from "./model.ts"

/** A URL that does not follow from the issuer has no form, and counts as metadata in general. */
const endpointOf = ({ form }: Document): Endpoint => form === "other" ? "metadata" : form

/** A host that serves only these documents, at their URLs with their queries. */
const hostOf = (origin: string, documents: ReadonlyArray<Document>): Effect.Effect<State> =>
  Effect.map(makeState({ issuer: origin, serves: [] }), (state) => ({
    ...state,
    endpointOf: (url: URL) => {
      const document = documents.find((document) => document.url === url.href)
      return document === undefined ? "unknown" : endpointOf(document)
    },
    answer: (request: Request) => {
      const document = documents.find((document) => endpointOf(document) === request.endpoint)
      return document === undefined ? state.answer(request) : Effect.succeed(healthy(document.json, {}))
    }
  }))

/** A network with only the hosts of a provider, including that of its issuer. */
export const recordedClient = ({ documents, issuer }: Provider): Effect.Effect<HttpClient.HttpClient> => {
  const origins = new Set([issuer, ...documents.map(({ url }) => url)].map((url) => new URL(url).origin))
  return Effect.map(
    Effect.forEach(origins, (origin) => hostOf(origin, documents.filter(({ url }) => new URL(url).origin === origin))),
    client
  )
}
