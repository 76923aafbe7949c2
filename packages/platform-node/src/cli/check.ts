import * as AuthorizationServer from "@effect-mcp-auth/core/AuthorizationServer"
import * as Metadata from "@effect-mcp-auth/core/AuthorizationServerMetadata"
import * as Discovery from "@effect-mcp-auth/core/Discovery"
import type { InvalidIssuer } from "@effect-mcp-auth/core/Issuer"
import { acceptAnyUnsafe, IssuerMismatch } from "@effect-mcp-auth/core/IssuerPolicy"
import * as JwkSet from "@effect-mcp-auth/core/JwkSet"
import { isTransient, MetadataFetchError } from "@effect-mcp-auth/core/MetadataFetchError"
import * as Preset from "@effect-mcp-auth/core/presets/Preset"
import * as Presets from "@effect-mcp-auth/core/presets/Presets"
import * as Repairs from "@effect-mcp-auth/core/Repairs"
import type { ServerConfig } from "@effect-mcp-auth/core/ServerConfig"
import * as Transpiler from "@effect-mcp-auth/core/Transpiler"
import * as Validation from "@effect-mcp-auth/core/Validation"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Option from "effect/Option"
import * as References from "effect/References"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { CheckReport } from "../CheckReport.ts"
import { hintOf } from "./hint.ts"

/** The input of a check. */
export interface Input {
  readonly issuer: string
  /** The preset that determines the strategy, by its name. */
  readonly preset?: string | undefined
  /** How the preset verifies tokens. Without a preset, they are verified by the keys that the document names, if any. */
  readonly verification?: Preset.Verification["method"] | undefined
  readonly strategy: Discovery.Strategy
  readonly revision: Validation.Revision
  readonly allowInsecureLoopback: boolean
}

/** Where metadata is searched, and the repairs of the document. */
export interface StrategyInput {
  readonly issuer: string
  readonly type: "auto" | "oauth" | "oidc"
  readonly url: Option.Option<string>
  readonly transpileData: Transpiler.Transpiler
  readonly allowInsecureLoopback: boolean
}

/** The strategy of a check without a preset. */
export const strategyOf = (input: StrategyInput): Discovery.Strategy => {
  const { allowInsecureLoopback, issuer, transpileData, type, url } = input
  return Option.match(url, {
    onNone: () => Discovery.strategyOf({ type, transpileData }),
    onSome: (url) =>
      Discovery.transpile(
        Discovery.wellKnownUrl(url, issuer, { allowInsecureLoopback, type: type === "auto" ? undefined : type }),
        transpileData
      )
  })
}

/** The repairs with these names. */
export const repairsOf = (names: ReadonlyArray<string>): Transpiler.Transpiler =>
  Transpiler.all(...names.flatMap((name) => Repairs.byName.get(name) ?? []))

const attemptOf = ({ error, kind, location, outcome }: Discovery.Search["attempts"][number]) => ({
  kind,
  location,
  outcome,
  ...(error === undefined ? {} : { error: { tag: error._tag, message: error.message } })
})

const foundOf = (config: ServerConfig, report: Validation.Report): NonNullable<CheckReport["found"]> => ({
  type: config.type,
  issuer: config.issuer,
  locations: config.locations,
  repairs: config.repairs.map(({ name, patch, reason }) => ({ name, reason, patch: patch.map((one) => ({ ...one })) })),
  oddities: config.oddities,
  report
})

type Keys = NonNullable<NonNullable<CheckReport["found"]>["keys"]>

/** The judgement about the keys, and whether the key set may be available later. */
interface JudgedKeys {
  readonly keys?: Keys
  readonly verdict: CheckReport["verdict"]
}

const isTemporary = (error: unknown): boolean => error instanceof MetadataFetchError && isTransient(error)

