import type { buildConnector } from "@effect/platform-node/Undici"
import * as Effect from "effect/Effect"
import type { SecureContext } from "node:tls"
import { authoritiesOf, InvalidTlsOptions, makeContext, type TlsOptions } from "../TlsOptions.ts"

/** The TLS contexts of an HTTP client. `undefined`: Node's own context. */
export interface TlsContexts {
  /** For all origins without a context of their own. */
  readonly common: SecureContext | undefined
  /** With the authorities for all origins, and without a client certificate, which is for providers. */
  readonly authorities: SecureContext | undefined
  readonly byOrigin: ReadonlyMap<string, SecureContext | undefined>
}

const contextOfOrigin = Effect.fnUntraced(function*(origin: string, own: TlsOptions, common: TlsOptions) {
  const option = `origins["${origin}"]`
  if (!URL.canParse(origin) || !origin.startsWith("https:") || new URL(origin).origin !== origin) {
    return yield* new InvalidTlsOptions({ option, reason: "not-an-origin" })
  }
  const isClient = own.cert !== undefined || own.key !== undefined
  const { cert, key } = isClient ? own : common
  const ca = [...authoritiesOf(common.ca), ...authoritiesOf(own.ca)]
  return [
    origin,
    yield* makeContext({ ca: ca.length === 0 ? undefined : ca, cert, key }, `${option}.`)
  ] as const
})

/** Creates the TLS contexts from the options for all origins and for single origins. */
export const contextsOf = Effect.fnUntraced(function*(
  common: TlsOptions,
  origins: Readonly<Record<string, TlsOptions>>
): Effect.fn.Return<TlsContexts, InvalidTlsOptions> {
  return {
    common: yield* makeContext(common),
    authorities: yield* makeContext({ ca: common.ca }),
    byOrigin: new Map(
      yield* Effect.forEach(Object.entries(origins), ([origin, own]) => contextOfOrigin(origin, own, common))
    )
  }
})

/** Chooses the connector by the origin. Each context has a connector of its own, because connectors resume sessions. */
export const connectorByOrigin = (
  { byOrigin, common }: TlsContexts,
  make: (context: SecureContext | undefined) => buildConnector.connector
): buildConnector.connector => {
  const others = make(common)
  const own = new Map([...byOrigin].map(([origin, context]) => [origin, make(context)]))
  return (target, callback) => {
    const { origin } = new URL(`${target.protocol}//${target.host ?? target.hostname}`)
    return (own.get(origin) ?? others)(target, callback)
  }
}
