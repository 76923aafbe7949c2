import type * as Arr from "effect/Array"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { printable } from "./printable.ts"

/** The names of variables, and the rules for their combinations. */
export interface Vocabulary {
  /** The segments with which all names begin, such as `MCP` and `AUTH`. */
  readonly prefix: readonly [first: string, second: string]
  /** All names. Another name with the prefix is an error. */
  readonly known: Arr.NonEmptyReadonlyArray<string>
  /** Variables that must be set, unless the values of others make them superfluous. */
  readonly required: ReadonlyArray<
    readonly [name: string, repair: string, isSuperfluous?: (isUnset: (name: string) => boolean) => boolean]
  >
  /** Variables that have no effect without another one. */
  readonly dependent: ReadonlyArray<readonly [name: string, other: string]>
  /** Variables that have no effect beside another one. */
  readonly exclusive: ReadonlyArray<readonly [name: string, other: string]>
  /** The advice for an unknown name, if it is not to rename it. */
  readonly explain: (name: string) => string | undefined
  /** Problems that were found before. */
  readonly problems: ReadonlyArray<string>
}

/** No name has so many segments. The limit ends the search in a directory with links to itself. */
const maxSegments = 12

/** The names with the prefix, in upper or lower case, and the path of each in its provider. */
type Listed = ReadonlyMap<string, ConfigProvider.Path>

const keysOf = (node: ConfigProvider.Node | undefined): ReadonlyArray<string | number> => {
  if (node?._tag === "Record") return [...node.keys]
  // Only the last index certainly exists. The array can be sparse and very long.
  return node?._tag === "Array" && node.length > 0 ? [node.length - 1] : []
}

/**
 * Lists the names with the prefix. Some providers have whole names as keys (a JSON object, a directory of secrets), others a
 * tree of their segments (the environment). Some providers cannot list their keys.
 */
const listOf = Effect.fnUntraced(function*(provider: Source, segments: Vocabulary["prefix"]): Effect.fn.Return<Listed> {
  const prefix = `${segments.join("_")}_`
  const listed = new Map<string, ConfigProvider.Path>()
  // The second and third paths are for providers that cannot list the root.
  const pending: Array<ConfigProvider.Path> = [[], [segments[0]], segments]
  for (let path = pending.shift(); path !== undefined; path = pending.shift()) {
    const node = yield* Effect.orElseSucceed(provider.load(path), () => undefined)
    const name = path.join("_")
    const isWhole = name.toUpperCase().startsWith(prefix)
    // Children of a key with the whole name belong to its value.
    const keys = isWhole && path.length === 1 ? [] : keysOf(node)
    if (isWhole && (keys.length === 0 || node?.value !== undefined)) listed.set(name, path)
    if (path.length === maxSegments) continue
    for (const key of keys) {
      const longer = [...path, key].join("_").toUpperCase()
      if (longer.startsWith(prefix) || prefix.startsWith(`${longer}_`)) pending.push([...path, key])
    }
  }
  return listed
})

/** A path that no source has. */
const absent: ConfigProvider.Path = ["effect-mcp-auth-absent"]

/** A single source of a provider. */
type Source = Pick<ConfigProvider.ConfigProvider, "load">

/**
 * The sources of a provider, in order. `ConfigProvider.orElse` does not list the keys of its fallback. But it tries its sources
 * in turn until one has the path, and maps the path for each of them. So one source is read alone if the others get a path
 * that no source has.
 */
const sourcesOf = Effect.fnUntraced(function*(provider: ConfigProvider.ConfigProvider) {
  const loadFrom = (source: number, path: ConfigProvider.Path) =>
    Effect.suspend(() => {
      let asked = 0
      const one = ConfigProvider.mapInput(provider, (whole) => asked++ === source ? whole : absent)
      return Effect.map(one.load(path), (node) => ({ asked, node }))
    })
  const sources: Array<Source> = []
  // A source that fails hides the next ones. Reading a variable fails then, too, with an error of its own.
  const { asked } = yield* Effect.orElseSucceed(loadFrom(-1, []), () => ({ asked: 1 }))
  for (let source = 0; source < asked; source++) {
    sources.push({ load: (path) => Effect.map(loadFrom(source, path), ({ node }) => node) })
  }
  return sources
})

/** The number of characters to insert, remove or replace (Levenshtein distance). */
const distance = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}

/** The entry of a list that is closest to a name. */
export const closestTo = (name: string, [first, ...others]: Arr.NonEmptyReadonlyArray<string>): string =>
  others.reduce((best, next) => distance(name, next) < distance(name, best) ? next : best, first)

/** The state of a variable. */
type State = "set" | "unset" | "empty" | "nested" | "not-a-string"

