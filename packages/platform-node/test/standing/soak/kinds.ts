/** What clients send, what may come back, and whether it is what it should be. */
import { randomInt } from "node:crypto"
import type { Answer } from "./client.ts"
import { forge, garbage, makeKey, mint, next, type Token, type World } from "./tokens.ts"
import type { Published, Weather } from "./weather.ts"

/** Everything that is known about the world outside the server. */
export interface State {
  readonly world: World
  readonly weather: Weather
  /** Keys that sign, all of them published. */
  current: ReadonlyArray<Published>
  /** Tokens of keys that are not published any more. */
  withdrawn: ReadonlyArray<{ readonly token: Token; readonly of: Published }>
  /** Tokens that clients use again and again. */
  remembered: ReadonlyArray<{ readonly token: Token; readonly of: Published }>
  /** The same, but they end soon. */
  brief: ReadonlyArray<{ readonly token: Token; readonly of: Published }>
}

/** Something to send, and which answers are right if it is asked and answered at these times. */
export interface Attempt {
  readonly token: string | undefined
  /** For whom a good answer must be. */
  readonly subject?: string
  readonly allowed: (asked: number, answered: number) => ReadonlyArray<number>
  /** Whether that depends on when something must have been known, which a machine that stands still does not tell. */
  readonly isTimed: boolean
}

/** In seconds: how long after its end a token is good, because clocks differ. */
const tolerance = 30

const pick = <A>(all: ReadonlyArray<A>): A => {
  const one = all[randomInt(all.length)]
  if (one === undefined) throw new Error("there is nothing to choose from")
  return one
}

const good = ({ weather }: State, { subject, token }: Token, { since }: Published): Attempt => ({
  token,
  subject,
  isTimed: true,
  allowed: (asked) => weather.mustKnow(since, asked) ? [200] : [200, 503]
})

const always = (token: string | undefined, ...allowed: ReadonlyArray<number>): Attempt => ({
  token,
  isTimed: false,
  allowed: () => allowed
})

/** So many tokens are used again and again. */
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
  // They are good for five seconds more.
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
      if (takenBack === undefined || !state.weather.mustForget(takenBack, asked)) return [200, 401, 503]
      return state.weather.isFine(asked, answered) ? [401] : [401, 503]
    }
  }
}

/** What clients send, by its name. */
export const kinds = {
  "good, and new": (state: State, now: number): Attempt => {
    const of = pick(state.current)
    return good(state, mint(state.world, of.key, now), of)
  },
  "good, and known": known,
  "good for seconds": brief,
  "of a key taken back": withdrawn,
  "bad signature": (state: State, now: number): Attempt => {
    const { key, since } = pick(state.current)
    return {
      token: forge(state.world, key, now),
      isTimed: true,
      allowed: (asked) => state.weather.mustKnow(since, asked) ? [401] : [401, 503]
    }
  },
  "unknown kid": ({ current, weather, world }: State, now: number): Attempt => ({
    token: mint(world, pick(current).key, now, { kid: `unknown-${next()}` }).token,
    isTimed: true,
    allowed: (asked, answered) => weather.isFine(asked, answered) ? [401] : [401, 503]
  }),
  "expired": ({ current, world }: State, now: number): Attempt =>
    always(mint(world, pick(current).key, now, { expiresIn: -60 }).token, 401),
  "of another resource": ({ current, world }: State, now: number): Attempt =>
    always(mint({ ...world, resource: "https://other.test" }, pick(current).key, now).token, 401),
  "of another issuer": ({ world }: State, now: number): Attempt =>
    always(mint({ ...world, issuer: "https://evil.test" }, stranger, now).token, 401),
  "garbage": (): Attempt => always(garbage(), 401),
  "no token's letters": (): Attempt => always("this is none", 400),
  "no token": (_state: State, _now: number): Attempt => always(undefined, 401)
}

export type Kind = keyof typeof kinds

const stranger = makeKey("EdDSA")

/** How often each is sent: good ones as often as all the others. */
const weights: { readonly [K in Kind]: number } = {
  "good, and new": 25,
  "good, and known": 20,
  "good for seconds": 5,
  "of a key taken back": 5,
  "bad signature": 10,
  "unknown kid": 6,
  "expired": 6,
  "of another resource": 4,
  "of another issuer": 4,
  "garbage": 8,
  "no token's letters": 2,
  "no token": 5
}

/** One of the kinds, by their weights. */
export const anyKind = (): Kind => {
  let left = randomInt(Object.values(weights).reduce((sum, weight) => sum + weight, 0))
  for (const [kind, weight] of Object.entries(weights)) {
    left -= weight
    // The table of weights has every kind and nothing else.
    if (left < 0) return kind as Kind
  }
  return "no token"
}

/** What is wrong with the form of an answer, if anything. */
const problemOf = ({ body, headers, status }: Answer, { subject, token }: Attempt): string | undefined => {
  const challenge = headers["www-authenticate"]
  if (status === 200) return body.includes(`"${subject}"`) ? undefined : "is for somebody else"
  if (status === 503) {
    if (challenge !== undefined) return "has a challenge"
    return /^[1-9]\d*$/.test(headers["retry-after"] ?? "") ? undefined : "does not say when to come again"
  }
  if (challenge === undefined || !/^Bearer .*resource_metadata="/.test(challenge)) return "has no challenge"
  if (status === 400) return challenge.includes("error=\"invalid_request\"") ? undefined : "is no invalid_request"
  if (token === undefined) return challenge.includes("error=") ? "accuses who has said nothing" : undefined
  return challenge.includes("error=\"invalid_token\"") ? undefined : "is no invalid_token"
}

/** What is wrong with an answer, if anything. */
export const judge = (attempt: Attempt, answer: Answer, asked: number, answered: number): string | undefined => {
  const allowed = attempt.allowed(asked, answered)
  if (!allowed.includes(answer.status)) return `expected ${allowed.join(" or ")}: ${answer.body.slice(0, 200)}`
  return problemOf(answer, attempt)
}
