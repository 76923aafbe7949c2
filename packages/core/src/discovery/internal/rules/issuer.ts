import * as Result from "effect/Result"
import { quoted } from "../../../metadata/internal/printable.ts"
import * as Issuer from "../../../metadata/Issuer.ts"
import { endpoints, rfc, type Rule, urlOf } from "./rule.ts"

/** Rules for the issuer. */
export const issuerRules: ReadonlyArray<Rule> = [
  {
    code: "invalid_issuer",
    severity: "error",
    since: "2025-03-26",
    reference: rfc(8414, "2"),
    holds: "the issuer is an https URL, or http on a loopback host, without a query and a fragment",
    advice: "configure an https issuer without a query and a fragment at the provider",
    check: ({ metadata: { issuer } }) => {
      // A template stands for many issuers. Each of them is checked when it is used.
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
    holds: "the issuer is not the bare origin of its endpoints with a slash at the end",
    advice: "write the slash everywhere: in the configuration, in protected resource metadata, and where " +
      "tokens are verified",
    check: (subject) => {
      const { issuer } = subject.metadata
      if (!/^https?:\/\/[^/?#]+\/$/i.test(issuer)) return "holds"
      if (endpoints.every((member) => urlOf(subject, member) === undefined)) return "not-applicable"
      const same = endpoints.some((member) => `${urlOf(subject, member)?.origin}/` === issuer)
      return same ? `the issuer ${quoted(issuer)} differs from the origin of its endpoints by a slash` : "holds"
    }
  }
]
