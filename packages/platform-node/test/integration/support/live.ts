import { it } from "@effect/vitest"
import { Effect, Logger, type Scope } from "effect"

/** A test against real parts, whose servers say much that nobody reads. */
export const live = <A, E>(name: string, self: () => Effect.Effect<A, E, Scope.Scope>): void =>
  it.live(name, () => Effect.provide(self(), Logger.layer([])))
