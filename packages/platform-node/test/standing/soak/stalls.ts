// @effect-diagnostics globalDate:off globalTimers:off
/** When a process stood still, because the machine had too much else to do. What is judged by time is not judged then. */

export interface Stall {
  /** In milliseconds since 1970. */
  readonly from: number
  readonly until: number
}

/** How often a process looks at its clock, in milliseconds. */
const pause = 100

/** So late may it be: far less than any time by which an answer is judged. */
const late = 250

/** How long after a stall its consequences may last: a question that has failed for it, and the pauses after that. */
const consequences = 10_000

/** Notes from now on when this process stands still. */
export const watchStalls = (): ReadonlyArray<Stall> => {
  const stalls: Array<Stall> = []
  let last = Date.now()
  setInterval(() => {
    const now = Date.now()
    if (now - last > pause + late) stalls.push({ from: last, until: now })
    last = now
  }, pause).unref()
  return stalls
}

/** Whether one of the stalls may be why an answer was another one than it should have been. */
export const explains = (stalls: ReadonlyArray<Stall>, asked: number, answered: number): boolean =>
  stalls.some(({ from, until }) => from <= answered && until >= asked - consequences)
