/**
 * Presets: what is known about an authorization server product, as data.
 *
 * A preset names the issuer of a provider and its policy, where its metadata is, which repairs its documents need, which
 * audience its access tokens have, which claims hold scopes, subject and roles, and how its tokens are verified. It also
 * holds the facts that a person needs: how clients register, what is not possible, and the source of each fact. Each
 * product has a module of its own, so that a program contains only the presets that it imports.
 *
 * A preset applies the same checks as a configuration by hand. What it relaxes is listed in `overrides`, with a reason.
 *
 * **Example** (A preset in a server)
 *
 * ```ts import.meta.vitest
 * import * as McpAuth from "@effect-mcp-auth/core/McpAuth"
 * import * as Keycloak from "@effect-mcp-auth/core/presets/Keycloak"
 * import * as Layer from "effect/Layer"
 *
 * const Auth = McpAuth.layer({
 *   resource: "https://notes.example.com/mcp",
 *   authorizationServers: [Keycloak.preset({ url: "https://id.example.com", realm: "notes" })]
 * })
 *
 * Layer.isLayer(Auth) // => true
 * ```
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as AuthorizationServer from "../discovery/AuthorizationServer.ts"
import * as Discovery from "../discovery/Discovery.ts"
import type { DiscoveryFailed } from "../discovery/DiscoveryError.ts"
import * as IssuerPolicy from "../discovery/IssuerPolicy.ts"
import type { ServerType } from "../discovery/ServerConfig.ts"
import * as Transpiler from "../discovery/Transpiler.ts"
import type { AuthorizationServerMetadata } from "../metadata/AuthorizationServerMetadata.ts"
import { parse } from "../metadata/internal/httpUri.ts"
import { quoted } from "../metadata/internal/printable.ts"
import type { InvalidIssuer } from "../metadata/Issuer.ts"
import * as TokenVerifier from "../token/TokenVerifier.ts"
import type { Parameters, Values } from "./internal/parameter.ts"

export {
  flag,
  guid,
  host,
  list,
  name,
  optional,
  type Parameter,
  secret,
  text,
  url,
  type Values
} from "./internal/parameter.ts"

/**
 * How the tokens of a provider are verified: by their signature, by introspection, or by a method of the preset.
 *
 * @category models
 * @since 0.1.0
 */
export type Verification =
  | { readonly method: "jwt"; readonly options: TokenVerifier.JwtOptions }
  | { readonly method: "introspection"; readonly options: TokenVerifier.IntrospectionOptions }
  | { readonly method: "custom"; readonly verifier: TokenVerifier.Method }

/**
 * The settings that a preset derives from its parameters.
 *
 * @category models
 * @since 0.1.0
 */
export interface Settings {
  /** The issuer identifier, as the metadata URL is built from it. */
  readonly issuer: string
  /** Where metadata is looked for. Default: `auto`, the order of MCP. */
  readonly type?: ServerType | "auto" | undefined
  /** The URL of the metadata, if it does not follow from the issuer. */
  readonly metadataUrl?: string | undefined
  /** The issuer in the document at `metadataUrl`. Default: `issuer`. */
  readonly documentIssuer?: string | undefined
  /** The metadata, if the provider publishes none. */
  readonly metadata?: AuthorizationServerMetadata | undefined
  /** The policy for the issuer. Default: `IssuerPolicy.exact`. */
  readonly issuerPolicy?: IssuerPolicy.IssuerPolicy | undefined
  /** The issuers of access tokens, if they are not that of the metadata. */
  readonly tokenIssuers?: AuthorizationServer.TokenIssuers | undefined
  /** The repairs that verification of tokens needs. */
  readonly repairs?: Transpiler.Transpiler | undefined
  /** The repairs that a client needs to log in. Verification of tokens does not apply them. */
  readonly loginRepairs?: Transpiler.Transpiler | undefined
  readonly verification: Verification
  /**
   * The claims with roles, which `Policy.role` reads for callers of this server. A method of the preset reads them itself.
   * Default: those of `Policy.role`.
   */
  readonly roles?: TokenVerifier.ClaimOptions["roleClaims"]
  /** The form in which clients request a scope, if tokens name it in another form. */
  readonly scopeRequestForm?: ((scope: string) => string) | undefined
}

/**
 * Whether a provider supports a feature. `optional`: after a change of its configuration.
 *
 * @category models
 * @since 0.1.0
 */
export type Support = "yes" | "optional" | "no" | "unknown"

/**
 * The source of a fact.
 *
 * @category models
 * @since 0.1.0
 */
