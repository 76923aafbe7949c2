import * as McpSchema from "effect/ai/McpSchema"
import type * as McpServer from "effect/ai/McpServer"
import * as Context from "effect/Context"
import * as FindMyWay from "effect/http/FindMyWay"
import * as Option from "effect/Option"

/** The registrations of a server that `resources/read` can reach. */
export type Resources = Pick<McpServer.McpServer["Service"], "resources" | "resourceTemplates">

type Template = Resources["resourceTemplates"][number]
type Annotated = { readonly annotations: Context.Context<never> }
type Client = McpSchema.McpRequestContext["Service"]

/** The route of a template, as an annotation, if the registration has one. */
export class RouterPath extends Context.Service<RouterPath, string>()(
  "@effect-mcp-auth/core/policy/internal/resourceUri/RouterPath"
) {}

/** What the handler of a resource receives for a URI. */
export interface ResolvedUri {
  /** The URI template that matched. `undefined`: a static resource, or no known template. */
  readonly template: string | undefined
  /** The decoded parameters by name. */
  readonly parameters: Readonly<Record<string, string>> | undefined
  /** The canonical URI. All URIs that lead to the same handler call have the same one. */
  readonly uri: string
  /** Whether the members above are everything that the handler can receive. If not, no policy can decide on the operation. */
  readonly isExact: boolean
}

/**
 * The route that `McpServer` derives from a template: parameters are numbered, and the first colon of a literal is escaped.
 */
const routeOf = (literals: ReadonlyArray<string>): string =>
  literals.map((literal) => literal.replace(":", "::")).reduce((route, literal, index) =>
    `${route}:${index - 1}${literal}`
  )

/** A template that is registered by hand may have an invalid route. No URI matches it here. */
const makeRouter = Option.liftThrowable((route: string): FindMyWay.Router<true> => {
  // The options of `McpServer`, so that both match a URI alike.
  const router = FindMyWay.make<true>({ ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, caseSensitive: true })
  router.on("GET", `/${route}`, true)
  return router
})

/** Encodes the characters that the router does not accept in a parameter. */
const encodeParameter = (value: string): string => value.replace(/[%/?#;]/g, encodeURIComponent)

/** The parameters by position, as `McpServer` passes them to the handler. */
const positional = (params: Readonly<Record<string, string | undefined>>): ReadonlyArray<string | undefined> => {
  const values: Array<string | undefined> = []
  for (const key of Object.keys(params)) values[Number(key)] = params[key]
  return values
}

/**
 * Whether the named parameters hold everything that the router matched. A wildcard, or a colon in a literal, matches parts
 * without a name. Of two parameters with the same name, only one would be visible.
 */
const isComplete = (
  params: Readonly<Record<string, string | undefined>>,
  names: ReadonlyArray<string>,
  values: ReadonlyArray<string | undefined>
): boolean =>
  Object.keys(params).every((key) => names[Number(key)] !== undefined && String(Number(key)) === key) &&
  names.every((name, index) => values[names.indexOf(name)] === values[index])

/** Whether a value contains a name in braces. The template may then have the braces in a literal, which is no parameter. */
const hasBraces = (names: ReadonlyArray<string>, values: ReadonlyArray<string | undefined>): boolean => {
  const text = values.join("")
  return names.some((name) => text.includes(`{${name}}`))
}

type TemplateMatcher = (uri: string) => ResolvedUri | undefined

const makeTemplateMatcher = ({ annotations, template: { uriTemplate } }: Template): TemplateMatcher => {
  const parts = uriTemplate.split(/\{([^}]*)\}/)
  const literals = parts.filter((_, index) => index % 2 === 0)
  const names = parts.filter((_, index) => index % 2 === 1)
  const derived = routeOf(literals)
  const registered = Context.getOption(annotations, RouterPath)
  // A brace in a literal looks like a parameter in the template, but not in the route. Names would then belong to other
  // values.
  const hasSameParameters = Option.match(registered, { onNone: () => true, onSome: (route) => route === derived })
  const router = makeRouter(Option.getOrElse(registered, () => derived))
  return (uri) => {
    const match = Option.getOrUndefined(router)?.find("GET", `/${uri}`)
    if (match === undefined) return undefined
    const values = positional(match.params)
    const named = names.flatMap((name, index) => {
      const value = values[index]
      return value === undefined ? [] : [[name, value] as const]
    })
    return {
      template: uriTemplate,
      parameters: Object.fromEntries(named),
      uri: literals.reduce((text, literal, index) => `${text}${encodeParameter(values[index - 1] ?? "")}${literal}`),
      isExact: hasSameParameters && isComplete(match.params, names, values) &&
        (Option.isSome(registered) || !hasBraces(names, values))
    }
  }
}

/** Whether a registration is enabled for a client. */
const isEnabled = ({ annotations }: Annotated, client: Client | undefined): boolean => {
  if (client === undefined) return true
  const enabledWhen = Context.getOrUndefined(annotations, McpSchema.EnabledWhen)
  const { clientCapabilities: capabilities, clientInfo, protocolVersion } = client
  return enabledWhen === undefined || enabledWhen({ capabilities, clientInfo, protocolVersion })
}

/** Resolves URIs as the server does. */
export interface UriResolver {
  /** Whether a URI matches a template. */
  readonly matches: (template: Template, uri: string) => boolean
  /** What the handler receives for the URI. If `client` is `undefined`, registrations for some clients count as enabled. */
  readonly resolve: (uri: string, client: Client | undefined) => ResolvedUri
}

const makeUriResolver = ({ resourceTemplates, resources }: Resources): UriResolver => {
  const matchers = new WeakMap<Template, TemplateMatcher>()
  const matcherOf = (template: Template): TemplateMatcher => {
    const matcher = matchers.get(template) ?? makeTemplateMatcher(template)
    matchers.set(template, matcher)
    return matcher
  }
  return {
    matches: (template, uri) => matcherOf(template)(uri) !== undefined,
    resolve: (uri, client) => {
      // The order of `McpServer`: the exact URI first, then templates in the order of their registration.
      if (resources.some((one) => one.resource.uri === uri && isEnabled(one, client))) {
        return { template: undefined, parameters: undefined, uri, isExact: true }
      }
      for (const template of resourceTemplates) {
        const resolved = isEnabled(template, client) ? matcherOf(template)(uri) : undefined
        if (resolved !== undefined) return resolved
      }
      return { template: undefined, parameters: undefined, uri, isExact: false }
    }
  }
}

const resolvers = new WeakMap<Resources["resourceTemplates"], UriResolver>()

/** The resolver of a server. The server keeps its lists for life, so they identify it, even if a guard wraps it. */
export const uriResolverOf = (server: Resources): UriResolver => {
  const resolver = resolvers.get(server.resourceTemplates) ?? makeUriResolver(server)
  resolvers.set(server.resourceTemplates, resolver)
  return resolver
}
