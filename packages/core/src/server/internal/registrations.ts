import * as McpSchema from "effect/ai/McpSchema"
import type * as McpServer from "effect/ai/McpServer"
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import * as MutableRef from "effect/MutableRef"
import { completesTemplate, type Guard, Guards, ToolPolicy } from "../../policy/internal/enforce.ts"
import { admitsAnonymous, type Any, scopesOf } from "../../policy/internal/model.ts"
import { type UriResolver, uriResolverOf } from "../../policy/internal/resourceUri.ts"

type Server = McpServer.McpServer["Service"]
type Annotated = { readonly annotations: Context.Context<never> }

/** The policies on one registration. */
export interface Policies {
  /** The tool's own, or the default where nothing else was said. Its checks need what the server needs. */
  readonly own: Any | undefined
  readonly guards: ReadonlyArray<Guard>
}

/** What is registered with a server, and who may use it. */
export interface Registrations {
  /** The policies that the server has to enforce. Guards that are not among them enforce themselves. */
  readonly policiesOf: (request: Pick<McpServer.MiddlewareOptions, "method" | "payload" | "target">) => Policies
  /** The policies of each registration that a URI may be read from. Empty: there is none. */
  readonly readable: (uri: string) => ReadonlyArray<Policies>
  /** Reads the URIs of requests as the server does. */
  readonly resolver: UriResolver
  /** Whether somebody without a token may be let in to this. */
  readonly mayBeAnonymous: (method: string, target: string) => boolean
  /** Whether callers without a token may use this, whatever they do with it: nothing else will judge it later. */
  readonly isAnonymous: (method: string, target: string) => boolean
  /** Whether there is something for somebody without a token, whatever they do with it. */
  readonly admitsAnonymous: () => boolean
  /** The same, or something that there may be for them. */
  readonly mayAdmitAnonymous: () => boolean
  /** All policies of everything that is registered. */
  readonly policies: () => ReadonlyArray<Any>
  /** All scopes that any policy speaks of. */
  readonly scopes: () => ReadonlyArray<string>
}

/** Finds by name in a list that grows. What replaces something stands in its place. */
const finder = <A>(list: () => ReadonlyArray<A>, nameOf: (a: A) => string) => {
  const places = new Map<string, number>()
  let known = 0
  return (name: string): A | undefined => {
    const all = list()
    for (; known < all.length; known++) {
      const a = all[known]
      if (a !== undefined) places.set(nameOf(a), known)
    }
    const place = places.get(name)
    return place === undefined ? undefined : all[place]
  }
}

const everything = ({ prompts, resourceTemplates, resources, tools }: Server): ReadonlyArray<Annotated> => [
  ...tools,
  ...resources,
  ...resourceTemplates,
  ...prompts
]

const policiesOf = (fallback: Any) => ({ annotations }: Annotated): Policies => {
  const guards = Context.get(annotations, Guards)
  const own = Context.getOrUndefined(annotations, ToolPolicy)
  return { own: own ?? (guards.length === 0 ? fallback : undefined), guards }
}

const all = ({ guards, own }: Policies): ReadonlyArray<Any> => own === undefined ? guards : [own, ...guards]

/** Every registration has at least one policy: the default is there where nothing else is. */
const isOpen = (policies: Policies, byOperation: boolean): boolean =>
  all(policies).every((one) => admitsAnonymous(one, byOperation))

/** What is there for some clients only. For others, the server goes on to the next that might be meant. */
const isConditional = ({ annotations }: Annotated): boolean =>
  Context.getOrUndefined(annotations, McpSchema.EnabledWhen) !== undefined

/** What may be meant of what was found, in the order in which the server looks at it. */
const meant = (found: ReadonlyArray<Annotated>): ReadonlyArray<Annotated> => {
  const certain = found.findIndex((one) => !isConditional(one))
  return certain === -1 ? found : found.slice(0, certain + 1)
}

