/** What is measured, in the order in which it is reported. */
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { client } from "./client/group.ts"
import { coldStart } from "./cold/group.ts"
import { flat } from "./flat/group.ts"
import { gate } from "./gate/group.ts"
import type { ChildFailed } from "./harness/Child.ts"
import { herds } from "./herd/group.ts"
import { http } from "./http/group.ts"
import { imports } from "./imports/group.ts"
import type { GroupResult } from "./report/model.ts"
import { verification } from "./verification/group.ts"

/** The groups, by the names that the command line knows. */
export const GroupName = Schema.Literals([
  "verification",
  "gate",
  "client",
  "http",
  "coldStart",
  "herd",
  "imports",
  "flat"
])

export type GroupName = typeof GroupName.Type

export const GroupOptions = Schema.Struct({
  name: GroupName,
  /** How many tokens the memory has to survive. */
  tokens: Schema.Int
})

export const runGroup = (
  { name, tokens }: typeof GroupOptions.Type
): Effect.Effect<GroupResult, ChildFailed, Scope.Scope> => {
  switch (name) {
    case "verification":
      return verification
    case "gate":
      return gate
    case "client":
      return client
    case "http":
      return http
    case "coldStart":
      return coldStart
    case "herd":
      return herds
    case "imports":
      return imports
    case "flat":
      return flat(tokens)
  }
}
