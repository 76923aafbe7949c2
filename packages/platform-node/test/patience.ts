/**
 * Loaded before the tests of this package, which use the real clock, and before the processes that they start (`node
 * --import`): from here on, a timeout only ends what hangs. A timer of a second or more is such a timeout and takes
 * sixty times as long; shorter ones are pauses and stay as they are. So no verdict depends on how fast the machine is.
 */
// @effect-diagnostics globalTimers:off
const original = globalThis.setTimeout

const longest = 2 ** 31 - 1

const patient: (handler: (...args: Array<unknown>) => void, delay?: number, ...args: Array<unknown>) => unknown = (
  handler,
  delay = 0,
  ...args
) => original(handler, delay < 1000 ? delay : Math.min(delay * 60, longest), ...args)

// The custom implementation for `promisify` is copied as well.
Object.defineProperties(patient, Object.getOwnPropertyDescriptors(original))
Object.defineProperty(globalThis, "setTimeout", { value: patient, writable: true, configurable: true })

/** The options that load this file in a Node process. */
export const patience: ReadonlyArray<string> = ["--import", import.meta.url]