export interface Source {
  /** The fact, in one sentence. */
  readonly fact: string
  /** A URL, or the title of a document. */
  readonly source: string
  /** When the source was read or published: `2026-11` or `2026-11-28`. */
  readonly date: string
  /** `captured`: seen in a document that the provider published. `unverified`: no source was found. */
  readonly confidence: "documented" | "source code" | "captured" | "reported" | "inferred" | "unverified"
}

/**
 * A requirement of a specification that the provider does not meet, and why the preset may relax it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Override {
  /** The requirement, with its document and section. */
  readonly requirement: string
  readonly reason: string
  /** `verification`: of tokens. `login`: of clients, by `loginRepairs`. */
  readonly purpose: "verification" | "login"
}

/**
 * The facts about a provider that a person needs.
 *
 * @category models
 * @since 0.1.0
 */
export interface Facts {
  /** The form of its access tokens, and when they have it. */
  readonly tokens: string
  /** Client ID Metadata Documents (MCP 2025-11-25). */
  readonly clientIdMetadataDocuments: Support
  /** Dynamic client registration (RFC 7591). */
  readonly dynamicRegistration: Support
  /** The `resource` parameter (RFC 8707). */
  readonly resourceIndicators: Support
  /** RFC 9449. */
  readonly dpop: Support
  /** Identity assertion authorization grant (ID-JAG). */
  readonly idJag: Support
  /** RFC 8693. */
  readonly tokenExchange: Support
  /** What to configure at the provider, in order. */
  readonly steps: ReadonlyArray<string>
  /** What clients experience: registration, scopes, consent. */
  readonly clients: string
  readonly limits: ReadonlyArray<string>
  readonly overrides: ReadonlyArray<Override>
  readonly sources: ReadonlyArray<Source>
}

/**
 * How strongly a document suggests a preset.
 *
 * @category models
 * @since 0.1.0
 */
export type Confidence = "certain" | "likely"

/**
 * The data of a preset.
 *
 * @category models
 * @since 0.1.0
 */
export interface Definition<P extends Parameters = Parameters> {
  /** The name in `MCP_AUTH_PRESET`. */
  readonly name: string
  /** The name of the product. */
  readonly title: string
  readonly parameters: P
  /** The settings, or the reason why the provider cannot be used. */
  readonly settings: (values: Values<P>) => Settings | Refusal
  readonly facts: Facts
  /** How strongly a metadata document suggests this provider, by its members. */
  readonly fingerprint: (document: Schema.JsonObject) => Confidence | undefined
}

/**
 * The reason why a provider cannot be used.
 *
 * @category models
 * @since 0.1.0
 */
export interface Refusal {
  readonly refused: string
}

/**
 * A preset cannot be used with these parameters.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidPreset extends Schema.TaggedError<InvalidPreset>()("InvalidPreset", {
  /** The name of the preset. */
  preset: Schema.String,
  reason: Schema.Literals([
    "missing-parameter",
    "unknown-parameter",
    "invalid-parameter",
    "provider-refused",
    "invalid-internal-url",
    "unused-internal-url"
  ]),
  /** The name of the parameter, or of the internal URL. */
  parameter: Schema.optionalKey(Schema.String),
  /** The expected form of the parameter, or why the provider cannot be used. */
  expected: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    const [parameter, expected] = [quoted(this.parameter ?? ""), this.expected ?? ""]
    return `The preset ${quoted(this.preset)} cannot be used: ${
      {
        "missing-parameter": `the parameter ${parameter} is missing; set it to ${expected}`,
        "unknown-parameter": `it has no parameter ${parameter}; its parameters are ${expected}`,
        "invalid-parameter": `the parameter ${parameter} is not ${expected}`,
        "provider-refused": expected,
        "invalid-internal-url":
          `the internal URL ${parameter} is not an http or https URL without user information and a fragment`,
        "unused-internal-url":
          `the internal URL ${parameter} has no effect, because the preset uses ${expected}; remove it`
      }[this.reason]
    }`
  }
}

/**
 * A preset with its parameters: an authorization server together with the method that verifies its tokens.
 *
 * @category models
 * @since 0.1.0
 */
export interface Preset {
  readonly definition: Definition
  /** The settings, if the parameters are valid. */
  readonly settings: Result.Result<Settings, InvalidPreset>
  readonly authorizationServer: Effect.Effect<
    AuthorizationServer.AuthorizationServer<DiscoveryFailed>,
    InvalidPreset | InvalidIssuer | DiscoveryFailed,
    HttpClient.HttpClient | Scope.Scope
  >
  /** Verifies the tokens of this server, and of no other. */
  readonly verifier: TokenVerifier.Method
  readonly scopeRequestForm: ((scope: string) => string) | undefined
}

