/** All specifications whose requirements are traced, in the order of the document. */
import { mcpAuthorization } from "./mcpAuthorization.ts"
import { mcpSecurity } from "./mcpSecurity.ts"
import { mcpPatterns, mcpTransports } from "./mcpTransports.ts"
import type { Specification } from "./requirement.ts"
import { rfc6750 } from "./rfc6750.ts"
import { rfc8707 } from "./rfc8707.ts"
import { rfc8725 } from "./rfc8725.ts"
import { rfc9068 } from "./rfc9068.ts"
import { rfc9728 } from "./rfc9728.ts"

export const specifications: ReadonlyArray<Specification> = [
  mcpAuthorization,
  mcpTransports,
  mcpPatterns,
  mcpSecurity,
  rfc6750,
  rfc8707,
  rfc8725,
  rfc9068,
  rfc9728
]
