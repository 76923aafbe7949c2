import * as Pipeable from "effect/Pipeable"
import { format } from "./format.ts"
import type { Any, Policy } from "./model.ts"

const Proto = {
  ...Pipeable.Prototype,
  toString(this: Any) {
    return format(this)
  }
}

type Plain<P> = P extends unknown ? Omit<P, "toString" | "pipe"> : never

/** A part of a policy, which can print itself and be piped. */
export const node = <R>(plain: Plain<Policy<R>>): Policy<R> =>
  // What is left out of a plain part is what its prototype has.
  Object.assign(Object.create(Proto), plain) as Policy<R>
