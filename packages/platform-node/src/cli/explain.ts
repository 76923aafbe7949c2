import * as AudiencePolicy from "@effect-mcp-auth/core/AudiencePolicy"
import type { AuthInfo } from "@effect-mcp-auth/core/AuthInfo"
import * as AuthorizationServer from "@effect-mcp-auth/core/AuthorizationServer"
import * as Challenge from "@effect-mcp-auth/core/Challenge"
import type { InvalidIssuer } from "@effect-mcp-auth/core/Issuer"
import * as Policy from "@effect-mcp-auth/core/Policy"
import * as ResourceIdentifier from "@effect-mcp-auth/core/ResourceIdentifier"
import * as ScopeHierarchy from "@effect-mcp-auth/core/ScopeHierarchy"
import type { AuthError } from "@effect-mcp-auth/core/TokenError"
import * as TokenVerifier from "@effect-mcp-auth/core/TokenVerifier"
import * as WellKnown from "@effect-mcp-auth/core/WellKnown"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Struct from "effect/Struct"
import type { ExplainReport } from "../ExplainReport.ts"

/** The input of an explanation. */
export interface Input {
  readonly token: Redacted.Redacted
  readonly resource: string
  readonly issuers: ReadonlyArray<string>
  readonly audiences: ReadonlyArray<string>
  readonly type: "auto" | "oauth" | "oidc"
  readonly policy: Policy.Policy
  readonly rules: ScopeHierarchy.Rules
  readonly allowInsecureLoopback: boolean
}

/** Errors of an invalid configuration, for which no explanation is possible. */
type Misconfigured =
  | InvalidIssuer
  | ResourceIdentifier.InvalidResourceIdentifier
  | ScopeHierarchy.InvalidScopeHierarchy
  | TokenVerifier.InvalidVerifier

const verifierOf = Effect.fnUntraced(function*({ audiences: [audience, ...others], issuers, ...input }: Input) {
  const resource = yield* ResourceIdentifier.make(input.resource, input)
  const authorizationServers = yield* Effect.forEach(
    issuers,
    (issuer) => AuthorizationServer.discover(issuer, input)
  )
  const rules = audience === undefined ? {} : { audience: AudiencePolicy.anyOf(audience, ...others) }
  return { resource, verify: yield* TokenVerifier.jwt(rules).make({ resource, authorizationServers }) }
})

const callerOf = (info: AuthInfo["Service"]): NonNullable<ExplainReport["caller"]> => ({
  ...Struct.pick(info, ["issuer", "audience"]),
  scopes: [...info.scopes],
  ...(info.subject === undefined ? {} : { subject: info.subject }),
  ...(info.clientId === undefined ? {} : { clientId: info.clientId }),
  ...(info.expiresAt === undefined ? {} : { expiresAt: info.expiresAt })
})

/** The response to the client, and its reason. */
const answerOf = (
  error: AuthError,
  resource: ResourceIdentifier.ResourceIdentifier,
  policy: Policy.Policy
): NonNullable<ExplainReport["answer"]> => {
  const options = { resourceMetadata: WellKnown.protectedResource(resource), scopes: Policy.scopesOf(policy) }
  const { headers, status } = Challenge.rejection(error, options)
  const challenge = headers["www-authenticate"]
  return { status, reason: error.message, ...(challenge === undefined ? {} : { challenge }) }
}

/** Explains how a server would respond to a token, and why. */
export const explain = Effect.fnUntraced(function*(
  input: Input
): Effect.fn.Return<ExplainReport, Misconfigured, HttpClient.HttpClient | Scope.Scope> {
  const { policy } = input
  const { resource, verify } = yield* verifierOf(input)
  const hierarchy = yield* ScopeHierarchy.make(input.rules)
  const base = { version: 1 as const, policy: String(policy) }
  const refused = (error: AuthError) => ({
    verdict: error._tag === "VerificationUnavailable" ? "unavailable" as const : "refused" as const,
    answer: answerOf(error, resource, policy)
  })
  const verified = yield* Effect.result(verify(input.token))
  if (verified._tag === "Failure") return { ...base, ...refused(verified.failure) }
  const info = verified.success
  const decided = yield* Effect.result(Policy.evaluate(policy, info, { hierarchy }))
  const known = { ...base, caller: callerOf(info) }
  if (decided._tag === "Failure") return { ...known, ...refused(decided.failure) }
  const { refusal, trace } = decided.success
  return { ...known, trace, ...(refusal === undefined ? { verdict: "permitted" } : refused(refusal)) }
})
