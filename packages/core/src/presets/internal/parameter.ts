import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { parse } from "../../metadata/internal/httpUri.ts"

/**
 * A parameter of a preset. Its environment variable is `MCP_AUTH_PRESET_` and its name in upper snake case.
 *
 * @category parameters
 * @since 0.1.0
 */
export interface Parameter<out A = unknown, out Optional extends boolean = boolean> {
  /** What it is, and where to find it. */
  readonly description: string
  /** A value for the documentation, as it is written in an environment variable. */
  readonly example: string
  /** The expected form, in words. */
  readonly expected: string
  readonly isOptional: Optional
  /** Whether the value must not be printed. */
  readonly isSecret: boolean
  readonly accepts: (value: unknown) => boolean
  /** Reads the value of an environment variable. The result is not yet checked. */
  readonly fromText: (text: string) => A
}

/** The parameters of a preset, by name. */
export type Parameters = Readonly<Record<string, Parameter>>

type RequiredNames<P extends Parameters> = {
  [K in keyof P]: P[K] extends Parameter<unknown, true> ? never : K
}[keyof P]

/**
 * The values of parameters.
 *
 * @category parameters
 * @since 0.1.0
 */
export type Values<P extends Parameters> =
  & { readonly [K in RequiredNames<P>]: P[K] extends Parameter<infer A> ? A : never }
  & { readonly [K in Exclude<keyof P, RequiredNames<P>>]?: (P[K] extends Parameter<infer A> ? A : never) | undefined }

const isUrl = (text: string): boolean => Result.isSuccess(parse(text, { query: "forbidden", insecureLoopback: false }))

interface Form {
  readonly expected: string
  readonly test: (text: string) => boolean
}

type Text = Parameter<string, false>

const make = ({ expected, test }: Form) => (description: string, example: string): Text => ({
  description,
  example,
  expected,
  isOptional: false,
  isSecret: false,
  accepts: (value) => typeof value === "string" && test(value),
  fromText: (text) => text
})

/**
 * A text without spaces and control characters, such as a client ID.
 *
 * @category parameters
 * @since 0.1.0
 */
export const text: (description: string, example: string) => Text = make({
  expected: "a text without spaces",
  test: (text) => /^[^\s\p{C}]+$/u.test(text)
})

/**
 * A part of a URL: letters, digits, `.`, `_` and `-`, and no dot segment.
 *
 * @category parameters
 * @since 0.1.0
 */
export const name: (description: string, example: string) => Text = make({
  expected: "a name of letters, digits, \".\", \"_\" and \"-\"",
  test: (text) => /^[\w.-]+$/.test(text) && !/^\.+$/.test(text)
})

/**
 * A UUID in its usual form.
 *
 * @category parameters
 * @since 0.1.0
 */
export const guid: (description: string, example: string) => Text = make({
  expected: "a UUID such as \"11111111-2222-3333-4444-555555555555\"",
  test: (text) => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)
})

/**
 * A host name in lower case, with an optional port.
 *
 * @category parameters
 * @since 0.1.0
 */
export const host: (description: string, example: string) => Text = make({
  expected: "a host name in lower case, without a scheme and a path",
  test: (text) => /^[a-z0-9.-]+(?::\d{1,5})?$/.test(text) && isUrl(`https://${text}`)
})

/**
 * An `https` URL without a query, a fragment and a slash at the end.
 *
 * @category parameters
 * @since 0.1.0
 */
export const url: (description: string, example: string) => Text = make({
  expected: "an https URL without a query, a fragment and a slash at the end",
  test: (text) => !text.endsWith("/") && isUrl(text)
})

/**
 * A list of values, at least one. In an environment variable, spaces or commas separate them.
 *
 * @category parameters
 * @since 0.1.0
 */
export const list = ({ accepts, ...item }: Text): Parameter<readonly [string, ...ReadonlyArray<string>], false> => ({
  ...item,
  expected: `a list, of which each item is ${item.expected}`,
  accepts: (value) => Array.isArray(value) && value.length > 0 && value.every(accepts),
  // An empty list is not accepted.
  fromText: (text) =>
    text.split(/[\s,]+/).filter((item) => item !== "") as unknown as readonly [string, ...ReadonlyArray<string>]
})

/**
 * A switch, which is off by default. In an environment variable: `true` or `false`.
 *
 * @category parameters
 * @since 0.1.0
 */
export const flag = (description: string): Parameter<boolean, true> => ({
  description,
  example: "true",
  expected: "true or false",
  isOptional: true,
  isSecret: false,
  accepts: (value) => typeof value === "boolean",
  // Another text is not accepted.
  fromText: (text) => (text === "true" || text === "false" ? text === "true" : text) as boolean
})

/**
 * A secret.
 *
 * @category parameters
 * @since 0.1.0
 */
export const secret = (description: string): Parameter<Redacted.Redacted, false> => ({
  description,
  example: "<secret>",
  expected: "a secret that is not empty",
  isOptional: false,
  isSecret: true,
  accepts: (value) =>
    Redacted.isRedacted(value) && typeof Redacted.value(value) === "string" && Redacted.value(value) !== "",
  fromText: (text) => Redacted.make(text)
})

/**
 * Makes a parameter optional.
 *
 * @category parameters
 * @since 0.1.0
 */
export const optional = <A>(parameter: Parameter<A, false>): Parameter<A, true> => ({ ...parameter, isOptional: true })
