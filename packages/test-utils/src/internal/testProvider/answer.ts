import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Fault } from "../../Fault.ts"

/** A response before it is sent. Faults change it in order. */
export interface Answer {
  /** Runs before the response. Fails with the code of a connection error. */
  readonly before: Effect.Effect<void, string>
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly document: Schema.JsonObject
  readonly body: (document: Schema.JsonObject) => Stream.Stream<Uint8Array, string>
}

const encoder = new TextEncoder()
const json = Schema.encodeSync(Schema.fromJsonString(Schema.JsonObject))

const bytesOf = (content: string | Uint8Array): Stream.Stream<Uint8Array> => {
  const bytes = typeof content === "string" ? encoder.encode(content) : content
  return bytes.length === 0 ? Stream.empty : Stream.succeed(bytes)
}

/** The response without faults. */
export const healthy = (document: Schema.JsonObject, headers: Readonly<Record<string, string>>): Answer => ({
  before: Effect.void,
  status: 200,
  headers: { "content-type": "application/json", ...headers },
  document,
  body: (document) => bytesOf(json(document))
})

const chunk = 64 * 1024

/** White space fills the body and keeps the JSON before it valid. */
const padding = (bytes: number): Stream.Stream<Uint8Array> =>
  Stream.unfold(0, (sent) => {
    const size = Math.min(chunk, bytes - sent)
    return Effect.succeed(size <= 0 ? undefined : [new Uint8Array(size).fill(0x20), sent + size] as const)
  })

const half = (document: Schema.JsonObject): Stream.Stream<Uint8Array> => {
  const text = json(document)
  return bytesOf(text.slice(0, text.length / 2))
}

const byteByByte = (document: Schema.JsonObject, fault: Extract<Fault, { readonly _tag: "SlowBody" }>) =>
  Stream.fromIterable(encoder.encode(json(document))).pipe(
    Stream.rechunk(1),
    Stream.mapEffect((byte) => Effect.as(Effect.sleep(fault.every), new Uint8Array([byte])))
  )

/** Applies a fault to a response. */
export const suffer = (answer: Answer, fault: Fault): Answer => {
  switch (fault._tag) {
    case "Status":
      return { ...answer, status: fault.status, headers: fault.headers, body: () => Stream.empty }
    case "Delay":
      return { ...answer, before: Effect.andThen(answer.before, Effect.sleep(fault.duration)) }
    case "ConnectionError":
      return { ...answer, before: Effect.andThen(answer.before, Effect.fail(fault.code)) }
    case "Redirect":
      return { ...answer, status: fault.status, headers: { location: fault.location }, body: () => Stream.empty }
    case "Body":
      return { ...answer, headers: { "content-type": fault.contentType }, body: () => bytesOf(fault.content) }
    case "TruncatedBody":
      return {
        ...answer,
        body: (document) => fault.broken ? Stream.concat(half(document), Stream.fail("ECONNRESET")) : half(document)
      }
    case "HugeBody":
      return {
        ...answer,
        headers: { ...answer.headers, ...(fault.announced ? { "content-length": String(fault.bytes) } : {}) },
        body: (document) => Stream.concat(bytesOf(json(document)), padding(fault.bytes - json(document).length))
      }
    case "SlowBody":
      return { ...answer, body: (document) => byteByByte(document, fault) }
    case "Document":
      return { ...answer, document: fault.change(answer.document) }
    case "Headers":
      return { ...answer, headers: { ...answer.headers, ...fault.headers } }
    case "All":
      return fault.faults.reduce(suffer, answer)
  }
}
