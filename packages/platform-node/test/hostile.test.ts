import { listen } from "@effect-mcp-auth/examples/loopback"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { execFile } from "node:child_process"
import type { RequestListener, ServerResponse } from "node:http"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"

const peak = fileURLToPath(new URL("fixtures/peak.ts", import.meta.url))

const Ended = Schema.fromJsonString(Schema.Struct({
  outcome: Schema.String,
  reason: Schema.String,
  megabytes: Schema.Finite
}))

const serve = (listener: RequestListener) =>
  Effect.tap(listen(), ({ server }) => Effect.sync(() => server.on("request", listener)))

/** As long as a valid document may be, so that its reader has used all the memory that a valid one needs. */
const document = JSON.stringify({ issuer: "http://localhost", padding: "x".repeat(500_000) })
const packed = gzipSync(document)

const honest: RequestListener = (request, response) => {
  if (request.headers["accept-encoding"]?.includes("gzip") === true) {
    response.writeHead(200, { "content-encoding": "gzip" }).end(packed)
  } else {
    response.end(document)
  }
}

/** The client's result for a hostile server, from a process of its own. */
const endOf = (client: string, { limit = 300_000, listener }: Hostile) =>
  Effect.gen(function*() {
    const good = yield* serve(honest)
    const hostile = yield* serve(listener)
    const stdout = yield* Effect.callback<string>((resume) => {
      execFile(
        process.execPath,
        [peak, client, good.origin, `${hostile.origin}/`, String(limit)],
        (error, stdout, stderr) => {
          resume(error === null ? Effect.succeed(stdout) : Effect.die(stderr))
        }
      )
    })
    return yield* Schema.decodeEffect(Ended)(stdout)
  })

const head = (response: ServerResponse, headers: Readonly<Record<string, string>> = {}) =>
  response.writeHead(200, { "content-type": "application/json", ...headers })

const chunk = Buffer.alloc(64 * 1024, " ")

/** As many bytes as fit, then as many again: the process holds no more than the socket accepts. */
const pour = (response: ServerResponse, bytes: number): void => {
  let left = bytes
  const more = (): void => {
    while (left > 0 && !response.destroyed) {
      left -= chunk.length
      if (!response.write(chunk)) return
    }
    response.end()
  }
  response.on("drain", more)
  more()
}

const bomb = gzipSync(Buffer.alloc(200_000_000))

interface Hostile {
  readonly name: string
  readonly listener: RequestListener
  /** The time limit in milliseconds, where nothing else ends the request. Default: none. */
  readonly limit?: number
  /** By client: undici does not decompress what it did not request, fetch does. */
  readonly ends: { readonly undici: string; readonly fetch: string }
}

const hostile: ReadonlyArray<Hostile> = [
  {
    name: "a slow loris, one byte per second",
    listener: (_, response) => {
      head(response)
      const drip = Effect.sync(() => response.write(" ")).pipe(Effect.delay("1 second"), Effect.forever, Effect.runFork)
      response.on("close", () => drip.interruptUnsafe())
      response.write("{")
    },
    limit: 1000,
    ends: { undici: "Transient Timeout", fetch: "Transient Timeout" }
  },
  {
    name: "a server that accepts and says nothing",
    listener: () => {},
    limit: 1000,
    ends: { undici: "Transient Timeout", fetch: "Transient Timeout" }
  },
  {
    name: "a body of 100 MB",
    listener: (_, response) => {
      head(response)
      pour(response, 100_000_000)
    },
    ends: { undici: "Refused BodyTooLarge", fetch: "Refused BodyTooLarge" }
  },
  {
    name: "an announced body of 100 MB",
    listener: (_, response) => {
      head(response, { "content-length": "100000000" })
      pour(response, 100_000_000)
    },
    ends: { undici: "Refused BodyTooLarge", fetch: "Refused BodyTooLarge" }
  },
  {
    name: "an endless redirect",
    listener: (request, response) => {
      response.writeHead(302, { location: `${request.url ?? ""}x` })
      response.end()
    },
    ends: { undici: "Refused Redirect", fetch: "Refused Redirect" }
  },
  {
    name: "a redirect to the cloud's metadata service",
    listener: (_, response) => {
      response.writeHead(302, { location: "http://169.254.169.254/latest/meta-data" })
      response.end()
    },
    ends: { undici: "Refused Redirect", fetch: "Refused Redirect" }
  },
  {
    name: "a gzip bomb of 200 MB",
    listener: (_, response) => {
      head(response, { "content-encoding": "gzip" })
      response.end(bomb)
    },
    ends: { undici: "Refused NotMetadata", fetch: "Refused BodyTooLarge" }
  },
  {
    name: "headers of 1 MB",
    listener: (_, response) => {
      head(response, Object.fromEntries(Array.from({ length: 64 }, (_, index) => [`x-${index}`, "a".repeat(16_000)])))
      response.end("{}")
    },
    ends: { undici: "Transient Transport", fetch: "Transient Transport" }
  }
]

describe("a hostile server is refused within the limits, and with less than 20 MB of memory", () => {
  for (const one of hostile) {
    for (const client of ["undici", "fetch"] as const) {
      it.live(`${one.name}, requested by ${client}`, () =>
        Effect.gen(function*() {
          const { megabytes, outcome, reason } = yield* endOf(client, one)
          // If the time limit ends it, nothing else would have; otherwise the time limit was not reached.
          assert.strictEqual(`${outcome} ${reason}`, one.ends[client])
          assert.isBelow(megabytes, 20)
        }))
    }
  }
})
