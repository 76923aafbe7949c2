import * as Discovery from "@effect-mcp-auth/core/Discovery"
import type { InvalidIssuer } from "@effect-mcp-auth/core/Issuer"
import { IssuerMismatch } from "@effect-mcp-auth/core/IssuerPolicy"
import * as Repairs from "@effect-mcp-auth/core/Repairs"
import type { ServerConfig } from "@effect-mcp-auth/core/ServerConfig"
import * as Transpiler from "@effect-mcp-auth/core/Transpiler"
import * as Validation from "@effect-mcp-auth/core/Validation"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Option from "effect/Option"
import type { CheckReport } from "../CheckReport.ts"

/** The input of a check. */
export interface Input {
  readonly issuer: string
  readonly type: "auto" | "oauth" | "oidc"
  readonly url: Option.Option<string>
  readonly repairs: ReadonlyArray<string>
  readonly revision: Validation.Revision
  readonly allowInsecureLoopback: boolean
}

const strategyOf = ({ allowInsecureLoopback, issuer, repairs, type, url }: Input): Discovery.Strategy => {
  const transpileData = Transpiler.all(...repairs.flatMap((name) => Repairs.byName.get(name) ?? []))
  return Option.match(url, {
    onNone: () => Discovery.strategyOf({ type, transpileData }),
    onSome: (url) =>
      Discovery.transpile(
        Discovery.wellKnownUrl(url, issuer, { allowInsecureLoopback, type: type === "auto" ? undefined : type }),
        transpileData
      )
  })
}

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

/** A document that exists but is not usable is `invalid`, not `unavailable`. */
const isWrong = ({ error, outcome }: Discovery.Search["attempts"][number]): boolean =>
  outcome === "Incomplete" || error instanceof IssuerMismatch

/** Runs discovery and validation, and reports all results. */
export const check = (input: Input): Effect.Effect<CheckReport, InvalidIssuer, HttpClient.HttpClient> =>
  Effect.map(Discovery.search(strategyOf(input), input.issuer, input), ({ attempts, config }): CheckReport => {
    const base = { version: 1 as const, asked: input.issuer, attempts: attempts.map(attemptOf) }
    if (Option.isNone(config)) return { ...base, verdict: attempts.some(isWrong) ? "invalid" : "unavailable" }
    const report = Validation.validate(config.value, { revision: input.revision })
    return {
      ...base,
      verdict: report.errors.length === 0 ? "valid" : "invalid",
      found: foundOf(config.value, report)
    }
  })
