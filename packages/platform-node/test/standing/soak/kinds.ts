/** The requests of clients, the allowed responses, and the check of a response. */
import { randomInt } from "node:crypto"
import type { Answer } from "./client.ts"
import { forge, garbage, makeKey, mint, next, type Token, type World } from "./tokens.ts"
import type { ProviderUptime, Published } from "./uptime.ts"

/** The state of everything outside the server. */
export interface State {
  readonly world: World
  readonly uptime: ProviderUptime
  /** Signing keys, all of them published. */
  current: ReadonlyArray<Published>
  /** Tokens of keys that are no longer published. */
  withdrawn: ReadonlyArray<{ readonly token: Token; readonly of: Published }>
  /** Tokens that clients use repeatedly. */
  remembered: ReadonlyArray<{ readonly token: Token; readonly of: Published }>
  /** The same, but they expire soon. */
  brief: ReadonlyArray<{ readonly token: Token; readonly of: Published }>
}

/** A request, and the allowed responses if it is sent and answered at these times. */
export interface Attempt {
  readonly token: string | undefined
  /** The caller that an accepting response must name. */
  readonly subject?: string
  readonly allowed: (asked: number, answered: number) => ReadonlyArray<number>
  /** Whether that depends on a deadline for learning something, which a stalled machine cannot keep. */
  readonly isTimed: boolean
}

/** The clock tolerance, in seconds. */
const tolerance = 30

const pick = <A>(all: ReadonlyArray<A>): A => {
  const one = all[randomInt(all.length)]
  if (one === undefined) throw new Error("an empty list")
  return one
}

const good = ({ uptime }: State, { subject, token }: Token, { since }: Published): Attempt => ({
  token,
  subject,
  isTimed: true,
  allowed: (asked) => uptime.mustKnow(since, asked) ? [200] : [200, 503]
})

const always = (token: string | undefined, ...allowed: ReadonlyArray<number>): Attempt => ({
  token,
  isTimed: false,
  allowed: () => allowed
})

/** The number of tokens that are used repeatedly. */
const regulars = 50

const known = (state: State, now: number): Attempt => {
  const of = pick(state.current)
  if (state.remembered.length < regulars) {
    const token = mint(state.world, of.key, now)
    state.remembered = [...state.remembered, { token, of }]
    return good(state, token, of)
  }
  const { of: whose, token } = pick(state.remembered)
  return good(state, token, whose)
}

const brief = (state: State, now: number): Attempt => {
  // They are valid for five more seconds.
  if (state.brief.length < 20 || randomInt(20) === 0) {
    const of = pick(state.current)
    state.brief = [...state.brief.slice(-20), {
      token: mint(state.world, of.key, now, { expiresIn: 5 - tolerance }),
      of
    }]
  }
  const { of, token } = pick(state.brief)
  const { allowed, ...attempt } = good(state, token, of)
  const end = (token.expiresAt + tolerance) * 1000
  return {
    ...attempt,
    allowed: (asked, answered) => {
      if (asked >= end) return [401]
      return answered < end ? allowed(asked, answered) : [...allowed(asked, answered), 401]
    }
  }
}

const withdrawn = (state: State, now: number): Attempt => {
  if (state.withdrawn.length === 0) return kinds["no token"](state, now)
  const { of: { takenBack }, token } = pick(state.withdrawn)
  return {
    token: token.token,
    subject: token.subject,
    isTimed: true,
    allowed: (asked, answered) => {
      if (takenBack === undefined || !state.uptime.mustForget(takenBack, asked)) return [200, 401, 503]
      return state.uptime.isFine(asked, answered) ? [401] : [401, 503]
    }
  }
}

/** The requests of clients, by name. */
export const kinds = {
  "valid and new": (state: State, now: number): Attempt => {
    const of = pick(state.current)
    return good(state, mint(state.world, of.key, now), of)
  },
  "valid and cached": known,
  "valid for seconds": brief,
  "of a removed key": withdrawn,
  "bad signature": (state: State, now: number): Attempt => {
    const { key, since } = pick(state.current)
    return {
      token: forge(state.world, key, now),
      isTimed: true,
      allowed: (asked) => state.uptime.mustKnow(since, asked) ? [401] : [401, 503]
    }
  },
  "unknown kid": ({ current, uptime, world }: State, now: number): Attempt => ({
    token: mint(world, pick(current).key, now, { kid: `unknown-${next()}` }).token,
    isTimed: true,
    allowed: (asked, answered) => uptime.isFine(asked, answered) ? [401] : [401, 503]
  }),
  "expired": ({ current, world }: State, now: number): Attempt =>
    always(mint(world, pick(current).key, now, { expiresIn: -60 }).token, 401),
  "of another resource": ({ current, world }: State, now: number): Attempt =>
    always(mint({ ...world, resource: "https://other.test" }, pick(current).key, now).token, 401),
  "of another issuer": ({ world }: State, now: number): Attempt =>
    always(mint({ ...world, issuer: "https://evil.test" }, unpublishedKey, now).token, 401),
  "garbage": (): Attempt => always(garbage(), 401),
  "invalid characters": (): Attempt => always("not a token", 400),
  "no token": (_state: State, _now: number): Attempt => always(undefined, 401)
}

export type Kind = keyof typeof kinds

const unpublishedKey = makeKey("EdDSA")

/** The frequency of each kind: valid ones are as frequent as all others together. */
const weights: { readonly [K in Kind]: number } = {
  "valid and new": 25,
  "valid and cached": 20,
  "valid for seconds": 5,
  "of a removed key": 5,
  "bad signature": 10,
  "unknown kid": 6,
  "expired": 6,
  "of another resource": 4,
  "of another issuer": 4,
  "garbage": 8,
  "invalid characters": 2,
  "no token": 5
}

/** One of the kinds, by their weights. */
export const anyKind = (): Kind => {
  let left = randomInt(Object.values(weights).reduce((sum, weight) => sum + weight, 0))
  for (const [kind, weight] of Object.entries(weights)) {
    left -= weight
    // The table of weights has exactly the kinds.
    if (left < 0) return kind as Kind
  }
  return "no token"
}

/** What is wrong with the form of a response, if anything. */
const problemOf = ({ body, headers, status }: Answer, { subject, token }: Attempt): string | undefined => {
  const challenge = headers["www-authenticate"]
  if (status === 200) return body.includes(`"${subject}"`) ? undefined : "is for another caller"
  if (status === 503) {
    if (challenge !== undefined) return "has a challenge"
    return /^[1-9]\d*$/.test(headers["retry-after"] ?? "") ? undefined : "has no Retry-After"
  }
  if (challenge === undefined || !/^Bearer .*resource_metadata="/.test(challenge)) return "has no challenge"
  if (status === 400) return challenge.includes("error=\"invalid_request\"") ? undefined : "is not invalid_request"
  if (token === undefined) return challenge.includes("error=") ? "has an error code without credentials" : undefined
  return challenge.includes("error=\"invalid_token\"") ? undefined : "is not invalid_token"
}

/** What is wrong with a response, if anything. */
export const judge = (attempt: Attempt, answer: Answer, asked: number, answered: number): string | undefined => {
  const allowed = attempt.allowed(asked, answered)
  if (!allowed.includes(answer.status)) return `expected ${allowed.join(" or ")}: ${answer.body.slice(0, 200)}`
  return problemOf(answer, attempt)
}
