/**
 * Why does a client not connect? The doctor asks an MCP server and its authorization servers what clients ask them, judges the
 * answers by rules, and predicts which clients fail, at which step, and who must act.
 *
 * It makes a bounded number of requests, which the report lists. It sends a token to the MCP URL and nowhere else, registers a
 * client only if `register` is set, and never starts a login. Which addresses it reaches is a matter of the `HttpClient`:
 * `NodeMcpAuth.layerWith` refuses private ones.
 *
 * **Example** (In the tests of a program)
 *
 * ```ts
 * import * as Doctor from "@effect-mcp-auth/core/doctor/Doctor"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.flatMap(
 *   Doctor.examine("https://api.example.com/mcp"),
 *   ({ findings, verdict }) => verdict === "healthy" ? Effect.void : Effect.fail(findings)
 * )
 * ```
 *
 * @since 0.2.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { AllowInsecureLoopback } from "../metadata/InsecureLoopback.ts"
import * as ResourceIdentifier from "../metadata/ResourceIdentifier.ts"
import { type McpAuth, serviceWithInternals } from "../server/internal/service.ts"
import { type Client, clients as knownClients } from "./Clients.ts"
import type { Evidence, Exchange, Provider } from "./Evidence.ts"
import { gatherProvider, type ProviderOptions } from "./internal/gatherProvider.ts"
import { firstContact, gatherServer, gatherToken, type ServerOptions } from "./internal/gatherResource.ts"
import { inProcessClient } from "./internal/inProcess.ts"
import { judge as judgeEvidence } from "./internal/judge.ts"
import { listOf, statusOf } from "./internal/model.ts"
import { makeProbe, type Probe } from "./internal/probe.ts"
import type { Report } from "./Report.ts"
import * as Rule from "./Rule.ts"

/**
 * Options for an examination.
 *
 * @category models
 * @since 0.2.0
 */
export interface Options {
  /** Whether the URL is an MCP server or an issuer. Default: found out by its first answer. */
  readonly kind?: Evidence["kind"] | undefined
  /** An access token for the server. It is sent to the MCP URL only. */
  readonly token?: Redacted.Redacted | undefined
  /** A client ID, for an authorization request that cannot succeed. */
  readonly clientId?: string | undefined
  /** Register one client at the first provider. It is not deleted. Default: `false`. */
  readonly register?: boolean | undefined
  /** The origin of your web client. Default: an origin that does not exist. */
  readonly origin?: string | undefined
  /** The rules. Default: `Rule.rules`. */
  readonly rules?: ReadonlyArray<Rule.Rule> | undefined
  /** The clients of the matrix. Default: `Clients.clients`. */
  readonly clients?: ReadonlyArray<Client> | undefined
  /** The maximum number of requests. Default: 60. */
  readonly maxRequests?: number | undefined
  /** The time for each request. Default: 12 seconds, because clients give up after ten. */
  readonly requestTimeout?: Duration.Input | undefined
  /** The time for the examination. Default: 90 seconds. */
  readonly timeout?: Duration.Input | undefined
  /** The maximum size of a body that is read, in bytes. Default: 512 KiB. */
  readonly maxBodySize?: number | undefined
  /** Allow http and loopback hosts. Default: as `AllowInsecureLoopback`. */
  readonly allowInsecureLoopback?: boolean | undefined
}

/** More providers are not asked: clients use the first one, or try a few. */
const maxProviders = 3

/** The origin of a web page that does not exist (RFC 6761, section 6.4). */
const defaultOrigin = "https://page.invalid"

const limitsOf = ({ maxBodySize, maxRequests, requestTimeout, timeout }: Options) => ({
  requests: maxRequests ?? 60,
  requestTime: Duration.fromInputUnsafe(requestTimeout ?? "12 seconds"),
  totalTime: Duration.fromInputUnsafe(timeout ?? "90 seconds"),
  bodyBytes: maxBodySize ?? 512 * 1024
})

