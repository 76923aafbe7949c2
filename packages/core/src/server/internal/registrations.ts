import * as McpSchema from "effect/ai/McpSchema"
import type * as McpServer from "effect/ai/McpServer"
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import * as MutableRef from "effect/MutableRef"
import type { Policies } from "../../policy/internal/access.ts"
import { completesTemplate, Guards, ToolPolicy } from "../../policy/internal/enforce.ts"
import { admitsAnonymous, type Any, scopesOf } from "../../policy/internal/model.ts"
import { type UriResolver, uriResolverOf } from "../../policy/internal/resourceUri.ts"

type Server = McpServer.McpServer["Service"]
type Annotated = { readonly annotations: Context.Context<never> }

/** The registrations of a server with their policies. */
export interface Registrations {
  /** The policies that the server must enforce. Other guards enforce themselves. */
  readonly policiesOf: (request: Pick<McpServer.MiddlewareOptions, "method" | "payload" | "target">) => Policies
  /** The policies of each registration that can serve a URI. Empty: there is none. */
  readonly readable: (uri: string) => ReadonlyArray<Policies>
  /** Reads the URIs of requests as the server does. */
  readonly resolver: UriResolver
  /** Whether an anonymous caller may be allowed to use this target. The policy decides later. */
  readonly mayBeOpenTarget: (method: string, target: string) => boolean
  /** Whether anonymous callers may use this target in every operation. No policy is evaluated later. */
  readonly isOpenTarget: (method: string, target: string) => boolean
  /** Whether anonymous callers may use any target in every operation. */
  readonly hasOpenTarget: () => boolean
  /** Whether anonymous callers may be allowed to use any target. */
  readonly mayHaveOpenTarget: () => boolean
  /** The policies of all registrations. */
  readonly policies: () => ReadonlyArray<Any>
  /** The scopes in all policies. */
  readonly scopes: () => ReadonlyArray<string>
}

