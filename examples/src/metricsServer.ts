/**
 * The protected server, with its metrics beside it for Prometheus to scrape.
 *
 * Make `/metrics` reachable only for Prometheus: it shows how often authentication fails, and why.
 */
import * as Layer from "effect/Layer"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import * as NotesServer from "./NotesServer.ts"

/** The server and its metrics as a layer, for any HTTP server. */
export const layer = (options: NotesServer.Options) =>
  Layer.merge(NotesServer.layer(options), PrometheusMetrics.layerHttp({ path: "/metrics" }))
