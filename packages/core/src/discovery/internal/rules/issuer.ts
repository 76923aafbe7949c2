import * as Result from "effect/Result"
import { quoted } from "../../../metadata/internal/printable.ts"
import * as Issuer from "../../../metadata/Issuer.ts"
import { endpoints, rfc, type Rule, urlOf } from "./rule.ts"

/** What the name of a server must be. */
export const issuerRules: ReadonlyArray<Rule> = [
  {
    code: "invalid_issuer",
    severity: "error",
    since: "2025-03-26",
    reference: rfc(8414, "2"),
    holds: "the issuer is an https URL without a query and a fragment",
    advice: "give the provider an issuer that clients can compare and look up",
    check: ({ metadata: { issuer } }) => {
      // A template names many issuers, each of which is judged where it is met.
      if (issuer.includes("{")) return "not-applicable"
      const made = Issuer.makeResult(issuer, { allowInsecureLoopback: true })
      return Result.isSuccess(made) ? "holds" : made.failure.message
    }
  },
  {
    code: "issuer_root_slash",
    severity: "warning",
    since: "2025-03-26",
    reference: rfc(8414, "3.3"),
    holds: "the issuer does not end in a slash that is easily lost",
    advice:
      "write the slash wherever you name the issuer: in configuration, in protected resource metadata, and where " +
      "tokens are checked",
    check: (subject) => {
      const { issuer } = subject.metadata
      if (!/^https?:\/\/[^/?#]+\/$/i.test(issuer)) return "holds"
      const same = endpoints.some((member) => `${urlOf(subject, member)?.origin}/` === issuer)
      return same ? `the issuer ${quoted(issuer)} differs from the origin of its endpoints by a slash` : "holds"
    }
  }
]