/** Finds entries of a growing list by name. A replacement has the position of the entry that it replaces. */
const indexByName = <A>(list: () => ReadonlyArray<A>, nameOf: (a: A) => string) => {
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

const allRegistrations = ({ prompts, resourceTemplates, resources, tools }: Server): ReadonlyArray<Annotated> => [
  ...tools,
  ...resources,
  ...resourceTemplates,
  ...prompts
]

/** Reads the policies of a registration once: its annotations never change. */
const policiesOf = (fallback: Any) => {
  const known = new WeakMap<Annotated, Policies>()
  return (registration: Annotated): Policies => {
    const before = known.get(registration)
    if (before !== undefined) return before
    const guards = Context.get(registration.annotations, Guards)
    const own = Context.getOrUndefined(registration.annotations, ToolPolicy)
    const policies = { own: own ?? (guards.length === 0 ? fallback : undefined), guards }
    known.set(registration, policies)
    return policies
  }
}

const all = ({ guards, own }: Policies): ReadonlyArray<Any> => own === undefined ? guards : [own, ...guards]

/** Whether anonymous callers may use a registration. Each has at least one policy, because the default applies otherwise. */
const isOpen = (policies: Policies, byOperation: boolean): boolean =>
  all(policies).every((one) => admitsAnonymous(one, byOperation))

/** Whether a registration exists for some clients only. For others, the server uses the next one that matches. */
const isConditional = ({ annotations }: Annotated): boolean =>
  Context.getOrUndefined(annotations, McpSchema.EnabledWhen) !== undefined

/** The registrations that a request can reach, in the order in which the server tries them. */
const possibleTargets = (found: ReadonlyArray<Annotated>): ReadonlyArray<Annotated> => {
  const certain = found.findIndex((one) => !isConditional(one))
  return certain === -1 ? found : found.slice(0, certain + 1)
}

/** The registrations that a request can reach: one, or several if it depends on the client. */
const targetsOf = (server: Server) => {
  const tool = indexByName(() => server.tools, ({ tool }) => tool.name)
  const prompt = indexByName(() => server.prompts, ({ prompt }) => prompt.name)
  const resource = indexByName(() => server.resources, ({ resource }) => resource.uri)
  const template = indexByName(() => server.resourceTemplates, ({ template }) => template.uriTemplate)
  const { matches } = uriResolverOf(server)
  return (method: string, target: string, isTemplate: boolean): ReadonlyArray<Annotated> => {
    if (method.startsWith("tools/")) return Arr.fromNullishOr(tool(target))
    if (method.startsWith("prompts/")) return Arr.fromNullishOr(prompt(target))
    if (method === "resources/list") return Arr.fromNullishOr(resource(target))
    if (method === "resources/templates/list") return Arr.fromNullishOr(template(target))
    if (method === "completion/complete") return Arr.fromNullishOr(isTemplate ? template(target) : prompt(target))
    const exact = Arr.fromNullishOr(resource(target))
    const matching = server.resourceTemplates.filter((template) => matches(template, target))
    return possibleTargets([...exact, ...matching])
  }
}

/** If several registrations are possible, the default policy applies to all of them, and guards enforce themselves. */
const commonPolicies = (candidates: ReadonlyArray<Policies>, fallback: Any): Policies => {
  const [only = { own: fallback, guards: [] }, ...others] = candidates
  if (others.length === 0) return only
  return { own: candidates.find(({ own }) => own !== undefined)?.own, guards: [] }
}

/** Reads the registrations of a server at each call, because they can change. */
export const registrations = (server: Server, fallback: Any): Registrations => {
  const find = targetsOf(server)
  const policies = policiesOf(fallback)
  const found = (...[method, target, isTemplate]: Parameters<typeof find>) =>
    find(method, target, isTemplate).map(policies)
  const allPolicies = () => allRegistrations(server).map(policies)
  return {
    resolver: uriResolverOf(server),
    readable: (uri) => found("resources/read", uri, false),
    policiesOf: ({ method, payload, target }) => {
      const candidates = found(method, target, completesTemplate(payload))
      // The server found a target. If it is not in the lists, it was registered as a template by other means.
      const all = candidates.length === 0 ? server.resourceTemplates.map(policies) : candidates
      return commonPolicies(all, fallback)
    },
    mayBeOpenTarget: (method, target) => {
      const isCompletion = method === "completion/complete"
      const candidates = [...found(method, target, false), ...(isCompletion ? found(method, target, true) : [])]
      // A completion is evaluated like a list, so policies that depend on the operation do not open it.
      return candidates.some((one) => isOpen(one, !isCompletion))
    },
    isOpenTarget: (method, target) => {
      const candidates = found(method, target, false)
      return candidates.length > 0 && candidates.every((one) => isOpen(one, false))
    },
    hasOpenTarget: () => allPolicies().some((one) => isOpen(one, false)),
    mayHaveOpenTarget: () => allPolicies().some((one) => isOpen(one, true)),
    policies: () => allPolicies().flatMap(all),
    scopes: () => Arr.dedupe(allPolicies().flatMap((one) => all(one).flatMap(scopesOf)))
  }
}

const none: Registrations = {
  policiesOf: () => ({ own: undefined, guards: [] }),
  readable: () => [],
  resolver: uriResolverOf({ resources: [], resourceTemplates: [] }),
  mayBeOpenTarget: () => false,
  isOpenTarget: () => false,
  hasOpenTarget: () => false,
  mayHaveOpenTarget: () => false,
  policies: () => [],
  scopes: () => []
}

/**
 * The registrations of the server behind a gate. The gate is built before the server, so that nothing is served without it.
 * Until the server is built, there are no registrations.
 */
export class Registered extends Context.Service<Registered, MutableRef.MutableRef<Registrations>>()(
  "@effect-mcp-auth/core/server/internal/registrations/Registered"
) {
  /** A new instance for each gate. */
  static readonly layer = () => Layer.sync(Registered, () => MutableRef.make(none))
}
