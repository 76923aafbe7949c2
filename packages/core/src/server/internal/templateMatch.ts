import * as FindMyWay from "effect/http/FindMyWay"
import * as Option from "effect/Option"

/** The route that a server makes of a template: parameters are numbered, and the first colon of each literal is one. */
const routeOf = (uriTemplate: string): FindMyWay.PathInput => {
  const [head = "", ...literals] = uriTemplate.split(/\{[^}]*\}/).map((literal) => literal.replace(":", "::"))
  return `/${head}${literals.map((literal, index) => `:${index}${literal}`).join("")}`
}

/** What was registered by hand may have a template that is no route: it is found by nothing that is known here. */
const makeRouter = Option.liftThrowable((uriTemplate: string): FindMyWay.Router<true> => {
  const router = FindMyWay.make<true>({ ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, caseSensitive: true })
  router.on("GET", routeOf(uriTemplate), true)
  return router
})

/** Whether a URI is one of a template, by what `McpServer` reads into both: a router, with all that it means by a path. */
export const templateMatcher = () => {
  const routers = new Map<string, Option.Option<FindMyWay.Router<true>>>()
  return (uriTemplate: string, uri: string): boolean => {
    const router = routers.get(uriTemplate) ?? makeRouter(uriTemplate)
    routers.set(uriTemplate, router)
    return Option.exists(router, (router) => router.find("GET", `/${uri}`) !== undefined)
  }
}