/** What a request may be about: one, or several where that depends on who asks. */
const targets = (server: Server) => {
  const tool = finder(() => server.tools, ({ tool }) => tool.name)
  const prompt = finder(() => server.prompts, ({ prompt }) => prompt.name)
  const resource = finder(() => server.resources, ({ resource }) => resource.uri)
  const template = finder(() => server.resourceTemplates, ({ template }) => template.uriTemplate)
  const { matches } = uriResolverOf(server)
  return (method: string, target: string, isTemplate: boolean): ReadonlyArray<Annotated> => {
    if (method.startsWith("tools/")) return Arr.fromNullishOr(tool(target))
    if (method.startsWith("prompts/")) return Arr.fromNullishOr(prompt(target))
    if (method === "resources/list") return Arr.fromNullishOr(resource(target))
    if (method === "resources/templates/list") return Arr.fromNullishOr(template(target))
    if (method === "completion/complete") return Arr.fromNullishOr(isTemplate ? template(target) : prompt(target))
    const exact = Arr.fromNullishOr(resource(target))
    const matching = server.resourceTemplates.filter((template) => matches(template, target))
    return meant([...exact, ...matching])
  }
}

/** Where it is not certain what is meant, the default holds for all of it, and guards are left to themselves. */
const common = (candidates: ReadonlyArray<Policies>, fallback: Any): Policies => {
  const [only = { own: fallback, guards: [] }, ...others] = candidates
  if (others.length === 0) return only
  return { own: candidates.find(({ own }) => own !== undefined)?.own, guards: [] }
}

/** Reads what is registered with a server, whenever it is asked. */
export const registrations = (server: Server, fallback: Any): Registrations => {
  const find = targets(server)
  const policies = policiesOf(fallback)
  const found = (...[method, target, isTemplate]: Parameters<typeof find>) =>
    find(method, target, isTemplate).map(policies)
  const everyone = () => everything(server).map(policies)
  return {
    resolver: uriResolverOf(server),
    readable: (uri) => found("resources/read", uri, false),
    policiesOf: ({ method, payload, target }) => {
      const candidates = found(method, target, completesTemplate(payload))
      // What is asked for is there. What cannot be found was registered by hand, in ways that only templates can be.
      const all = candidates.length === 0 ? server.resourceTemplates.map(policies) : candidates
      return common(all, fallback)
    },
    mayBeAnonymous: (method, target) => {
      const isCompletion = method === "completion/complete"
      const candidates = [...found(method, target, false), ...(isCompletion ? found(method, target, true) : [])]
      // A completion is judged like a list, which shows nothing that only an operation could open to anonymous callers.
      return candidates.some((one) => isOpen(one, !isCompletion))
    },
    isAnonymous: (method, target) => {
      const candidates = found(method, target, false)
      return candidates.length > 0 && candidates.every((one) => isOpen(one, false))
    },
    admitsAnonymous: () => everyone().some((one) => isOpen(one, false)),
    mayAdmitAnonymous: () => everyone().some((one) => isOpen(one, true)),
    policies: () => everyone().flatMap(all),
    scopes: () => Arr.dedupe(everyone().flatMap((one) => all(one).flatMap(scopesOf)))
  }
}

const none: Registrations = {
  policiesOf: () => ({ own: undefined, guards: [] }),
  readable: () => [],
  resolver: uriResolverOf({ resources: [], resourceTemplates: [] }),
  mayBeAnonymous: () => false,
  isAnonymous: () => false,
  admitsAnonymous: () => false,
  mayAdmitAnonymous: () => false,
  policies: () => [],
  scopes: () => []
}

/**
 * What is registered with the server behind a gate. The gate is built first, so that nothing is served without it; until the
 * server is there as well, there is nothing.
 */
export class Registered extends Context.Service<Registered, MutableRef.MutableRef<Registrations>>()(
  "@effect-mcp-auth/core/server/internal/registrations/Registered"
) {
  /** One for each gate. */
  static readonly layer = () => Layer.sync(Registered, () => MutableRef.make(none))
}
