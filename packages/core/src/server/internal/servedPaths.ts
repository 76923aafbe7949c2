import * as HttpRouter from "effect/http/HttpRouter"

/** A router that writes down at which paths routes are added to it. */
export const recording = (
  router: HttpRouter.HttpRouter,
  seen: Set<string>,
  prefix = ""
): HttpRouter.HttpRouter =>
  HttpRouter.HttpRouter.of({
    ...router,
    prefixed: (more) => recording(router.prefixed(more), seen, `${prefix}${more.replace(/\/$/, "")}`),
    add: (method, path, handler, options) => {
      seen.add(`${prefix}${path}`)
      return router.add(method, path, handler, options)
    },
    addAll: (routes) => {
      for (const { path } of routes) seen.add(`${prefix}${path}`)
      return router.addAll(routes)
    }
  })
