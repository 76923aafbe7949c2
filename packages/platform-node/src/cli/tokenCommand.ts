import * as ClientRegistration from "@effect-mcp-auth/core/ClientRegistration"
import * as Issuer from "@effect-mcp-auth/core/Issuer"
import * as Login from "@effect-mcp-auth/core/Login"
import * as Repairs from "@effect-mcp-auth/core/Repairs"
import { isScopeToken } from "@effect-mcp-auth/core/ScopeHierarchy"
import * as Validation from "@effect-mcp-auth/core/Validation"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as NodeMcpAuth from "../NodeMcpAuth.ts"
import { repairsOf } from "./check.ts"
import { loginFailed, misused } from "./exit.ts"
import { harmless } from "./paint.ts"
import { userAgentFlags, userAgentLayer } from "./userAgent.ts"

const flags = {
  issuer: Flag.String("issuer").pipe(Flag.withDescription("The issuer of a provider on this machine")),
  resource: Flag.String("resource").pipe(
    Flag.withDescription("The URL of the MCP server that the token is for (RFC 8707)"),
    Flag.optional
  ),
  scopes: Flag.String("scope").pipe(
    Flag.withDescription("The scopes of the token, separated by spaces. Default: the provider chooses them"),
    Flag.map((text) => text.split(" ")),
    Flag.filter(
      (scopes) => scopes.every(isScopeToken),
      () => "--scope is a list of scopes, separated by one space, such as \"notes:read notes:write\""
    ),
    Flag.withDefault([])
  ),
  clientId: Flag.String("client-id").pipe(
    Flag.withDescription("A public client that is registered at the provider. Default: dynamic registration"),
    Flag.optional
  ),
  repairs: Flag.Literals("repair", [...Repairs.byName.keys()]).pipe(
    Flag.withDescription("A repair of the metadata to apply; repeatable"),
    Flag.atLeast(0)
  ),
  ...userAgentFlags
}

/** Whether a URL leads to this machine. The rule for issuers accepts http on no other host. */
const isOnLoopback = (url: string): boolean =>
  URL.canParse(url) &&
  Result.isSuccess(Issuer.makeResult(`http://${new URL(url).host}`, { allowInsecureLoopback: true }))

/** A document on loopback that sends the user or the code elsewhere is not that of a provider on this machine. */
const onLoopback = Validation.rule({
  code: "endpoint_elsewhere",
  severity: "error",
  since: "2025-03-26",
  reference: "https://datatracker.ietf.org/doc/html/rfc8252#section-8.3",
  holds: "every endpoint for a login is on this machine",
  advice: "mcp-auth token is for providers on this machine; log in to another one with a client of yours",
  check: ({ metadata: { authorizationEndpoint, registrationEndpoint, tokenEndpoint } }) => {
    const elsewhere = [authorizationEndpoint, tokenEndpoint, registrationEndpoint]
      .filter((url) => url !== undefined && !isOnLoopback(url))
    return elsewhere.length === 0 ? "holds" : `not on loopback: ${elsewhere.join(", ")}`
  }
})

const notOnLoopback = (issuer: string) =>
  new Error(
    `${
      harmless(issuer)
    } is not on loopback: mcp-auth token gets tokens of a provider on this machine only, for development. ` +
      "Pass an issuer such as http://127.0.0.1:4444"
  )

/** `mcp-auth token` */
export const tokenCommand = Command.make(
  "token",
  flags,
  Effect.fnUntraced(function*({ clientId, issuer, repairs, resource, scopes, ...input }) {
    if (!isOnLoopback(issuer)) return yield* misused(notOnLoopback(issuer))
    const { accessToken, expiresAt, scopes: granted } = yield* Login.logIn({
      issuer,
      resource: Option.getOrUndefined(resource),
      scopes,
      registration: Option.match(clientId, {
        onNone: () => ClientRegistration.dynamic({ clientName: "mcp-auth token" }),
        onSome: (clientId) => ClientRegistration.preregistered({ issuer, clientId })
      }),
      discovery: { transpileData: repairsOf(repairs), validation: { rules: [onLoopback] } },
      allowInsecureLoopback: true
    }).pipe(
      Effect.provide([
        userAgentLayer(input),
        NodeMcpAuth.layerWith({ allow: ["loopback"] })
      ]),
      Effect.catch(loginFailed)
    )
    const until = expiresAt === undefined ? "" : `, until ${DateTime.formatIso(DateTime.makeUnsafe(expiresAt))}`
    yield* Console.error(`An access token with the scopes "${harmless(granted.join(" "))}"${until}:`)
    yield* Console.log(Redacted.value(accessToken))
  })
).pipe(
  Command.withDescription(
    "Log in to a provider on this machine, and print an access token to standard output. For development"
  ),
  Command.withExamples([
    {
      command: "mcp-auth token --issuer http://127.0.0.1:4444 --resource http://localhost:3000/mcp --scope notes:read",
      description: "Get a token for a server in development"
    },
    {
      command: "TOKEN=$(mcp-auth token --issuer http://127.0.0.1:8080/realms/notes --client-id notes-cli --port 8765)",
      description: "Get a token with a client that is registered for http://127.0.0.1:8765/callback"
    }
  ])
)
