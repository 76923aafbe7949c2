import { printable, quoted } from "../../../metadata/internal/printable.ts"
import { ts1, ts2 } from "../groups.ts"
import { collected, listOf, onDocuments, onProviders, type Rule, seen } from "../model.ts"

const common = { isHint: false, actor: "provider", step: "authorization", confidence: "code", date: collected } as const

const needsLogin = onProviders(() => ({ needs: "login" }))

/** Rules about grants, scopes and the resource parameter. */
export const grantRules: ReadonlyArray<Rule> = [
  {
    ...common,
    id: "R50",
    title: "The provider has no authorization code grant",
    severity: "error",
    confidence: "documented",
    source: "https://claude.com/docs/connectors/building; RFC 6749, section 4.1",
    breaks: [{ clients: "all" }],
    check: onDocuments(({ document, exchange }) => {
      const grants = listOf(document["grant_types_supported"])
      if (grants === undefined || grants.includes("authorization_code")) return "holds"
      return seen(`grant_types_supported is [${grants.map((one) => quoted(one)).join(", ")}]`, exchange)
    }),
    fix: { words: "enable the authorization code grant: interactive clients have no client credentials" }
  },
  {
    ...common,
    id: "R51",
    title: "Clients cannot request refresh tokens by offline_access",
    severity: "warning",
    source: "OpenID Connect Core 1.0, section 11; code of TypeScript SDK 2, Python SDK 2, C# SDK, rmcp",
    breaks: [{
      clients: ["claude-web", "chatgpt", ...ts2, "python-2", "csharp", "rmcp", "codex", "goose"],
      effect: "limited",
      step: "call"
    }],
    check: onDocuments(({ document, exchange }) => {
      const scopes = listOf(document["scopes_supported"])
      if (scopes === undefined) return "not-applicable"
      return scopes.includes("offline_access") ? "holds" : seen("scopes_supported has no \"offline_access\"", exchange)
    }),
    fix: {
      words:
        "list offline_access in scopes_supported, if the provider needs it for refresh tokens. If it issues them anyway, " +
        "nothing is lost"
    }
  },
  {
    ...common,
    id: "R37",
    title: "Some clients request every scope that the provider lists",
    severity: "note",
    source: "codex#15643; gemini-cli#21210, #10937; code of Python SDK and rmcp",
    date: "2026-09-03",
    breaks: [{ clients: ["codex", "codex-0.146", "gemini", "gemini-0.59"], effect: "limited" }],
    check: onDocuments(({ document, evidence, exchange }) => {
      const ofResource = listOf(evidence.server?.used?.document["scopes_supported"])
      const ofProvider = listOf(document["scopes_supported"])
      if (ofResource === undefined || ofProvider === undefined) return "not-applicable"
      const usual = new Set(["openid", "profile", "email", "address", "phone", "offline_access", ...ofResource])
      const more = ofProvider.filter((scope) => !usual.has(scope))
      return more.length === 0
        ? "holds"
        : seen(
          `scopes_supported of the provider also has ${more.slice(0, 5).map((scope) => quoted(scope)).join(", ")}`,
          exchange
        )
    }),
    fix: { words: "list only scopes that every client may request, or set the scopes in the settings of the client" }
  },
  {
    ...common,
    id: "R41",
    title: "The provider refuses the resource parameter",
    severity: "warning",
    confidence: "reported",
    source: "AADSTS9010010 of Entra ID; facts of the preset",
    breaks: [{
      clients: [
        ...ts1,
        ...ts2,
        "python-1",
        "python-1.29",
        "python-2",
        "rmcp",
        "csharp",
        "claude-web",
        "vscode",
        "gemini"
      ],
      effect: "limited"
    }],
    check: onProviders(({ product, used }) => {
      if (product === undefined) return { needs: "login" }
      return product.preset.startsWith("entra") && used !== undefined
        ? seen(`the provider is ${product.title}, which refuses resource together with scopes of another resource`)
        : { needs: "login" }
    }),
    fix: ({ providers }) => {
      const preset = printable(
        providers.find(({ product }) => product?.preset.startsWith("entra") === true)?.product?.preset ?? "entra"
      )
      return {
        words: "request scopes in the form api://<application>/<scope>; mcp-remote has --disable-resource-parameter",
        library: {
          uses: `presets/${preset}`,
          code: "import * as Entra from \"@effect-mcp-auth/core/presets/Entra\"\n" +
            "// Converts the scopes of challenges and metadata to the form that Entra ID grants.\n" +
            "authorizationServers: [Entra.preset({ tenant: \"<tenant ID>\", application: \"<application ID>\" })]"
        }
      }
    }
  },
  {
    ...common,
    id: "R42",
    title: "A refresh without scope changes the scopes",
    severity: "error",
    confidence: "reported",
    source: "claude-code#89862; RFC 6749, section 6",
    date: "2026-09",
    step: "call",
    breaks: [{ clients: ["claude-code", ...ts1, ...ts2] }],
    check: needsLogin,
    fix: { words: "keep the scopes of the grant if a refresh request names none" }
  }
]
