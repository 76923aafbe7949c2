/**
 * The soak: a protected server, a provider whose keys rotate and that is killed, frozen and restarted, and clients with tokens
 * of every kind, over real HTTP and in separate processes. Every response is checked against the state at the time of its
 * request.
 *
 * `node packages/platform-node/test/soak.ts --minutes 3`, which is the default. Exits with 1 when a response was wrong, when
 * the server had an internal error, when its memory grew, or when a flood of invalid tokens slows valid ones down. It uses only
 * loopback, and ends only processes that it has started.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Clock, Console, DateTime, Effect, Fiber, Scope } from "effect"
import type { ChildProcess } from "node:child_process"
import { parseArgs } from "node:util"
import { askChild, end, every, freePort, start } from "./standing/soak/children.ts"
import { type Client, makeClient } from "./standing/soak/client.ts"
import { anyKind, judge, type Kind, kinds, type State } from "./standing/soak/kinds.ts"
import { opaqueFlood } from "./standing/soak/opaqueFlood.ts"
import * as Report from "./standing/soak/report.ts"
import { beginSessions, wrongAnswers } from "./standing/soak/sessions.ts"
import type { Health } from "./standing/soak/settings.ts"
import { watchStalls } from "./standing/soak/stalls.ts"
import { type Algorithm, forge, garbage, makeKey, mint } from "./standing/soak/tokens.ts"
import { ProviderUptime, type Published } from "./standing/soak/uptime.ts"

const { values } = parseArgs({ options: { minutes: { type: "string", default: "3" } } })
const duration = Number(values.minutes) * 60_000

/** The maximum number of invalid tokens in the flood. */
const floodSize = 100_000

/** The number of valid tokens measured in each phase, however long that takes: medians of fewer are not meaningful. */
const leastMeasured = 50

const seconds = Effect.map(Clock.currentTimeMillis, (now) => Math.floor(now / 1000))

/** All running parts of the soak. */
interface Soak {
  readonly state: State
  readonly ask: Client
  readonly seen: Report.Seen
  readonly providerPort: number
  /** What outlives the phases. */
  readonly scope: Scope.Scope
  provider: ChildProcess | undefined
  published: ReadonlyArray<Published>
}

// ---------------------------------------------------------------------------------------------------------------------
// The provider
// ---------------------------------------------------------------------------------------------------------------------

const jwks = ({ published }: Soak) => published.map(({ key }) => key.jwk)

const revive = Effect.fnUntraced(function*(soak: Soak) {
  const begun = start("provider", [soak.providerPort], jwks(soak))
  soak.provider = yield* Effect.provideService(begun, Scope.Scope, soak.scope)
  soak.state.uptime.up(yield* Clock.currentTimeMillis)
})

const kill = Effect.fnUntraced(function*(soak: Soak) {
  soak.state.uptime.down(yield* Clock.currentTimeMillis)
  if (soak.provider !== undefined) yield* end(soak.provider)
})

/** It accepts connections, and does not answer. */
const freeze = Effect.fnUntraced(function*({ provider, state }: Soak) {
  state.uptime.down(yield* Clock.currentTimeMillis)
  provider?.kill("SIGSTOP")
})

const thaw = Effect.fnUntraced(function*({ provider, state }: Soak) {
  provider?.kill("SIGCONT")
  state.uptime.up(yield* Clock.currentTimeMillis)
})

const publish = Effect.fnUntraced(function*(soak: Soak, algorithm: Algorithm) {
  const one: Published = { key: makeKey(algorithm), since: yield* Clock.currentTimeMillis, takenBack: undefined }
  soak.published = [...soak.published, one]
  soak.provider?.send(jwks(soak))
  return one
})

const algorithms: ReadonlyArray<Algorithm> = ["EdDSA", "ES256", "RS256"]

/** A new key is published, signs when it must be known, and replaces an old one, which is removed. */
const rotate = Effect.fnUntraced(function*(soak: Soak) {
  const { state } = soak
  const old = state.current[0]
  if (!state.uptime.isUp || old === undefined) return
  const one = yield* publish(soak, old.key.algorithm)
  while (!state.uptime.mustKnow(one.since, yield* Clock.currentTimeMillis)) yield* Effect.sleep(200)
  state.current = [...state.current.slice(1), one]
  const tokens = yield* Effect.map(
    seconds,
    (now) => [0, 1, 2].map(() => ({ token: mint(state.world, old.key, now), of: old }))
  )
  // Some of its tokens are cached by the server, others are not.
  state.withdrawn = [...state.withdrawn.slice(-20), ...state.remembered.filter(({ of }) => of === old), ...tokens]
  state.remembered = state.remembered.filter(({ of }) => of !== old)
  state.brief = state.brief.filter(({ of }) => of !== old)
  // Its requests in flight are answered first.
  yield* Effect.sleep(1_000)
  soak.published = soak.published.filter((published) => published !== old)
  old.takenBack = yield* Clock.currentTimeMillis
  soak.provider?.send(jwks(soak))
})

