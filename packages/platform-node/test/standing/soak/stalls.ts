// @effect-diagnostics globalDate:off globalTimers:off
/** The times in which a process stalled because the machine was too busy. Deadlines are not checked then. */

export interface Stall {
  /** In milliseconds since 1970. */
  readonly from: number
  readonly until: number
}

/** The interval in which a process checks its clock, in milliseconds. */
const pause = 100

/** The accepted delay: far less than any deadline of a response. */
const late = 250

/** The maximum time for which a stall may have consequences: a failed request, and the pauses after it. */
const consequences = 10_000

/** Records from now on when this process stalls. */
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

/** Whether one of the stalls may explain an unexpected response. */
export const explains = (stalls: ReadonlyArray<Stall>, asked: number, answered: number): boolean =>
  stalls.some(({ from, until }) => from <= answered && until >= asked - consequences)
