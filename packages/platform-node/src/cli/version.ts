import * as Schema from "effect/Schema"
import { createRequire } from "node:module"

// The manifest is outside the compiled folder, at the same relative path from the source and from the built file.
const manifest: unknown = createRequire(import.meta.url)("../../package.json")

/** The version of this package. */
export const { version } = Schema.decodeUnknownSync(Schema.Struct({ version: Schema.String }))(manifest)