const storms = Effect.fnUntraced(function*(soak: Soak, until: number) {
  let storm = 0
  while ((yield* Clock.currentTimeMillis) < until - 18_000) {
    yield* Effect.sleep(11_000)
    const [begin, over] = storm++ % 2 === 0 ? [kill, revive] : [freeze, thaw]
    yield* begin(soak)
    yield* Effect.sleep(3_000 + storm % 3 * 1_000)
    yield* over(soak)
  }
  return storm
})

// ---------------------------------------------------------------------------------------------------------------------
// The clients
// ---------------------------------------------------------------------------------------------------------------------

/** Sends one token of a kind, checks the response, and returns its latency in milliseconds. */
const sendOne = Effect.fnUntraced(function*({ ask, seen, state }: Soak, kind: Kind) {
  const attempt = kinds[kind](state, yield* seconds)
  const asked = yield* Clock.currentTimeMillis
  const answer = yield* ask(attempt.token)
  const answered = yield* Clock.currentTimeMillis
  seen.answer(kind, answer.status, answer.took)
  const problem = judge(attempt, answer, asked, answered)
  if (problem !== undefined) {
    const provider = state.uptime.isUp ? "up" : "down"
    const time = DateTime.formatIso(DateTime.makeUnsafe(asked))
    const text = `${time} ${kind}: ${answer.status} while the provider is ${provider}, ${problem}`
    seen.complain({ text, asked, answered, isTimed: attempt.isTimed })
  }
  return answer.took
})

/** Sends tokens until a given time. */
const sendAll = (soak: Soak, until: number, kind: () => Kind, pause: number, workers: number) => {
  const worker = Effect.gen(function*() {
    const times: Array<number> = []
    while ((yield* Clock.currentTimeMillis) < until) {
      times.push(yield* sendOne(soak, kind()))
      yield* Effect.sleep(pause)
    }
    return times
  })
  return Effect.map(
    Effect.all(Array.from({ length: workers }, () => worker), { concurrency: "unbounded" }),
    (times) => times.flat()
  )
}

let turn = 0
const goodKind = (): Kind => turn++ % 2 === 0 ? "valid and new" : "valid and cached"

interface Flooded {
  readonly sent: number
  readonly seen: Readonly<Record<string, number>>
}

/** Measures valid tokens for some milliseconds, while another process floods the server. */
const flooded = Effect.fnUntraced(function*(
  soak: Soak,
  lasting: number,
  load: { readonly templates: ReadonlyArray<string>; readonly numbered: boolean },
  most: number
) {
  const flood = yield* start("flood", [soak.state.world.resource, 8, most], load)
  const began = yield* Clock.currentTimeMillis
  const times: Array<number> = []
  let flooded: Flooded = { sent: 0, seen: {} }
  while (
    flooded.sent < most && (times.length < leastMeasured || (yield* Clock.currentTimeMillis) < began + lasting)
  ) {
    times.push(...yield* sendAll(soak, (yield* Clock.currentTimeMillis) + 1_000, goodKind, 5, 1))
    flooded = yield* askChild<Flooded>(flood)
  }
  return { times, ...flooded, took: (yield* Clock.currentTimeMillis) - began }
}, Effect.scoped)

const badTemplates = Effect.fnUntraced(function*({ state: { current, world } }: Soak) {
  const now = yield* seconds
  return current.flatMap(({ key }) => [
    forge(world, key, now),
    forge(world, key, now),
    mint(world, key, now, { kid: "unknown-and-flooding" }).token,
    mint(world, key, now, { expiresIn: -60 }).token,
    `${garbage()}${garbage()}`.slice(0, 500).padEnd(40, "A")
  ])
})

const goodTemplates = Effect.fnUntraced(function*({ state: { current, world } }: Soak) {
  const now = yield* seconds
  return Array.from({ length: 16 }, () => current.map(({ key }) => mint(world, key, now).token)).flat()
})

// ---------------------------------------------------------------------------------------------------------------------
// The complete run
// ---------------------------------------------------------------------------------------------------------------------

const prepare = Effect.gen(function*() {
  const [port, providerPort] = [yield* freePort, yield* freePort]
  const server = yield* start("server", [port, providerPort])
  const resource = `http://127.0.0.1:${port}/mcp`
  const state: State = {
    world: { resource, issuer: `http://127.0.0.1:${providerPort}` },
    uptime: new ProviderUptime(),
    current: [],
    withdrawn: [],
    remembered: [],
    brief: []
  }
  const soak: Soak = {
    state,
    ask: makeClient(resource, 16),
    seen: new Report.Seen(),
    providerPort,
    scope: yield* Effect.scope,
    provider: undefined,
    published: []
  }
  for (const algorithm of algorithms) yield* publish(soak, algorithm)
  state.current = soak.published
  return { server, soak }
})

