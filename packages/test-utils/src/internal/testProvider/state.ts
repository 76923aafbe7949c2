import * as Issuer from "@effect-mcp-auth/core/Issuer"
import * as WellKnown from "@effect-mcp-auth/core/WellKnown"
import * as Effect from "effect/Effect"
import * as Record from "effect/Record"
import * as Ref from "effect/Ref"
import type * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import type { JWK } from "jose"
import type { Fault } from "../../Fault.ts"
import { type Answer, healthy, suffer } from "./answer.ts"
import { change, conforming } from "./document.ts"
import { introspectionOf } from "./introspection.ts"
import { type Generation, generations } from "./keys.ts"
import { loginsOf } from "./logins.ts"
import { mintFor } from "./mint.ts"
import type { Algorithm, Endpoint, Options, Request } from "./model.ts"
import { publicJwk } from "./tokens.ts"

interface Active {
  readonly endpoint: Endpoint
  readonly fault: Fault
  /** The number of requests that it still applies to. */
  readonly left: number
}

const served: ReadonlyArray<WellKnown.Form> = [
  "oauth-authorization-server",
  "openid-configuration-inserted",
  "openid-configuration"
]

/** The endpoints that are no metadata, and the members of the document with their URLs. */
const members = {
  introspection: "introspection_endpoint",
  authorization: "authorization_endpoint",
  token: "token_endpoint",
  registration: "registration_endpoint",
  revocation: "revocation_endpoint",
  jwks: "jwks_uri"
} as const
type Service = keyof typeof members

const services: ReadonlyArray<Service> = Struct.keys(members)

const isService = (endpoint: Endpoint): endpoint is Service => Object.hasOwn(members, endpoint)

const isMetadata = (endpoint: Endpoint | "unknown"): boolean => endpoint !== "unknown" && !isService(endpoint)

/** Whether `subject` includes `endpoint`: "metadata" includes all its forms. */
const concerns = (subject: Endpoint, endpoint: Endpoint | "unknown"): boolean =>
  subject === endpoint || (subject === "metadata" && isMetadata(endpoint))

/** The metadata URLs of an issuer. If two forms share a URL, the first one names it. */
const routesOf = (options: Options, issuer: Issuer.Issuer): ReadonlyMap<string, WellKnown.Form> =>
  new Map(
    (options.serves ?? served).toReversed().map((form) => [WellKnown.ofForm(issuer, form), form] as const)
  )

const faultsOf = Effect.fnUntraced(function*() {
  const active = yield* Ref.make<ReadonlyArray<Active>>([])
  return {
    fault: (endpoint: Endpoint, fault: Fault, options?: { readonly times?: number }) =>
      Ref.update(active, (faults) => [{ endpoint, fault, left: options?.times ?? Infinity }, ...faults]),
    heal: (endpoint?: Endpoint) =>
      Ref.update(active, (faults) => faults.filter((one) => endpoint !== undefined && one.endpoint !== endpoint)),
    /** The faults of one request. The newest is applied last, so that it takes precedence. */
    take: (endpoint: Endpoint | "unknown") =>
      Ref.modify(active, (faults) => [
        faults.filter((one) => concerns(one.endpoint, endpoint)).map(({ fault }) => fault).toReversed(),
        faults.flatMap((one) => {
          const left = concerns(one.endpoint, endpoint) ? one.left - 1 : one.left
          return left > 0 ? [{ ...one, left }] : []
        })
      ])
  }
})

/** The keys of a generation. Key material is reused; key IDs (`rs256-3`) are unique. */
const generationAt = (index: number): Generation =>
  Record.map(
    generations[index % 2 === 0 ? 0 : 1],
    (key, algorithm) => ({ ...key, kid: `${algorithm.toLowerCase()}-${index + 1}` })
  )

const keysOf = Effect.fnUntraced(function*() {
  const generation = yield* Ref.make(0)
  const first = Object.values(generationAt(0))
  const keys = yield* Ref.make<ReadonlyArray<Schema.JsonObject>>(first.map(publicJson))
  return {
    jwks: Effect.map(Ref.get(keys), (keys): Schema.JsonObject => ({ keys })),
    signingKey: Effect.fnUntraced(function*(algorithm: Algorithm) {
      const index = yield* Ref.get(generation)
      return { key: generationAt(index)[algorithm], other: generationAt(index + 1)[algorithm] }
    }),
    rotate: Effect.fnUntraced(function*(options?: { readonly dropOld?: boolean }) {
      const next = generationAt(yield* Ref.updateAndGet(generation, (last) => last + 1))
      const fresh = Object.values(next).map(publicJson)
      yield* Ref.update(keys, (old) => options?.dropOld === true ? fresh : [...fresh, ...old])
    }),
    addKey: (key: Schema.JsonObject) => Ref.update(keys, (old) => [...old, key]),
    removeKey: (kid: string) => Ref.update(keys, (old) => old.filter((key) => key["kid"] !== kid))
  }
})