const providerOptions = ({ clientId, origin, register }: Options, resource: string | undefined): ProviderOptions => ({
  origin: origin ?? defaultOrigin,
  resource,
  clientId,
  register: register === true
})

/** Whether a provider has exactly this issuer, a final slash apart. */
const isIssuer = ({ named, used }: Provider): boolean => {
  const issuer = used?.document["issuer"]
  return typeof issuer === "string" && issuer.replace(/\/$/, "") === named.replace(/\/$/, "")
}

const evidenceOfIssuer = (target: string, probe: Probe, provider: Provider): Evidence => ({
  target,
  kind: "issuer",
  exchanges: [...probe.exchanges()],
  server: undefined,
  providers: [provider]
})

/** The providers of a server: those that its metadata names, or that at its origin, as legacy clients assume. */
const issuersOf = (
  { originProvider, used }: NonNullable<Evidence["server"]>,
  target: string
): ReadonlyArray<string> => {
  if (used !== undefined) return (listOf(used.document["authorization_servers"]) ?? []).slice(0, maxProviders)
  return originProvider?.document === undefined ? [] : [new URL(target).origin]
}

const gatherResource = Effect.fnUntraced(function*(
  probe: Probe,
  first: Exchange,
  serverOptions: ServerOptions,
  options: Options
): Effect.fn.Return<Evidence, never, HttpClient.HttpClient> {
  const { target } = serverOptions
  const server = yield* gatherServer(probe, first, serverOptions)
  const providers = yield* Effect.forEach(
    issuersOf(server, target),
    (named, index) =>
      gatherProvider(
        probe,
        named,
        providerOptions({ ...options, register: options.register === true && index === 0 }, target)
      )
  )
  const token = options.token === undefined
    ? undefined
    : yield* gatherToken(probe, options.token, serverOptions, providers)
  return { target, kind: "resource", exchanges: [...probe.exchanges()], server: { ...server, token }, providers }
})

/**
 * Asks a server as clients do, and returns what was seen. Fails only if the URL cannot be that of a server.
 *
 * @category examining
 * @since 0.2.0
 */
export const gather = Effect.fn("Doctor.gather")(function*(
  target: string,
  options: Options = {}
): Effect.fn.Return<Evidence, ResourceIdentifier.InvalidResourceIdentifier, HttpClient.HttpClient> {
  const allowInsecureLoopback = options.allowInsecureLoopback ?? (yield* AllowInsecureLoopback)
  const resource = yield* ResourceIdentifier.make(target, { allowInsecureLoopback })
  const probe = yield* makeProbe(limitsOf(options), allowInsecureLoopback)
  const asIssuer = Effect.suspend(() => gatherProvider(probe, target, providerOptions(options, undefined)))
  if (options.kind === "issuer") return evidenceOfIssuer(target, probe, yield* asIssuer)
  const first = yield* firstContact(probe, target)
  const status = statusOf(first)
  if (
    options.kind === undefined && status !== 401 && status !== 200 &&
    (status !== undefined || first.result._tag === "Answer")
  ) {
    const provider = yield* asIssuer
    if (isIssuer(provider)) return evidenceOfIssuer(target, probe, provider)
  }
  if (status === undefined) {
    return { target, kind: "resource", exchanges: [...probe.exchanges()], server: undefined, providers: [] }
  }
  return yield* gatherResource(probe, first, { resource, target, origin: options.origin ?? defaultOrigin }, options)
})

/**
 * Judges evidence by rules, and predicts what clients do. Pure: no service, no failure.
 *
 * @category examining
 * @since 0.2.0
 */
export const judge = (evidence: Evidence, options: Pick<Options, "clients" | "rules" | "token"> = {}): Report =>
  judgeEvidence(
    evidence,
    options.rules ?? Rule.rules,
    options.clients ?? knownClients,
    options.token === undefined ? [] : [Redacted.value(options.token)]
  )