/** The server starts before its provider, which then starts, stops, and rotates its keys. */
const outagePhase = Effect.fnUntraced(function*(soak: Soak, until: number) {
  const clients = yield* Effect.forkScoped(sendAll(soak, until, anyKind, 4, 6))
  yield* Effect.sleep(3_000)
  yield* revive(soak)
  yield* every(2_000, rotate(soak))
  const storm = yield* storms(soak, until)
  yield* Fiber.join(clients)
  return storm
})

const program = Effect.gen(function*() {
  const { server, soak } = yield* prepare
  const { seen, state } = soak
  const samples: Array<Health> = []
  const ended: Array<string> = []
  server.once("exit", () => ended.push("the server has ended"))
  const stalls = watchStalls()
  yield* every(
    Math.max(500, Math.min(5_000, duration / 40)),
    Effect.map(askChild<Health>(server), (health) => samples.push(health))
  )

  const began = yield* Clock.currentTimeMillis
  const finish = began + duration
  yield* Console.log(`A soak of ${duration / 60_000} minutes, at ${state.world.resource}`)
  const storm = yield* Effect.scoped(outagePhase(soak, began + duration * 0.6))

  const phases = new Map<string, ReadonlyArray<number>>()
  const now = yield* Clock.currentTimeMillis
  phases.set("alone", yield* sendAll(soak, now + duration * 0.04, goodKind, 5, 1))
  const good = yield* flooded(
    soak,
    duration * 0.08,
    { templates: yield* goodTemplates(soak), numbered: false },
    Infinity
  )
  phases.set("among cached valid tokens", good.times)
  const bad = yield* flooded(soak, duration * 0.28, { templates: yield* badTemplates(soak), numbered: true }, floodSize)
  phases.set("in a flood of distinct invalid tokens", bad.times)
  const beforeSessions = yield* askChild<Health>(server)
  const attack = yield* beginSessions(state.world.resource)
  const afterSessions = yield* askChild<Health>(server)
  const kept = afterSessions.heapUsed - beforeSessions.heapUsed
  const opaque = yield* opaqueFlood(new URL(state.world.resource).origin)
  for (const [phase, times] of opaque.phases) phases.set(phase, times)
  // What a flood leaves in memory would still be there.
  yield* sendAll(soak, Math.max(finish, (yield* Clock.currentTimeMillis) + 2_000), anyKind, 4, 6)
  samples.push(yield* askChild<Health>(server))

  const slower = Report.percentile(bad.times, 0.5) / Report.percentile(good.times, 0.5)
  const grown = Report.growth(samples.map(({ heapUsed }) => heapUsed))
  const troubles = samples.at(-1)?.troubles ?? ["the server did not report its state"]
  const strange = Object.keys(bad.seen).filter((status) => status !== "401")
  const { explained, wrong } = seen.verdict([...stalls, ...samples.at(-1)?.stalls ?? []])
  const complaints = [
    ...ended,
    ...wrong.slice(0, 20),
    ...troubles,
    ...(wrong.length > 20 ? [`and ${wrong.length - 20} more wrong responses`] : []),
    ...(strange.length > 0 ? [`invalid tokens of the flood were answered with ${JSON.stringify(bad.seen)}`] : []),
    ...(Object.keys(good.seen).join() === "200"
      ? []
      : [`valid tokens were answered with ${JSON.stringify(good.seen)}`]),
    ...wrongAnswers(attack),
    ...(kept > Report.mostGrowth ? ["the server keeps the memory of sessions that are never used"] : []),
    ...(grown > Report.mostGrowth ? ["the memory of the server grew"] : []),
    ...(slower > Report.mostSlower ? ["a flood of invalid tokens slows valid ones down"] : []),
    ...opaque.complaints
  ]
  const rate = (flood: { readonly sent: number; readonly took: number }) => Math.round(flood.sent / flood.took * 1000)
  yield* Console.log([
    "",
    ...seen.answers(),
    "",
    `${seen.total} responses checked, ${wrong.length} wrong; the provider was killed or frozen ${storm} times`,
    `${explained} responses were too late to check, because the machine stalled`,
    "",
    ...Report.latencies(phases),
    `flood: ${bad.sent} distinct invalid tokens, ${rate(bad)} per second (valid ones: ${
      rate(good)
    }); the median of valid ` +
    `tokens is ${slower.toFixed(2)} times that among valid ones, and 2 is the aim, ${Report.mostSlower} the limit`,
    ...opaque.lines,
    "",
    ...Report.sessions(attack, kept),
    "",
    ...Report.memory(samples),
    "",
    ...complaints.map((complaint) => `WRONG  ${complaint}`),
    complaints.length === 0 ? "No problems found" : `${complaints.length} problems found`
  ].join("\n"))
  if (complaints.length > 0) process.exitCode = 1
})

NodeRuntime.runMain(Effect.scoped(program))
