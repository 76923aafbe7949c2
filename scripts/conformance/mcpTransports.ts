import {
  by,
  may,
  must,
  mustNot,
  notApplicable,
  notImplemented,
  should,
  shouldNot,
  type Specification
} from "./requirement.ts"

const all = (section: string) => `${section} (2025-03-26 and later)`
const sessions = (section: string) => `${section} (2025-03-26 to 2025-11-25)`
const newest = (section: string) => `${section} (2026-07-28)`

/** The suite runs against a protected server, so it shows that the protection keeps what Effect implements. */
const suite = [
  "node/conformanceSuite",
  "`has the same verdicts for a protected server as for an open one, at ${revision}, in every scenario`"
] as const

const unguarded = "a gap of Effect's own server, with and without protection"

/** The requirements of the transport pages that a gate in front of the transport could break. */
export const mcpTransports: Specification = {
  name: "MCP, Transports",
  url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http",
  scope:
    "Security, sessions, headers and status codes of Streamable HTTP, and stdio. Framing and event streams are Effect's " +
    "own; the conformance suite shows that the protection changes nothing about them.",
  requirements: [
    must(
      all("Security"),
      "The `Origin` of every connection is validated.",
      by("effect McpAuth", suite, [
        "core/server/McpAuth.cors",
        "are checked before those of the MCP server, whose refusal a page can read"
      ])
    ),
    must(
      "Security (2025-11-25 and later)",
      "An invalid origin is answered with 403.",
      by("effect", suite, [
        "core/server/McpAuth.cors",
        "are checked before those of the MCP server, whose refusal a page can read"
      ])
    ),
    may(
      "Security (2025-11-25 and later)",
      "The body of that 403 is a JSON-RPC error without `id`.",
      by("effect", suite)
    ),
    should(
      all("Security"),
      "A local server binds to the loopback interface only.",
      notApplicable("the program chooses the address; the examples bind to 127.0.0.1")
    ),
    should(
      all("Security"),
      "Every connection is authenticated.",
      by("McpAuth", [
        "core/server/McpAuth.attacks",
        "`fail with the method ${method}`"
      ], ["types/policy", "and without protect does not compile, because AuthInfo is missing"])
    ),
    must(
      all("Streamable HTTP"),
      "The server has one endpoint path.",
      by("McpAuth", [
        "core/server/McpAuth.attacks",
        "`fail with the spelling ${spelling}, which is the guarded route or no route`"
      ])
    ),
    must(
      all("Sending Messages"),
      "An accepted notification is answered with 202, and a refused one with an error status.",
      by("effect", suite, [
        "core/policy/attach",
        "`a call that is a notification is refused as well, without a response, ${revision}`"
      ])
    ),
    must(all("Sending Messages"), "A request is answered with JSON or with an event stream.", by("effect", suite)),
    must(
      "Sending Messages (2025-03-26 only)",
      "Every request of a batch is answered.",
      by("effect Policy", [
        "core/policy/attach",
        "lets permitted calls finish in their own time, and refuses the others at once"
      ], ["core/server/McpAuth.authInfo", "reaches each entry of a batch of 2025-03-26"])
    ),
    must(
      "Sending Messages (2025-06-18 and later)",
      "A body is one message: there are no batches.",
      by("effect", [
        "core/server/McpAuth.authInfo",
        "`reaches no handler in a batch in ${revision}, which has no batches`"
      ])
    ),
    shouldNot(
      sessions("Sending Messages"),
      "A stream does not end before its response, unless its session does.",
      by("McpAuth", [
        "core/server/McpAuth.streams",
        "`of a tool call in ${revision} that reports progress beyond the expiry of its token ends with its result`"
      ])
    ),
    must(
      sessions("Listening for Messages"),
      "GET is answered with an event stream or 405.",
      by("effect McpAuth", [
        "core/policy/anonymous",
        "`works without one, and has the same responses as with one, in ${revision}`"
      ])
    ),
    may(
      sessions("Listening for Messages"),
      "The server may end the stream of a GET at any time.",
      by("McpAuth", [
        "core/server/McpAuth.streams",
        "with a token that was accepted after its expiry, within the clock tolerance, continues for half a minute"
      ])
    ),
    may(
      sessions("Resumability and Redelivery"),
      "Events have identifiers, and streams are resumed.",
      notImplemented(unguarded)
    ),
    mustNot(
      sessions("Multiple Connections; Resumability"),
      "A message goes to one stream only, and is not replayed on another.",
      by("effect", [
        "core/server/McpAuth.streams",
        "of each of two users ends with their own token"
      ])
    ),
    should(
      sessions("Session Management"),
      "Session identifiers are unique and cryptographically secure.",
      by("effect", [
        "core/server/McpAuth.sessions",
        "cannot be chosen by the client: an id that the server did not create begins no session"
      ])
    ),
    must(sessions("Session Management"), "Session identifiers are visible ASCII.", by("effect", suite)),
    should(
      sessions("Session Management"),
      "A request without the session that it needs is answered with 400.",
      by("effect", suite)
    ),
    must(
      sessions("Session Management"),
      "A request of a session that has ended is answered with 404.",
      by("effect McpAuth", [
        "core/server/McpAuth.sessions",
        "`of ${revision} that its owner ends no longer exists for the owner`"
      ])
    ),
    may(
      sessions("Session Management"),
      "The server ends a session, or refuses to let a client end it.",
      by("effect McpAuth", [
        "core/server/McpAuth.sessions",
        "does not change when the server refuses a termination"
      ], ["core/policy/anonymous", "cannot be ended without a token if it was begun with one: DELETE starts a login"])
    ),
    must(
      "Protocol Version Header (2025-06-18 and later)",
      "An unknown `MCP-Protocol-Version` is answered with 400.",
      by("effect", [
        "core/server/McpAuth.bearer",
        "an unknown revision"
      ])
    ),
    must(
      newest("Protocol Version Header"),
      "A version that differs from the body's is answered with 400.",
      by("effect", suite)
    ),
    may(
      newest("Protocol Version Header"),
      "A request without the header is treated as one of an older revision.",
      by("effect McpAuth", [
        "core/server/McpAuth.sessions",
        "belongs to its principal even if the request that began it named a revision without sessions"
      ])
    ),
    must(
      newest("Server Validation"),
      "A request whose headers differ from its body is refused with 400 and -32020.",
      by("effect", suite)
    ),
    must(
      newest("Server Validation"),
      "Headers are compared with the decoded values of the body.",
      by("effect Policy", [
        "core/policy/attach",
        "`a protected tool in the body stays protected with misleading headers, ${mode.name}`"
      ])
    ),
    should(
      newest("Server Validation"),
      "A policy that reads mirrored headers trusts them only if the revision requires their validation.",
      by("Policy", [
        "core/policy/attach",
        "`a public tool in the body stays public with the name of a protected one in a header, ${mode.name}`"
      ])
    ),
    must(newest("Request Metadata"), "An unknown method is answered with 404.", by("effect", suite)),
    must(
      newest("Cancellation"),
      "Closing the stream of a response cancels its request.",
      by("effect", [
        "core/server/stoppable",
        "ends with its finalizers when its caller is interrupted"
      ])
    ),
    should(
      newest("Earlier Streamable HTTP Revisions"),
      "A server of this revision alone answers GET and DELETE with 405, and creates no sessions.",
      by("effect McpAuth", [
        "core/server/McpAuth.stateless",
        "answers GET and DELETE with 405, ignores session identifiers and makes none"
      ])
    ),
    mustNot(
      all("stdio"),
      "The server writes nothing but messages to its standard output.",
      by("effect McpAuth", [
        "core/server/McpAuth.stdio",
        "runs the same registrations on standard input and output, with the caller from the environment"
      ])
    )
  ]
}

