/** What a group of measurements says. */
import * as Schema from "effect/Schema"

/** Figures, as they are printed. The first column says whose they are. */
export const Table = Schema.Struct({
  title: Schema.String,
  /** How to read it. */
  note: Schema.optionalKey(Schema.String),
  columns: Schema.Array(Schema.String),
  rows: Schema.Array(Schema.Array(Schema.String))
})

export type Table = typeof Table.Type

/** What a figure should not exceed. Met or not is computed, never written. */
export const Target = Schema.Struct({
  aim: Schema.String,
  limit: Schema.Finite,
  measured: Schema.Finite,
  unit: Schema.String
})

export type Target = typeof Target.Type

export const GroupResult = Schema.Struct({
  tables: Schema.Array(Table),
  targets: Schema.Array(Target)
})

export type GroupResult = typeof GroupResult.Type

/** What a group said the last time, when and where. */
export const Run = Schema.Struct({
  date: Schema.String,
  machine: Schema.Array(Schema.String),
  result: GroupResult
})

export type Run = typeof Run.Type