const settingsOf = <P extends Parameters>(
  { name, parameters, settings }: Definition<P>,
  values: Values<P>
): Result.Result<Settings, InvalidPreset> => {
  const given: Readonly<Record<string, unknown>> = values
  const unknown = Object.keys(given).find((parameter) => !Object.hasOwn(parameters, parameter))
  if (unknown !== undefined) {
    const expected = Object.keys(parameters).join(", ")
    return Result.fail(new InvalidPreset({ preset: name, reason: "unknown-parameter", parameter: unknown, expected }))
  }
  for (const [parameter, { accepts, expected, isOptional }] of Object.entries(parameters)) {
    const value = given[parameter]
    if (value === undefined && isOptional) continue
    if (value !== undefined && accepts(value)) continue
    const reason = value === undefined ? "missing-parameter" : "invalid-parameter"
    return Result.fail(new InvalidPreset({ preset: name, reason, parameter, expected }))
  }
  const made = settings(values)
  return "refused" in made
    ? Result.fail(new InvalidPreset({ preset: name, reason: "provider-refused", expected: made.refused }))
    : Result.succeed(made)
}

/**
 * The strategy that finds the metadata of a provider, with the repairs that verification of tokens needs.
 *
 * @category strategies
 * @since 0.1.0
 */
export const strategyOf = (settings: Settings): Discovery.Strategy => {
  const { documentIssuer, issuer, issuerPolicy, metadata, metadataUrl, repairs = Transpiler.identity, type } = settings
  if (metadata !== undefined) return Discovery.transpile(Discovery.manual(metadata, { type: "oidc" }), repairs)
  return metadataUrl === undefined
    ? Discovery.strategyOf({ type, issuerPolicy, transpileData: repairs })
    : Discovery.transpile(Discovery.wellKnownUrl(metadataUrl, documentIssuer ?? issuer), repairs)
}

/** The policy for the issuer of the document. */
const issuerPolicyOf = ({ documentIssuer, issuer, issuerPolicy, metadataUrl }: Settings) =>
  issuerPolicy ?? (metadataUrl === undefined ? undefined : IssuerPolicy.expected(documentIssuer ?? issuer))

/** The strategy for metadata at an internal URL. Everything but the URL is that of the public metadata. */
const internalStrategy = (settings: Settings, url: string): Discovery.Strategy => {
  const { repairs, type } = settings
  return Discovery.strategyOf(
    { issuerPolicy: issuerPolicyOf(settings), transpileData: repairs },
    Discovery.unsafeInternalUrl(url, { type: type === "auto" ? undefined : type })
  )
}

const serverOf = (settings: Settings, unsafeInternalUrls?: InternalUrls): Preset["authorizationServer"] => {
  const { issuer, metadata, tokenIssuers } = settings
  if (metadata !== undefined) {
    return AuthorizationServer.make({ type: "oidc", metadata }, { tokenIssuers, unsafeInternalUrls })
  }
  const strategy = unsafeInternalUrls?.metadata === undefined
    ? strategyOf(settings)
    : internalStrategy(settings, unsafeInternalUrls.metadata)
  return AuthorizationServer.fromStrategy(strategy, issuer, {
    tokenIssuers,
    unsafeInternalUrls,
    issuerPolicy: issuerPolicyOf(settings)
  })
}

const verifierOf = ({ roles: roleClaims, verification }: Settings): TokenVerifier.Method => {
  switch (verification.method) {
    case "jwt":
      return TokenVerifier.jwt({ roleClaims, ...verification.options })
    case "introspection":
      return TokenVerifier.introspection({ roleClaims, ...verification.options })
    case "custom":
      return verification.verifier
  }
}

/**
 * Defines a preset. The result makes a preset from parameters; its `definition` is the data.
 *
 * **Details**
 *
 * Invalid parameters are reported when the server is built: `authorizationServer` then fails with `InvalidPreset`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const define = <const P extends Parameters>(
  definition: Definition<P>
): Constructor<P> => {
  // The parameters of a definition are checked at run time, so a definition of any parameters can be read as one.
  const erased = definition as unknown as Definition
  const make = (values: Values<P>): Preset => {
    const settings = settingsOf(definition, values)
    return {
      definition: erased,
      settings,
      authorizationServer: Result.isFailure(settings) ? Effect.fail(settings.failure) : serverOf(settings.success),
      verifier: Result.isFailure(settings) ? TokenVerifier.jwt() : verifierOf(settings.success),
      scopeRequestForm: Result.isFailure(settings) ? undefined : settings.success.scopeRequestForm
    }
  }
  return Object.assign(make, { definition: erased })
}

/** URLs inside the own network that replace public ones. */
type InternalUrls = NonNullable<AuthorizationServer.Options["unsafeInternalUrls"]>

