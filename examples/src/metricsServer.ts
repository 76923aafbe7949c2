/**
 * The protected server, with its metrics beside it for Prometheus to scrape.
 *
 * Keep `/metrics` where only Prometheus gets: it says how often logins fail, and why.
 */
import * as Layer from "effect/Layer"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import * as NotesServer from "./NotesServer.ts"

/** The server and its metrics, for whatever HTTP server is there. */
export const layer = (options: NotesServer.Options) =>
  Layer.merge(NotesServer.layer(options), PrometheusMetrics.layerHttp({ path: "/metrics" }))
