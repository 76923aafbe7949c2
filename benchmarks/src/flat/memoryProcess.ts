/**
 * Verifies distinct tokens and samples the heap. This measures the memory of a verifier, so signatures are not checked:
 * the signature verifier always succeeds.
 */
import * as Jws from "@effect-mcp-auth/core/Jws"
import * as TokenDigest from "@effect-mcp-auth/core/TokenDigest"
import * as NodeJws from "@effect-mcp-auth/platform-node/NodeJws"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { createHash } from "node:crypto"
import { optionsOf, tell } from "../harness/parent.ts"
import { keysFor } from "../harness/quietProvider.ts"
import { claimsOf, jwkOf, makeKey, quietIssuer } from "../harness/tokens.ts"
import { verifierOf } from "../verification/ours.ts"

const { samples, tokens } = optionsOf(Schema.Struct({ tokens: Schema.Int, samples: Schema.Int }))

const key = makeKey("EdDSA")

const yes = Layer.merge(
  Layer.succeed(Jws.Jws, { prepare: () => Effect.succeed(() => true) }),
  Layer.succeed(TokenDigest.TokenDigest, NodeJws.nodeDigest)
)

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url")

const header = encode({ alg: key.algorithm, typ: "at+jwt", kid: key.kid })

/** Random bytes with the length of an Ed25519 signature. */
const signature = (id: number): string => createHash("sha512").update(String(id)).digest("base64url")

const token = (id: number, now: number): string =>
  `${header}.${encode(claimsOf({ issuer: quietIssuer, id, expiresIn: 3600 }, now))}.${signature(id)}`

const heap = Effect.sync(() => {
  globalThis.gc?.()
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return heapUsed + arrayBuffers
})

const program = Effect.gen(function*() {
  const verify = yield* Effect.provide(verifierOf([quietIssuer], {}), yes)
  const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
  const trace = [{ tokens: 0, heap: yield* heap }]
  const step = Math.ceil(tokens / samples)
  for (let id = 1; id <= tokens; id++) {
    // Only a token that is seen twice is remembered.
    for (let time = 0; time < 2; time++) yield* verify(Redacted.make(token(id, now)))
    if (id % step === 0) trace.push({ tokens: id, heap: yield* heap })
  }
  tell({ trace })
}).pipe(Effect.scoped, Effect.provide(keysFor([jwkOf(key)])))

NodeRuntime.runMain(program)