/** The names of the internal URLs that a preset uses. A method of its own has its URLs in itself. */
const usedUrls = (settings: Settings): ReadonlyArray<keyof InternalUrls> => {
  const { name } = verifierOf(settings)
  return [
    ...settings.metadata === undefined ? ["metadata" as const] : [],
    ...name === "jwt" ? ["jwks" as const] : [],
    ...name === "introspection" ? ["introspection" as const] : []
  ]
}

const internalUrlProblem = (
  preset: string,
  settings: Settings,
  urls: InternalUrls
): InvalidPreset | undefined => {
  const used: ReadonlyArray<string> = usedUrls(settings)
  for (const [parameter, url] of Object.entries(urls)) {
    if (url === undefined) continue
    if (!used.includes(parameter)) {
      const expected = used.length === 0 ? "no internal URL" : used.join(" and ")
      return new InvalidPreset({ preset, reason: "unused-internal-url", parameter, expected })
    }
    const parsed = parse(url, { query: "allowed", insecureLoopback: true, insecure: true })
    if (Result.isFailure(parsed)) return new InvalidPreset({ preset, reason: "invalid-internal-url", parameter })
  }
  return undefined
}

/**
 * Makes a preset request the metadata, the key set or introspection at URLs inside the own network, plain http included.
 *
 * **Details**
 *
 * Unsafe outside a private network: see `AuthorizationServer.InternalUrlOptions`. Documents and tokens must still name the
 * issuer of the preset. A URL that the preset does not use, such as `introspection` of a preset that verifies signatures,
 * is an error (`InvalidPreset`) when the server is built.
 *
 * **Example** (Keycloak inside the cluster)
 *
 * ```ts import.meta.vitest
 * import * as Keycloak from "@effect-mcp-auth/core/presets/Keycloak"
 * import * as Preset from "@effect-mcp-auth/core/presets/Preset"
 * import * as Effect from "effect/Effect"
 * import * as FetchHttpClient from "effect/http/FetchHttpClient"
 *
 * const realm = "http://keycloak.identity:8080/realms/notes"
 * const { authorizationServer } = Preset.withUnsafeInternalUrls(
 *   Keycloak.preset({ url: "https://id.example.com", realm: "notes" }),
 *   { metadata: `${realm}/.well-known/openid-configuration`, jwks: `${realm}/protocol/openid-connect/certs` }
 * )
 *
 * const issuer = Effect.map(authorizationServer, (server) => server.issuer)
 * await Effect.runPromise(Effect.provide(Effect.scoped(issuer), FetchHttpClient.layer)) // => "https://id.example.com/realms/notes"
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const withUnsafeInternalUrls = (preset: Preset, unsafeInternalUrls: InternalUrls): Preset => {
  const { definition: { name }, settings } = preset
  if (Result.isFailure(settings)) return preset
  const problem = internalUrlProblem(name, settings.success, unsafeInternalUrls)
  return problem === undefined
    ? { ...preset, authorizationServer: serverOf(settings.success, unsafeInternalUrls) }
    : { ...preset, settings: Result.fail(problem), authorizationServer: Effect.fail(problem) }
}

/**
 * A function from the parameters of a preset to the preset, with its definition.
 *
 * @category models
 * @since 0.1.0
 */
export interface Constructor<P extends Parameters = Parameters> {
  (values: Values<P>): Preset
  readonly definition: Definition
}

/**
 * A provider that a metadata document suggests.
 *
 * @category models
 * @since 0.1.0
 */
export interface Suggestion {
  readonly definition: Definition
  readonly confidence: Confidence
}

/**
 * The providers that a metadata document suggests, certain ones first. Suggestions are for people: nothing applies them.
 *
 * **Example** (Whose document is this?)
 *
 * ```ts import.meta.vitest
 * import * as Keycloak from "@effect-mcp-auth/core/presets/Keycloak"
 * import * as Preset from "@effect-mcp-auth/core/presets/Preset"
 *
 * const document = { issuer: "https://id.example.com/realms/notes" }
 * const [suggestion] = Preset.detect(document, [Keycloak.preset.definition])
 *
 * suggestion?.definition.title // => "Keycloak"
 * ```
 *
 * @category detecting
 * @since 0.1.0
 */
export const detect = (
  document: Schema.JsonObject,
  definitions: ReadonlyArray<Definition>
): ReadonlyArray<Suggestion> => {
  const all = definitions.flatMap((definition) => {
    const confidence = definition.fingerprint(document)
    return confidence === undefined ? [] : [{ definition, confidence }]
  })
  return [
    ...all.filter(({ confidence }) => confidence === "certain"),
    ...all.filter(({ confidence }) => confidence === "likely")
  ]
}
