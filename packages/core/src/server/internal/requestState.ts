import * as McpSchema from "effect/ai/McpSchema"
import * as McpServer from "effect/ai/McpServer"
import * as Mac from "effect/crypto/Mac"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { AuthInfo, principal } from "../../token/AuthInfo.ts"

const encoder = new TextEncoder()

/** What a state is bound to: who asked, and for what. Lengths keep the parts apart. */
const bound = (parts: ReadonlyArray<string>): Uint8Array =>
  encoder.encode(parts.map((part) => `${part.length}:${part}`).join(""))

const unknownState = new McpSchema.InvalidParams({ message: "Unknown requestState" })

/** Seals and opens states with one key. */
const sealer = Effect.fnUntraced(function*(secret: Redacted.Redacted | undefined) {
  const mac = yield* Mac.Mac
  const key = yield* secret === undefined
    ? mac.generateKey(Mac.hmacSha256)
    : Mac.key(Mac.hmacSha256, encoder.encode(Redacted.value(secret)))
  return {
    seal: (state: string, binding: ReadonlyArray<string>) =>
      Effect.map(
        Effect.orDie(mac.sign(key, bound([...binding, state]))),
        (tag) => `${Base64Url.encode(tag)}.${state}`
      ),
    open: (sealed: string, binding: ReadonlyArray<string>) => {
      const [tag = "", ...rest] = sealed.split(".")
      const state = rest.join(".")
      const decoded = Base64Url.decode(tag)
      // In its only spelling: a decoder that ignores the bits that are left over reads many texts as one seal.
      const isOurs = Result.isSuccess(decoded) && Base64Url.encode(decoded.success) === tag
        ? Effect.orDie(mac.verify(key, decoded.success, bound([...binding, state])))
        : Effect.succeed(false)
      return Effect.flatMap(isOurs, (isOurs) => isOurs ? Effect.succeed(state) : Effect.fail(unknownState))
    }
  }
}, Effect.provide(Layer.provide(Mac.layerWebCrypto, SecureRandom.layerWebCrypto)))

type Respond = Effect.Effect<McpServer.MiddlewareSuccess, McpSchema.McpErrorBase>

/** Seals the state of a continuation. The result is opaque by its type, but a state has to be sealed before it is sent. */
const sealResult = (
  result: McpServer.MiddlewareSuccess,
  seal: (state: string) => Effect.Effect<string>
): Effect.Effect<McpServer.MiddlewareSuccess> => {
  const answer: unknown = result
  if (!(answer instanceof McpSchema.InputRequired) || answer.requestState === undefined) return Effect.succeed(result)
  return Effect.map(
    seal(answer.requestState),
    // What replaces the continuation is one as well.
    (state) => new McpSchema.InputRequired({ ...answer, requestState: state }) as unknown as McpServer.MiddlewareSuccess
  )
}

/**
 * The states that handlers hand out with `InputRequired` (MCP 2026-07-28) come back from whoever has them. Each is sealed
 * for the principal and the operation it was made for, so that to anybody else it does not exist. Handlers see none of it.
 */
export const requestState = (secret: Redacted.Redacted | undefined) =>
  McpServer.middleware(Effect.gen(function*() {
    const { open, seal } = yield* Effect.orDie(sealer(secret))
    return (respond: Respond, { method, requestContext, target }: McpServer.MiddlewareOptions): Respond => {
      // A list has no state to go on from.
      if (method.endsWith("/list")) return respond
      const bindingOf = (info: AuthInfo["Service"]) => [principal(info), method, target]
      const goesOn = Effect.flatMap(Effect.serviceOption(AuthInfo), (info) => {
        const { requestState: sealed } = requestContext
        // Without an HTTP request there is nobody to bind a state to.
        if (Option.isNone(info) || sealed === undefined) return respond
        return Effect.flatMap(open(sealed, bindingOf(info.value)), (opened) =>
          Effect.provideService(
            respond,
            McpSchema.McpRequestContext,
            McpSchema.McpRequestContext.of({ ...requestContext, requestState: opened })
          ))
      })
      return Effect.flatMap(requestContext.requestState === undefined ? respond : goesOn, (result) =>
        sealResult(result, (state) =>
          Effect.flatMap(Effect.serviceOption(AuthInfo), (info) =>
            Option.isNone(info) ? Effect.succeed(state) : seal(state, bindingOf(info.value)))))
    }
  }))
