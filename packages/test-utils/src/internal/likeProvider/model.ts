import type * as Schema from "effect/Schema"
import type { Answer } from "../testProvider/answer.ts"
import type { Request } from "../testProvider/model.ts"

/** A token as a provider issues it. `iat` and `exp` are added if the claims do not have them. */
export interface TokenShape {
  /** The header of a JWT, besides `alg` and `kid`. Absent: the token is opaque, and begins with `prefix`. */
  readonly header?: Schema.JsonObject | undefined
  readonly prefix?: string | undefined
  /** The claims of a JWT, or of the introspection response. */
  readonly claims: Schema.JsonObject
}

/** The tokens of a provider, by kind. */
export interface Tokens {
  /** An access token of a user for the resource. */
  readonly access: TokenShape
  /** An access token that a client got for itself. */
  readonly machine?: TokenShape | undefined
  /** An ID token of the same client. */
  readonly id?: TokenShape | undefined
  /** A refresh token. */
  readonly refresh?: TokenShape | undefined
  /** An access token for another API. */
  readonly otherApi?: TokenShape | undefined
}

/** The kinds of tokens. */
export type TokenKind = keyof Tokens

/** What a resource server must read from the access token. */
interface Expected {
  readonly subject: string | undefined
  readonly clientId: string | undefined
  readonly scopes: ReadonlyArray<string>
  readonly roles: ReadonlyArray<string>
}

/** A provider as a fixture: what it publishes, and the tokens that it issues. */
export interface LikeProvider {
  /** The name of the preset. */
  readonly name: string
  /** Parameters of the preset that fit the fixture. */
  readonly parameters: Readonly<Record<string, unknown>>
  /** The metadata documents, by their URLs. The first one names the key set and the endpoints. */
  readonly documents: readonly [
    readonly [url: string, document: Schema.JsonObject],
    ...ReadonlyArray<readonly [url: string, document: Schema.JsonObject]>
  ]
  /** The URL of the key set, if the documents do not name it. */
  readonly jwksUri?: string | undefined
  /** The URL of the introspection endpoint, if the documents do not name it. */
  readonly introspectionUrl?: string | undefined
  /** URLs on other origins that `respond` serves. */
  readonly hosts?: ReadonlyArray<string> | undefined
  /** Changes a generated key (with `kid`, `kty`, `alg`, `use`) to the form in which the provider publishes its keys. */
  readonly key?: ((key: Schema.JsonObject) => Schema.JsonObject) | undefined
  /** The algorithm of its signatures. Default: `RS256`. */
  readonly algorithm?: "RS256" | "ES256" | "EdDSA" | undefined
  readonly tokens: (resource: string) => Tokens
  readonly expected: Expected
  /** Responds to other requests, such as those of a preset with a method of its own. `claimsOf` knows issued tokens. */
  readonly respond?:
    | ((request: Request, claimsOf: (token: string) => Schema.JsonObject | undefined) => Answer | undefined)
    | undefined
  /** How the facts of the fixture are known. */
  readonly evidence: "published document" | "documentation" | "real server"
}
