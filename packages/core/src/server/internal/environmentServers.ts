import * as Arr from "effect/Array"
import type * as HttpClient from "effect/http/HttpClient"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as AuthorizationServer from "../../discovery/AuthorizationServer.ts"
import * as Discovery from "../../discovery/Discovery.ts"
import * as IssuerPolicy from "../../discovery/IssuerPolicy.ts"
import * as Repairs from "../../discovery/Repairs.ts"
import type { ServerType } from "../../discovery/ServerConfig.ts"
import * as Transpiler from "../../discovery/Transpiler.ts"
import { parse } from "../../metadata/internal/httpUri.ts"
import { quoted } from "../../metadata/internal/printable.ts"
import type * as Issuer from "../../metadata/Issuer.ts"
import * as AudiencePolicy from "../../token/AudiencePolicy.ts"
import * as ClientAuthentication from "../../token/ClientAuthentication.ts"
import * as TokenVerifier from "../../token/TokenVerifier.ts"
import type { TrustedServer } from "../McpAuthOptions.ts"
import type { ClaimForms } from "./environmentClaims.ts"
import type { InternalUrls } from "./environmentInternalUrls.ts"

/** The credentials for introspection. */
export interface Credentials {
  readonly clientId: string
  readonly clientSecret: Redacted.Redacted
}

type Words = Option.Option<ReadonlyArray<string>>

/** The values of the variables of servers without a preset. */
export interface ServerVariables {
  readonly issuers: ReadonlyArray<string>
  readonly type: ServerType | "auto"
  readonly repairs: Words
  readonly metadataUrl: Option.Option<string>
  readonly expectedIssuer: Option.Option<string>
  readonly tokenIssuers: Words
  readonly internalUrls: Option.Option<InternalUrls>
  readonly audience: Words
  readonly audienceByIssuer: Option.Option<Readonly<Record<string, Arr.NonEmptyReadonlyArray<string>>>>
  readonly scopeClaims: Option.Option<ClaimForms>
  readonly roleClaims: Option.Option<ClaimForms>
  readonly subjectClaim: Option.Option<TokenVerifier.ClaimPath>
  readonly clientClaim: Option.Option<TokenVerifier.ClaimPath>
  readonly credentials: Option.Option<Credentials>
  readonly allowInsecureLoopback: boolean
}

const nonEmpty = (words: Words): Arr.NonEmptyReadonlyArray<string> | undefined =>
  Option.getOrUndefined(Option.filter(words, Arr.isReadonlyArrayNonEmpty))

/** The values that contradict each other. */
export const serverProblems = (variables: ServerVariables): ReadonlyArray<string> => {
  const { allowInsecureLoopback, audienceByIssuer, expectedIssuer, issuers, metadataUrl, tokenIssuers } = variables
  const ofOneIssuer: ReadonlyArray<readonly [name: string, value: Option.Option<unknown>]> = [
    ["MCP_AUTH_METADATA_URL", metadataUrl],
    ["MCP_AUTH_EXPECTED_ISSUER", expectedIssuer],
    ["MCP_AUTH_TOKEN_ISSUERS", tokenIssuers]
  ]
  const isUrl = (url: string) =>
    Result.isSuccess(parse(url, { query: "allowed", insecureLoopback: allowInsecureLoopback }))
  const known = new Set(issuers)
  return [
    ...ofOneIssuer.flatMap(([name, value]) =>
      Option.isSome(value) && issuers.length > 1
        ? `${name} applies to one issuer, but MCP_AUTH_ISSUER names ${issuers.length}: remove it, or configure the ` +
          "authorization servers in code"
        : []
    ),
    ...Option.isSome(metadataUrl) && !isUrl(metadataUrl.value)
      ? ["MCP_AUTH_METADATA_URL is not an https URL: set it to the URL of the metadata document"]
      : [],
    ...issuers.length === 0 ?
      [] :
      Object.keys(Option.getOrElse(audienceByIssuer, () => ({}))).flatMap((issuer) =>
        known.has(issuer)
          ? []
          : `MCP_AUTH_AUDIENCE_BY_ISSUER names ${
            quoted(issuer)
          }, which is not in MCP_AUTH_ISSUER: write the issuer as there`
      )
  ]
}

/** Verifies JWTs by their keys, and all other tokens by introspection if there are credentials. */
const verifierOf = (
  { clientClaim, credentials, roleClaims, scopeClaims, subjectClaim }: ServerVariables,
  audiences: Arr.NonEmptyReadonlyArray<string> | undefined
): TokenVerifier.Method => {
  const rules = {
    ...audiences === undefined ? {} : { audience: AudiencePolicy.anyOf(...audiences) },
    scopeClaims: Option.getOrUndefined(scopeClaims),
    roleClaims: Option.getOrUndefined(roleClaims),
    subjectClaim: Option.getOrUndefined(subjectClaim),
    clientClaim: Option.getOrUndefined(clientClaim)
  }
  const jwt = TokenVerifier.jwt(rules)
  return Option.match(credentials, {
    onNone: () => jwt,
    onSome: ({ clientId, clientSecret }) =>
      TokenVerifier.firstOf(
        jwt,
        TokenVerifier.introspection({
          ...rules,
          authentication: ClientAuthentication.clientSecretBasic(clientId, clientSecret)
        })
      )
  })
}

const serverOf = (issuer: string, variables: ServerVariables) => {
  const { allowInsecureLoopback, expectedIssuer, internalUrls, metadataUrl, repairs, tokenIssuers, type } = variables
  const names = Option.getOrElse(repairs, () => [])
  const transpileData = Transpiler.all(...names.flatMap((name) => Repairs.byName.get(name) ?? []))
  const options = {
    mergeDocuments: true,
    allowInsecureLoopback,
    tokenIssuers: nonEmpty(tokenIssuers),
    unsafeInternalUrls: Option.getOrUndefined(internalUrls),
    issuerPolicy: Option.getOrUndefined(Option.map(expectedIssuer, IssuerPolicy.expected))
  }
  if (Option.isNone(metadataUrl)) {
    return AuthorizationServer.discover(issuer, { ...options, type, transpileData })
  }
  const strategy = Discovery.wellKnownUrl(metadataUrl.value, Option.getOrUndefined(expectedIssuer), {
    type: type === "auto" ? undefined : type,
    allowInsecureLoopback
  }).pipe(Discovery.transpile(transpileData))
  return AuthorizationServer.fromStrategy(strategy, issuer, options)
}

/** The authorization servers of a resource, and the method that verifies the tokens of those without a method. */
export interface ConfiguredServers<out E> {
  readonly authorizationServers: ReadonlyArray<TrustedServer<E, HttpClient.HttpClient | Scope.Scope>>
  readonly verifier?: TokenVerifier.Method
}

/** The servers of the environment. A server with an audience of its own has a method of its own. */
export const configuredServers = (variables: ServerVariables): ConfiguredServers<Issuer.InvalidIssuer> => {
  const audiences = new Map(Object.entries(Option.getOrElse(variables.audienceByIssuer, () => ({}))))
  return {
    authorizationServers: variables.issuers.map((issuer) => {
      const authorizationServer = serverOf(issuer, variables)
      const own = audiences.get(issuer)
      return own === undefined ? authorizationServer : { authorizationServer, verifier: verifierOf(variables, own) }
    }),
    verifier: verifierOf(variables, nonEmpty(variables.audience))
  }
}