/** Reads the key set as a server does, and judges each of its keys. */
const keysOf = Effect.fnUntraced(function*(
  { allowInsecureLoopback, issuer, verification }: Input,
  { locations: [location], metadata, type }: ServerConfig
): Effect.fn.Return<
  JudgedKeys,
  Effect.Error<ReturnType<typeof AuthorizationServer.make>>,
  HttpClient.HttpClient | Scope.Scope
> {
  const isNeeded = metadata.jwksUri !== undefined || verification === "jwt"
  if (!isNeeded || verification === "introspection" || verification === "custom") return { verdict: "valid" }
  // The issuer of a document can be a template, which is not the issuer of a server.
  const server = yield* AuthorizationServer.make({ type, metadata: { ...metadata, issuer } }, { allowInsecureLoopback })
  const set = yield* JwkSet.make(server)
  const fetched = yield* Effect.result(set.find({ kid: undefined, algorithm: "RS256" }))
  const { passedOver, usable } = yield* set.inspect
  const failure = Result.isFailure(fetched) ? fetched.failure : undefined
  const error = failure?.message ?? (usable.length === 0 ? "none of its keys can be imported" : undefined)
  return {
    verdict: isTemporary(failure) ? "unavailable" : error === undefined ? "valid" : "invalid",
    keys: {
      url: metadata.jwksUri ?? location,
      ...(error === undefined ? {} : { error }),
      usable: usable.map(({ algorithms, issuer, kid = null }) => ({
        kid,
        algorithms,
        ...(issuer === undefined ? {} : { issuer })
      })),
      passedOver: passedOver.map(({ kid = null, reason }) => ({ kid, reason }))
    }
  }
})

/** A document that exists but is not usable is `invalid`, not `unavailable`. */
const isWrong = ({ error, outcome }: Discovery.Search["attempts"][number]): boolean =>
  outcome === "Incomplete" || error instanceof IssuerMismatch

const encode = Schema.encodeEffect(Metadata.AuthorizationServerMetadata)

/**
 * The products that the document suggests. If its issuer was refused, it is requested once more with any issuer, only to
 * name the product: some products publish another issuer, and their presets know it.
 */
const suggestionsOf = Effect.fnUntraced(function*(
  { allowInsecureLoopback, issuer, strategy }: Input,
  { attempts, config }: Discovery.Search
): Effect.fn.Return<ReadonlyArray<Preset.Suggestion>, InvalidIssuer, HttpClient.HttpClient> {
  const isRefused = Option.isNone(config) && attempts.some(({ error }) => error instanceof IssuerMismatch)
  const found = isRefused
    ? (yield* Discovery.search(Discovery.withIssuerPolicy(strategy, acceptAnyUnsafe), issuer, {
      allowInsecureLoopback
    }))
      .config
    : config
  if (Option.isNone(found)) return []
  // Metadata that was decoded can be encoded.
  const document = yield* Effect.orDie(encode(found.value.metadata))
  // The encoded form of metadata is a JSON object: it has the members of the document.
  return Preset.detect(document as Schema.JsonObject, yield* Presets.loadAll)
})

const suggestionOf = (
  { confidence, definition: { name, parameters, title } }: Preset.Suggestion
): NonNullable<CheckReport["suggestions"]>[number] => ({
  preset: name,
  title,
  confidence,
  parameters: Object.entries(parameters).map(([name, { description, example, isOptional, isSecret }]) => ({
    name,
    description,
    example,
    isOptional,
    isSecret
  }))
})

/** Runs discovery and validation, and reports all results. */
export const check = Effect.fnUntraced(function*(
  input: Input
): Effect.fn.Return<CheckReport, InvalidIssuer, HttpClient.HttpClient> {
  const search = yield* Discovery.search(input.strategy, input.issuer, input)
  const suggestions = yield* suggestionsOf(input, search)
  const { attempts, config } = search
  const base = {
    version: 1 as const,
    asked: input.issuer,
    ...(input.preset === undefined ? {} : { preset: input.preset }),
    attempts: attempts.map(attemptOf),
    suggestions: suggestions.map(suggestionOf)
  }
  if (Option.isNone(config)) {
    const hint = yield* hintOf(input, attempts)
    return {
      ...base,
      verdict: attempts.some(isWrong) ? "invalid" : "unavailable",
      ...(hint === undefined ? {} : { hint })
    }
  }
  const report = Validation.validate(config.value, { revision: input.revision })
  // The report names the keys that cannot be used, so the log does not.
  const { keys, verdict } = yield* Effect.scoped(keysOf(input, config.value)).pipe(
    Effect.provideService(References.MinimumLogLevel, "None"),
    // Metadata that was found is valid for a server.
    Effect.catchTag("DiscoveryFailed", Effect.die)
  )
  return {
    ...base,
    verdict: report.errors.length === 0 ? verdict : "invalid",
    found: { ...foundOf(config.value, report), ...(keys === undefined ? {} : { keys }) }
  }
})
