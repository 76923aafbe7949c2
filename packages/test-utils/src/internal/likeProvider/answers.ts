import type * as Schema from "effect/Schema"
import { type Answer, healthy } from "../testProvider/answer.ts"
import type { Request } from "../testProvider/model.ts"

/** A response with a status. */
export const answered = (document: Schema.JsonObject, status = 200): Answer => ({ ...healthy(document, {}), status })

/** The bearer token of a request. */
export const bearerOf = ({ headers }: Request): string => (headers["authorization"] ?? "").replace(/^Bearer /, "")
