import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { configError } from "../../metadata/internal/environmentNames.ts"
import { type ClaimForm, type ClaimPath, Form, Path, pathOf } from "../../token/internal/claimWords.ts"

/** Claims with scopes or roles, at least one. */
export type ClaimForms = readonly [ClaimForm, ...ReadonlyArray<ClaimForm>]

const Claims = Schema.NonEmptyArray(Schema.Union([Schema.NonEmptyString, Path, Form]))

const isJson = (text: string): boolean => text.trimStart().startsWith("[")

const decoderOf = <A>(schema: Schema.Codec<A, Schema.Json>) =>
  Schema.decodeUnknownEffect(Schema.fromJsonString(schema), { onExcessProperty: "error" })

const decodeClaims = decoderOf(Claims)
const decodePath = decoderOf(Path)

const formOf = (claim: string | ClaimPath | ClaimForm): ClaimForm =>
  typeof claim === "object" && "path" in claim ? claim : { path: pathOf(claim) }

/** A variable with claims: names of claims, or a JSON list of names, paths and forms. */
export const claimForms = (name: string): Config.Config<ClaimForms> =>
  Config.mapEffect(Config.NonEmptyString(name), (text) => {
    const [first, ...others] = text.split(/[\s,]+/).filter((word) => word !== "")
    const claims = isJson(text) || first === undefined
      ? decodeClaims(text)
      : Effect.succeed([first, ...others] as const)
    return Effect.mapBoth(claims, {
      onSuccess: ([first, ...others]): ClaimForms => [formOf(first), ...others.map(formOf)],
      onFailure: () =>
        configError([
          `${name} has no entry, or one that is not a claim: write names, or JSON such as [["realm_access", "roles"]]`
        ])
    })
  })

/** A variable with one claim: its name, or its path as a JSON list. */
export const claimPath = (name: string): Config.Config<ClaimPath> =>
  Config.mapEffect(
    Config.NonEmptyString(name),
    (text) =>
      Effect.mapError(
        isJson(text) ? decodePath(text) : Effect.succeed(pathOf(text)),
        () => configError([`${name} is not a claim: write its name, or JSON such as ["ext", "id"]`])
      )
  )
