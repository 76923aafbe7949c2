import * as McpSchema from "effect/ai/McpSchema"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Access, unnamedOperation } from "../../policy/internal/access.ts"
import { type AuthError, InsufficientScope } from "../../token/TokenError.ts"
import * as Challenge from "../Challenge.ts"
import type { McpAuth, ServiceWithInternals } from "./service.ts"
import { stoppable } from "./stoppable.ts"
import { recordRefusal } from "./telemetry.ts"

/** The refusals of the messages in one HTTP request. */
export interface Refusals {
  readonly access: Access["Service"]
  /** The error for all refusals together, if there are any. */
  readonly error: () => AuthError | undefined
  /** Gives a response the status and headers of a refusal, if its body has only refusals. */
  readonly apply: (response: HttpServerResponse.HttpServerResponse) => HttpServerResponse.HttpServerResponse
}

const RefusalMessage = Schema.Struct({ error: Schema.Struct({ code: Schema.Literal(Challenge.errorCode) }) })

const decodeMessages = Schema.decodeOption(
  Schema.fromJsonString(Schema.Union([RefusalMessage, Schema.NonEmptyArray(RefusalMessage)]))
)

/**
 * Whether a body has all refusals and nothing else. The body is the only place that shows this: a batch has other responses, and
 * a handler can ignore the refusal of a call within the process. Streams have started, so they are left unchanged.
 */
const holdsOnlyRefusals = ({ body }: HttpServerResponse.HttpServerResponse, count: number): boolean =>
  body._tag === "Uint8Array" &&
  Option.exists(
    decodeMessages(new TextDecoder().decode(body.body)),
    (messages) => (Array.isArray(messages) ? messages.length : 1) === count
  )

/** The precedence of errors in the response. Unless the server has closed, a client that must log in is told so first. */
const precedence: ReadonlyArray<AuthError["_tag"]> = [
  "ServerUnavailable",
  "MissingCredentials",
  "VerificationUnavailable",
  "InsufficientScope",
  "AccessDenied"
]

/** One error for all refusals. Its challenge has the scopes that all messages need. */
const combinedError = (errors: Arr.NonEmptyReadonlyArray<AuthError>): AuthError => {
  const lacking = errors.filter((error) => error._tag === "InsufficientScope")
  const [first = errors[0]] = errors.toSorted((a, b) => precedence.indexOf(a._tag) - precedence.indexOf(b._tag))
  if (first._tag !== "InsufficientScope") return first
  return new InsufficientScope({
    required: Arr.dedupe(lacking.flatMap(({ required }) => required)),
    granted: first.granted
  })
}

/** Collects the refusals of a request. */
export const makeRefusals = (
  { policySettings, rejection }: Pick<ServiceWithInternals, "policySettings"> & {
    readonly rejection: (error: AuthError) => Challenge.Rejection
  },
  visibility: Access["Service"]["visibility"] = policySettings.visibility
): Refusals => {
  const errors: Array<AuthError> = []
  let first: Challenge.Rejection | undefined
  return {
    access: Access.of({
      hierarchy: policySettings.hierarchy,
      visibility,
      enforcedGuards: [],
      conceal: recordRefusal,
      refuse: (error, trace) =>
        Effect.map(recordRefusal(error, trace), () => {
          errors.push(error)
          const rejected = rejection(error)
          first ??= rejected
          return new McpSchema.McpErrorBase({ ...Challenge.jsonRpcError(rejected) })
        })
    }),
    error: () => Arr.isReadonlyArrayNonEmpty(errors) ? combinedError(errors) : undefined,
    apply: (response) => {
      if (!Arr.isReadonlyArrayNonEmpty(errors) || !holdsOnlyRefusals(response, errors.length)) return response
      // The challenge for several refusals has the scopes of all.
      const { headers, status } = errors.length === 1 && first !== undefined ? first : rejection(combinedError(errors))
      return HttpServerResponse.setHeaders(HttpServerResponse.setStatus(response, status), headers)
    }
  }
}

/** Refuses a request for a reason other than its token. */
export const refuseRequest = (
  error: AuthError,
  request: HttpServerRequest.HttpServerRequest,
  { refuse }: Pick<McpAuth["Service"], "refuse">
) => Effect.as(recordRefusal(error, undefined), refuse(error, request))

/** Lets the handler of a plain route refuse a request (`Policy.require`), and responds with the challenge. */
export const refusableRoute = <E, R>(
  respond: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
  { refuse }: Pick<McpAuth["Service"], "refuse">,
  request: HttpServerRequest.HttpServerRequest
) =>
  stoppable(
    respond,
    { operation: unnamedOperation, isExact: true },
    ({ error, trace }) => Effect.as(recordRefusal(error, trace), refuse(error, request))
  )
