import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const decodeHttpDate = Schema.decodeUnknownOption(Schema.DateTimeUtcFromHttpDate)

/** RFC 9110, section 5.6.7 and 10.2.3: seconds, or a date. */
export const retryAfter = (headers: Headers.Headers): Effect.Effect<Option.Option<Duration.Duration>> =>
  Option.match(Headers.get(headers, "retry-after"), {
    onNone: () => Effect.succeedNone,
    onSome: (value) => {
      const text = value.trim()
      if (/^\d{1,9}$/.test(text)) return Effect.succeedSome(Duration.seconds(Number(text)))
      const date = decodeHttpDate(text)
      if (Option.isNone(date)) return Effect.succeedNone
      return Effect.map(DateTime.now, (now) =>
        Option.some(Duration.millis(
          Math.max(0, date.value.epochMilliseconds - now.epochMilliseconds)
        )))
    }
  })

const directive = (cacheControl: string, name: string): Option.Option<string> => {
  for (const part of cacheControl.split(",")) {
    const [key = "", value = ""] = part.split("=")
    if (key.trim().toLowerCase() === name) return Option.some(value.trim().replace(/^"(.*)"$/, "$1"))
  }
  return Option.none()
}

const seconds = (text: string): Option.Option<number> =>
  /^\d{1,9}$/.test(text) ? Option.some(Number(text)) : Option.none()

/**
 * How long a response says it is fresh (RFC 9111, section 4.2): `max-age` less `Age`, and nothing at all for `no-store`
 * and `no-cache`. None when it does not say.
 */
export const freshFor = (headers: Headers.Headers): Option.Option<Duration.Duration> =>
  Option.flatMap(Headers.get(headers, "cache-control"), (cacheControl) => {
    if (Option.isSome(directive(cacheControl, "no-store")) || Option.isSome(directive(cacheControl, "no-cache"))) {
      return Option.some(Duration.zero)
    }
    const age = Option.getOrElse(Option.flatMap(Headers.get(headers, "age"), seconds), () => 0)
    return Option.map(
      Option.flatMap(directive(cacheControl, "max-age"), seconds),
      (maxAge) => Duration.seconds(Math.max(0, maxAge - age))
    )
  })