/** The recorded traffic. */
const trafficOf = Effect.fnUntraced(function*() {
  const requests = yield* Ref.make<ReadonlyArray<Request>>([])
  const inFlight = yield* Ref.make(0)
  const bytesSent = yield* Ref.make(0)
  return {
    requests: Ref.get(requests),
    inFlight: Ref.get(inFlight),
    bytesSent: Ref.get(bytesSent),
    record: (request: Request) => Ref.update(requests, (all) => [...all, request]),
    opened: Ref.update(inFlight, (count) => count + 1),
    closed: Ref.update(inFlight, (count) => count - 1),
    sent: (bytes: number) => Ref.update(bytesSent, (total) => total + bytes)
  }
})

const publicJson = (key: JWK): Schema.JsonObject =>
  // A public JWK of these algorithms has string members only; the type allows more.
  ({ ...publicJwk(key) }) as Schema.JsonObject

const metadataFor = (
  options: Options,
  document: Schema.JsonObject,
  endpoint: Exclude<Endpoint, Service>
): Answer => {
  const changes = endpoint === "metadata" ? {} : options.metadataAt?.[endpoint] ?? {}
  return healthy(change(document, changes), options.headers ?? {})
}

/** What a provider publishes in place of a conforming document and its endpoints. */
export interface Published {
  readonly document: Schema.JsonObject
  readonly endpointOf: (url: URL) => Endpoint | "unknown"
  readonly answer: (
    request: Request,
    usual: Effect.Effect<Answer>,
    claimsOf: (token: string) => Schema.JsonObject | undefined
  ) => Effect.Effect<Answer>
}

/** The state and the operations of a provider, without the network. */
export const makeState = Effect.fnUntraced(function*(options: Options, published?: Published) {
  // An invalid issuer is a defect of the test itself.
  const issuer = yield* Effect.orDie(
    Issuer.make(options.issuer ?? "https://as.test", { allowInsecureLoopback: true })
  )
  const document = published?.document ?? change(conforming(issuer), options.metadata ?? {})
  const routes = routesOf(options, issuer)
  const serial = yield* Ref.make(0)
  const { fault, heal, take } = yield* faultsOf()
  const { jwks, ...keys } = yield* keysOf()
  const { claimsOf, introspect, issued, revoke } = yield* introspectionOf(options)
  const endpointOf = published?.endpointOf ?? ((url: URL): Endpoint | "unknown" => {
    const plain = `${url.origin}${url.pathname}`
    return routes.get(plain) ?? services.find((service) => plain === document[members[service]]) ?? "unknown"
  })
  const minting = { ...keys, issuer, issued, nextSerial: Ref.updateAndGet(serial, (last) => last + 1) }
  const logins = loginsOf({ issuer, document, options, mint: mintFor(minting), revoke })
  const answer = (request: Request): Effect.Effect<Answer> => {
    const { body, endpoint, method } = request
    if (endpoint === "unknown") return Effect.succeed({ ...healthy({}, {}), status: 404 })
    if (endpoint === "jwks") return Effect.map(jwks, (keys) => healthy(keys, {}))
    if (endpoint === "introspection") return introspect(method, body)
    if (isService(endpoint)) return logins.answer(endpoint, request)
    return Effect.succeed(metadataFor(options, document, endpoint))
  }
  return {
    // `nextSerial` numbers the tokens, so that each one is unique.
    ...minting,
    document,
    origin: new URL(issuer).origin,
    ...(yield* trafficOf()),
    concerns,
    fault,
    heal,
    endpointOf,
    authorize: logins.authorize,
    reused: logins.reused,
    endLogins: logins.endLogins,
    revoke: logins.revoke,
    answer: Effect.fnUntraced(function*(request: Request) {
      const faults = yield* take(request.endpoint)
      const usual = answer(request)
      const healthyAnswer = published === undefined ? usual : published.answer(request, usual, yield* claimsOf)
      return faults.reduce(suffer, yield* healthyAnswer)
    })
  }
})

/** Creates the state and the operations of a provider, without the network. */
export type State = Effect.Success<ReturnType<typeof makeState>>
