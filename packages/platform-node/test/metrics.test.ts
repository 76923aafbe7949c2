import * as MetricsServer from "@effect-mcp-auth/examples/metricsServer"
import { TestProvider } from "@effect-mcp-auth/test-utils"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { HttpEffect, HttpRouter } from "effect/http"

const resource = "https://api.test/mcp"

it.effect("Prometheus reads the numbers of accepted and refused requests, with the reasons", () =>
  Effect.gen(function*() {
    const provider = yield* TestProvider.TestProvider
    const app = yield* HttpRouter.toHttpEffect(MetricsServer.layer({ resource, issuer: provider.issuer }))
    const handle = HttpEffect.toWebHandler(Effect.provideContext(app, yield* Effect.context<never>()))
    const send = (request: Request) => Effect.promise(() => handle(request))
    const call = (authorization: string) => send(new Request(resource, { method: "POST", headers: { authorization } }))
    yield* call(`Bearer ${yield* provider.mint()}`)
    yield* call(`Bearer ${yield* provider.mint({ expiresIn: -3600 })}`)
    yield* call("Basic abc")

    const scraped = yield* send(new Request("https://api.test/metrics"))
    const text = yield* Effect.promise(() => scraped.text())
    assert.match(text, /mcp_auth_decisions_total\{[^}]*decision="allowed"[^}]*\} 1/)
    assert.match(text, /mcp_auth_decisions_total\{[^}]*reason="expired"[^}]*\} 1/)
    assert.match(text, /mcp_auth_decisions_total\{[^}]*reason="MissingCredentials"[^}]*\} 1/)
    assert.match(text, /mcp_auth_verification_seconds_count\S* 3/)
    assert.match(text, /mcp_auth_fetch_seconds_count\{[^}]*asked="keys"[^}]*\} 1/)
  }).pipe(Effect.provide(TestProvider.layer())))