const mrtr = (section: string) => `Multi Round-Trip Requests, ${section} (2026-07-28)`

/** The patterns of 2026-07-28 whose state a client carries or holds open. */
export const mcpPatterns: Specification = {
  name: "MCP, Patterns",
  url: "https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/mrtr",
  scope: "Multi round-trip requests and subscriptions of 2026-07-28.",
  requirements: [
    must(
      mrtr("Server Requirements"),
      "`requestState` is treated as attacker-controlled.",
      by("McpAuth", [
        "core/server/McpAuth.requestState",
        "`that was made up, ${JSON.stringify(requestState)}, is unknown`"
      ])
    ),
    must(
      mrtr("Server Requirements"),
      "The integrity of `requestState` is protected, and a changed state is refused.",
      by("McpAuth", [
        "core/server/McpAuth.requestState",
        "is unknown after any change, and no handler runs"
      ])
    ),
    should(
      mrtr("Server Requirements"),
      "`requestState` is bound to the principal, and the state of another one is refused.",
      by("McpAuth AuthInfo", [
        "core/server/McpAuth.requestState",
        "`${rule} is unknown, and no handler runs`"
      ], ["core/server/McpAuth.requestState", "of another client of the same user is unknown"])
    ),
    should(
      mrtr("Server Requirements"),
      "`requestState` expires soon.",
      by("McpAuthOptions", [
        "core/server/McpAuth.requestState",
        "`is ${lifetime}: ${seconds} seconds later the state is ${continues ? \"known\" : \"unknown\"}`"
      ])
    ),
    should(
      mrtr("Server Requirements"),
      "`requestState` belongs to the method and the parameters of its request.",
      by("McpAuth", [
        "core/server/McpAuth.requestState",
        "`is ${continues ? \"continued\" : \"unknown\"} with ${what}`"
      ], [
        "core/server/McpAuth.requestState",
        "is bound to the exact name of its tool: no part of the state can become part of another tool's name"
      ])
    ),
    must(
      mrtr("Server Requirements"),
      "A server enforces the single use of a state that requires it.",
      notImplemented(
        "a state can be replayed by its principal, for the same request, until it expires; a handler that needs single use has to record it"
      )
    ),
    may(
      mrtr("Server Requirements"),
      "Any encoding may be used: the state is encrypted, so that clients cannot read it.",
      by("McpAuth", [
        "core/server/McpAuth.requestState",
        "so that the client cannot read the handler's state in any encoding"
      ])
    ),
    must(mrtr("Server Requirements"), "A result has `inputRequests` or `requestState`.", by("effect", suite)),
    mustNot(
      mrtr("Server Requirements"),
      "The server requests no input that the client has not declared.",
      by("effect", suite)
    ),
    mustNot(
      mrtr("Supported Requests"),
      "No other requests are answered with an `InputRequiredResult`.",
      by("effect", suite)
    ),
    should(
      mrtr("Error Handling"),
      "Input responses are validated, unexpected ones are ignored, and missing ones are requested again.",
      by("effect", suite, [
        "core/server/McpAuth.requestState",
        "and not to the input responses, which arrive with it"
      ])
    ),
    mustNot("Subscriptions (2026-07-28)", "Only the events that the client requested are sent.", by("effect", suite)),
    must("Subscriptions (2026-07-28)", "The acknowledgement is the first message of the stream.", by("effect", suite)),
    should(
      "Subscriptions (2026-07-28)",
      "A stream that the server ends is ended gracefully, with a response.",
      notImplemented(
        "a subscription is cut when its token expires, without a response: a client reconnects with another token"
      )
    )
  ]
}
