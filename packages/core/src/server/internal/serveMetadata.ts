import * as Cache from "effect/Cache"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ProtectedResourceMetadata } from "../../metadata/ProtectedResourceMetadata.ts"
import * as WellKnown from "../../metadata/WellKnown.ts"
import { InvalidOptions } from "../McpAuthOptions.ts"
import { PublicDocuments } from "./metadataRoutes.ts"
import { locationOf, publicDocument } from "./publicDocument.ts"
import { McpAuth } from "./service.ts"

const documentOf = (metadata: ProtectedResourceMetadata) =>
  // The metadata was checked by its type, so it can be written.
  Effect.flatMap(Effect.orDie(Schema.encodeEffect(ProtectedResourceMetadata)(metadata)), publicDocument)

/** The document of what is said now: the scopes of a server follow its tools. Made again only when something changes. */
const latest = Effect.fnUntraced(function*(metadata: Effect.Effect<ProtectedResourceMetadata>) {
  const documents = yield* Cache.make({ capacity: 1, lookup: documentOf })
  return Effect.flatMap(metadata, (metadata) => Cache.get(documents, metadata))
})

/** Serves what the resource says about itself: at its own place, and at the root if no other resource is there. */
export const serveMetadata = Effect.gen(function*() {
  const { metadata, metadataUrl, resource } = yield* McpAuth
  const documents = yield* PublicDocuments
  const document = yield* latest(metadata)
  const location = locationOf(metadataUrl)
  const root = locationOf(WellKnown.protectedResourceRoot(resource))
  if (!(yield* documents.serve(location, document))) {
    return yield* new InvalidOptions({ resource, problem: "duplicate-resource" })
  }
  if (root !== location) yield* documents.serveIfAlone(root, document)
})
