import * as FindMyWay from "effect/http/FindMyWay"

/** The route that a server makes of a template: parameters are numbered, and the first colon of each literal is one. */
const routeOf = (uriTemplate: string): FindMyWay.PathInput => {
  const [head = "", ...literals] = uriTemplate.split(/\{[^}]*\}/).map((literal) => literal.replace(":", "::"))
  return `/${head}${literals.map((literal, index) => `:${index}${literal}`).join("")}`
}

/** Whether a URI is one of a template, as `McpServer` reads both: by a router of its own, with everything that reads into a path. */
export const templateMatcher = () => {
  const routers = new Map<string, FindMyWay.Router<true>>()
  const routerOf = (uriTemplate: string): FindMyWay.Router<true> => {
    const known = routers.get(uriTemplate)
    if (known !== undefined) return known
    const router = FindMyWay.make<true>({ ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, caseSensitive: true })
    router.on("GET", routeOf(uriTemplate), true)
    routers.set(uriTemplate, router)
    return router
  }
  return (uriTemplate: string, uri: string): boolean => routerOf(uriTemplate).find("GET", `/${uri}`) !== undefined
}
