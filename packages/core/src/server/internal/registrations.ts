import type * as McpServer from "effect/ai/McpServer"
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import * as MutableRef from "effect/MutableRef"
import { Guards } from "../../policy/internal/guard.ts"
import { admitsAnonymous, scopesOf } from "../../policy/internal/inspect.ts"
import type { Any } from "../../policy/internal/model.ts"
import { ToolPolicy } from "../../policy/internal/toolPolicy.ts"
import { mayMatch } from "./templateMatch.ts"

type Server = McpServer.McpServer["Service"]
type Annotated = { readonly annotations: Context.Context<never> }

/** The policies on one registration: the one that the server has to enforce, and those that enforce themselves. */
interface Policies {
  readonly own: Any | undefined
  readonly guards: ReadonlyArray<Any>
}

/** What is registered with a server, and who may use it. */
export interface Registrations {
  /** The policy that the server has to enforce: the tool's own, or the default where nothing else was said. */
  readonly policyOf: (method: string, target: string) => Any | undefined
  /** Whether somebody without a token may be let in to this. */
  readonly mayBeAnonymous: (method: string, target: string) => boolean
  /** Whether somebody without a token may be let in to anything. */
  readonly admitsAnonymous: () => boolean
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

const policiesOf = (fallback: Any | undefined) => ({ annotations }: Annotated): Policies => {
  const guards = Context.get(annotations, Guards)
  const own = Context.getOrUndefined(annotations, ToolPolicy)
  return { own: own ?? (guards.length === 0 ? fallback : undefined), guards }
}

const all = ({ guards, own }: Policies): ReadonlyArray<Any> => own === undefined ? guards : [own, ...guards]

const isOpen = (policies: Policies): boolean =>
  Arr.isReadonlyArrayNonEmpty(all(policies)) && all(policies).every(admitsAnonymous)

/** What a request may be about. Several where a URI may be that of several templates. */
const targets = (server: Server) => {
  const tool = finder(() => server.tools, ({ tool }) => tool.name)
  const prompt = finder(() => server.prompts, ({ prompt }) => prompt.name)
  const resource = finder(() => server.resources, ({ resource }) => resource.uri)
  const template = finder(() => server.resourceTemplates, ({ template }) => template.uriTemplate)
  return (method: string, target: string): ReadonlyArray<Annotated> => {
    if (method.startsWith("tools/")) return Arr.fromNullishOr(tool(target))
    if (method.startsWith("prompts/")) return Arr.fromNullishOr(prompt(target))
    const exact = method === "completion/complete"
      ? prompt(target) ?? template(target)
      : method === "resources/templates/list"
      ? template(target)
      : resource(target)
    if (exact !== undefined || method !== "resources/read") return Arr.fromNullishOr(exact)
    return server.resourceTemplates.filter(({ template }) => mayMatch(template.uriTemplate, target))
  }
}

/** Reads what is registered with a server, whenever it is asked. */
export const registrations = (server: Server, fallback: Any | undefined): Registrations => {
  const find = targets(server)
  const policies = policiesOf(fallback)
  const found = (method: string, target: string) => find(method, target).map(policies)
  return {
    policyOf: (method, target) => found(method, target).find(({ own }) => own !== undefined)?.own,
    mayBeAnonymous: (method, target) => found(method, target).some(isOpen),
    admitsAnonymous: () => everything(server).some((one) => isOpen(policies(one))),
    scopes: () => Arr.dedupe(everything(server).flatMap((one) => all(policies(one)).flatMap(scopesOf)))
  }
}

const none: Registrations = {
  policyOf: () => undefined,
  mayBeAnonymous: () => false,
  admitsAnonymous: () => false,
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