const stateOf = Effect.fnUntraced(function*(provider: ConfigProvider.ConfigProvider, name: string, listed: Listed) {
  const node = yield* provider.load([name])
  const path = listed.get(name)
  if (node === undefined) {
    if (path === undefined) return "unset"
    return (yield* provider.load(path)) === undefined ? "empty" : "nested"
  }
  if (node.value === undefined) return "not-a-string"
  return node.value.trim() === "" ? "empty" : "set"
}, Effect.mapError((error) => new Config.ConfigError(error)))

const problemOf = (name: string, state: State): string | undefined => {
  switch (state) {
    case "empty":
      return `${name} is empty: give it a value, or remove the variable`
    case "nested":
      return `${name} is spread over nested keys, and is not read: use the whole name as one key`
    case "not-a-string":
      return `${name} is not a string: write lists as words between spaces or commas, and objects as JSON text`
    default:
      return undefined
  }
}

const combinedProblems = (
  states: ReadonlyMap<string, State>,
  { dependent, exclusive, required }: Vocabulary
): ReadonlyArray<string> => {
  const isUnset = (name: string) => states.get(name) === "unset"
  return [
    ...required.flatMap(([name, repair, isSuperfluous]) =>
      isUnset(name) && isSuperfluous?.(isUnset) !== true ? `${name} is not set: set it to ${repair}` : []
    ),
    ...dependent.flatMap(([name, other]) =>
      !isUnset(name) && isUnset(other)
        ? `${other} is not set: ${name} has no effect without it; set both, or remove both`
        : []
    ),
    ...exclusive.flatMap(([name, other]) =>
      !isUnset(name) && !isUnset(other)
        ? `${name} and ${other} are both set, but ${other} determines what ${name} would set: remove one of the two`
        : []
    )
  ]
}

/** The errors of unknown names. A name in another case is allowed if its source finds the variable by it. */
const unknownNamesOf = Effect.fnUntraced(function*(source: Source, listed: Listed, { explain, known }: Vocabulary) {
  const unknown: Array<string> = []
  for (const name of listed.keys()) {
    const closest = closestTo(name.toUpperCase(), known)
    if (name === closest) continue
    const isOtherCase = name.toUpperCase() === closest && !listed.has(closest)
    const found = isOtherCase ? yield* Effect.orElseSucceed(source.load([closest]), () => undefined) : undefined
    if (found?.value !== undefined && found.value.trim() !== "") continue
    const advice = explain(name) ?? `rename it to ${closest}, which is the closest known name, or remove it`
    unknown.push(`${printable(name)} is not a known variable: ${advice}`)
  }
  return unknown
})

/** Words between white space or commas. At least one, because an empty list would have the effect of no variable. */
export const wordsOf = <S extends Schema.ConstraintCodec<string, string>>(name: string, word: S) =>
  Config.schema(
    Schema.String.pipe(Schema.decodeTo(
      Schema.Array(word).check(Schema.makeFilter((parts) =>
        parts.length > 0 || `${name} has no entry: write words between spaces or commas, or remove the variable`
      )),
      SchemaTransformation.transform({
        decode: (text: string): ReadonlyArray<string> =>
          text.split(/[\s,]+/).filter((part) => part !== ""),
        encode: (parts: ReadonlyArray<string>) => parts.join(" ")
      })
    )),
    name
  )

/** An error that lists problems of variables. */
export const configError = (messages: ReadonlyArray<string>) =>
  new Config.ConfigError(new Schema.SchemaError(new SchemaIssue.InvalidValue({ message: messages.join("\n") })))

/**
 * Fails if a variable is empty, unknown or missing, and lists all such variables. Effect's providers treat an empty variable as
 * not set, which would silently switch a protection off.
 */
export const checkNames = Effect.fnUntraced(function*(
  provider: ConfigProvider.ConfigProvider,
  vocabulary: Vocabulary
): Effect.fn.Return<void, Config.ConfigError> {
  const listed = new Map<string, ConfigProvider.Path>()
  const unknown = new Set<string>()
  for (const source of yield* sourcesOf(provider)) {
    const names = yield* listOf(source, vocabulary.prefix)
    for (const [name, path] of names) if (!listed.has(name)) listed.set(name, path)
    for (const message of yield* unknownNamesOf(source, names, vocabulary)) unknown.add(message)
  }
  const states = new Map<string, State>()
  for (const name of vocabulary.known) {
    states.set(name, yield* stateOf(provider, name, listed))
  }
  const problems = [
    ...vocabulary.problems,
    ...[...states].flatMap(([name, state]) => problemOf(name, state) ?? []),
    ...unknown,
    ...combinedProblems(states, vocabulary)
  ]
  if (problems.length > 0) return yield* Effect.fail(configError(problems))
})
