import { it } from "@effect/vitest"
import { Effect, Logger, type Scope } from "effect"

/** A test with real components, whose servers log much. */
export const live = <A, E>(name: string, self: () => Effect.Effect<A, E, Scope.Scope>): void =>
  it.live(name, () => Effect.provide(self(), Logger.layer([])))
