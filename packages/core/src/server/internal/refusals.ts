import * as McpSchema from "effect/ai/McpSchema"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Access } from "../../policy/internal/access.ts"
import { unnamed } from "../../policy/internal/require.ts"
import { type AuthError, InsufficientScope } from "../../token/TokenError.ts"
import { errorCode, jsonRpcError } from "../Challenge.ts"
import { stoppable } from "./enforcement.ts"
import type { McpAuth } from "./service.ts"
import { refused } from "./telemetry.ts"

/** The refusals of the parts of one request. */
export interface Refusals {
  readonly access: Access["Service"]
  /** The answer to the whole request: if nothing but refusals is in it, it is one. */
  readonly answer: (response: HttpServerResponse.HttpServerResponse) => HttpServerResponse.HttpServerResponse
}

const Refused = Schema.Struct({ error: Schema.Struct({ code: Schema.Literal(errorCode) }) })

const decodeMessages = Schema.decodeOption(
  Schema.fromJsonString(Schema.Union([Refused, Schema.NonEmptyArray(Refused)]))
)

/** Whether a body holds refusals, as many as there were, and nothing else. What streams already is not looked at. */
const holdsOnlyRefusals = ({ body }: HttpServerResponse.HttpServerResponse, count: number): boolean =>
  body._tag === "Uint8Array" &&
  Option.exists(
    decodeMessages(new TextDecoder().decode(body.body)),
    (messages) => (Array.isArray(messages) ? messages.length : 1) === count
  )

/** The order in which errors speak for a request: who has to log in hears that first. */
const order: ReadonlyArray<AuthError["_tag"]> = [
  "ServerUnavailable",
  "MissingCredentials",
  "VerificationUnavailable",
  "InsufficientScope",
  "AccessDenied"
]

/** The error that speaks for all: what all parts need goes into one challenge. */
const spokesman = (errors: Arr.NonEmptyReadonlyArray<AuthError>): AuthError => {
  const lacking = errors.filter((error) => error._tag === "InsufficientScope")
  const [first = errors[0]] = errors.toSorted((a, b) => order.indexOf(a._tag) - order.indexOf(b._tag))
  if (first._tag !== "InsufficientScope") return first
  return new InsufficientScope({
    required: Arr.dedupe(lacking.flatMap(({ required }) => required)),
    granted: first.granted
  })
}

/** Collects what is refused while a request is answered. */
export const makeRefusals = (
  { answer, terms }: Pick<McpAuth["Service"], "answer" | "terms">,
  visibility: Access["Service"]["visibility"] = terms.visibility
): Refusals => {
  const errors: Array<AuthError> = []
  return {
    access: Access.of({
      hierarchy: terms.hierarchy,
      visibility,
      conceal: refused,
      refuse: (error, trace) =>
        Effect.map(refused(error, trace), () => {
          errors.push(error)
          return new McpSchema.McpErrorBase({ ...jsonRpcError(answer(error)) })
        })
    }),
    answer: (response) => {
      if (!Arr.isReadonlyArrayNonEmpty(errors) || !holdsOnlyRefusals(response, errors.length)) return response
      const { headers, status } = answer(spokesman(errors))
      return HttpServerResponse.setHeaders(HttpServerResponse.setStatus(response, status), headers)
    }
  }
}

/** Lets the handler of a plain route refuse what it does (`Policy.require`), and answers with the challenge. */
export const refusableRoute = <E, R>(
  respond: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
  { refuse }: Pick<McpAuth["Service"], "refuse">,
  request: HttpServerRequest.HttpServerRequest
) => stoppable(respond, unnamed, ({ error, trace }) => Effect.as(refused(error, trace), refuse(error, request)))
