import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"

/** A router that reports the paths of the routes that are added to it, and the services that are there at that time. */
export const recording = (
  router: HttpRouter.HttpRouter,
  report: (path: string, services: Context.Context<never>) => void,
  prefix = ""
): HttpRouter.HttpRouter =>
  HttpRouter.HttpRouter.of({
    ...router,
    prefixed: (more) => recording(router.prefixed(more), report, `${prefix}${more.replace(/\/$/, "")}`),
    add: (method, path, handler, options) =>
      Effect.contextWith((services: Context.Context<never>) => {
        report(`${prefix}${path}`, services)
        return router.add(method, path, handler, options)
      }),
    addAll: (routes) =>
      Effect.contextWith((services: Context.Context<never>) => {
        for (const { path } of routes) report(`${prefix}${path}`, services)
        return router.addAll(routes)
      })
  })