/**
 * Examines an MCP server, or an authorization server by its issuer.
 *
 * **Details**
 *
 * A server that cannot be reached is a report with the verdict `unreachable`, not an error. The effect fails only if the URL
 * cannot be that of a server.
 *
 * @category examining
 * @since 0.2.0
 */
export const examine = (
  target: string,
  options: Options = {}
): Effect.Effect<Report, ResourceIdentifier.InvalidResourceIdentifier, HttpClient.HttpClient> =>
  Effect.map(gather(target, options), (evidence) => judge(evidence, options))

/**
 * Options for the check at start.
 *
 * @category models
 * @since 0.2.0
 */
export interface SelfCheckOptions extends Pick<Options, "clients" | "origin" | "rules"> {
  /** Whether the check runs. Default: `true`. */
  readonly enabled?: boolean | undefined
}

/**
 * The rules of the check at start: all of `Rule.rules` except those about web pages at the provider, which most servers do
 * not need.
 *
 * @category rules
 * @since 0.2.0
 */
export const selfCheckRules: ReadonlyArray<Rule.Rule> = Rule.without(Rule.rules, ["D27", "D28"])

/** A server that is still starting answers 503. */
const awaitStart = (client: HttpClient.HttpClient, resource: string): Effect.Effect<void> =>
  client.get(resource).pipe(
    Effect.map(({ status }) => status),
    Effect.orElseSucceed(() => 503),
    Effect.repeat({ schedule: Schedule.spaced("250 millis"), times: 120, until: (status) => status !== 503 }),
    Effect.asVoid
  )

const selfCheck = Effect.fnUntraced(function*(options: SelfCheckOptions) {
  const service = yield* serviceWithInternals
  const { allowedOrigins: [origin], resource } = service
  const client = inProcessClient(
    yield* HttpRouter.HttpRouter,
    yield* HttpClient.HttpClient,
    service,
    yield* Effect.context<never>()
  )
  yield* awaitStart(client, resource)
  const rules = options.rules ?? selfCheckRules
  const { findings } = yield* examine(resource, { kind: "resource", origin, ...options, rules }).pipe(
    Effect.provideService(HttpClient.HttpClient, client)
  )
  yield* Effect.forEach(
    findings.filter(({ isHint, severity }) => severity !== "note" && !isHint),
    ({ actor, clients, fix, id, seen, title }) =>
      Effect.logWarning(`${id}: ${title}: ${seen}. To do for the ${actor}: ${fix.words}`).pipe(
        Effect.annotateLogs({ rule: id, actor, clients: clients.length })
      ),
    { discard: true }
  )
})

/**
 * Examines the server of this program when it starts, within the process, together with its authorization servers. It logs a
 * warning for each error and warning of the report, with the ID of the rule.
 *
 * **Details**
 *
 * It runs in the background. It neither delays nor fails the server, and ends with it. The routes answer within the process, so
 * that the public address need not be reachable yet. Requests to authorization servers use the `HttpClient`.
 *
 * **Example** (A server that examines itself)
 *
 * ```ts import.meta.vitest
 * import * as Doctor from "@effect-mcp-auth/core/doctor/Doctor"
 * import * as McpAuth from "@effect-mcp-auth/core/McpAuth"
 * import * as Layer from "effect/Layer"
 *
 * declare const Mcp: Layer.Layer<never>
 * const app = () => Layer.merge(Mcp.pipe(McpAuth.protect()), Doctor.layerSelfCheck({ enabled: true }))
 *
 * typeof app // => "function"
 * ```
 *
 * @category layers
 * @since 0.2.0
 */
export const layerSelfCheck = (
  options: SelfCheckOptions = {}
): Layer.Layer<never, never, McpAuth | HttpRouter.HttpRouter | HttpClient.HttpClient> =>
  options.enabled === false ? Layer.empty : Layer.effectDiscard(
    Effect.forkScoped(
      Effect.catchCause(
        selfCheck(options),
        (cause) => Effect.logDebug("The check of the server could not be completed", cause)
      )
    )
  )
