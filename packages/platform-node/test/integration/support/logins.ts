/** What every client of an SDK does here, whichever SDK it is. */
import * as SdkClient from "@effect-mcp-auth/examples/SdkClient"
import type { Client } from "@modelcontextprotocol/client"
import { Effect, Schema } from "effect"

const Caller = Schema.fromJsonString(Schema.Struct({
  subject: Schema.String,
  client: Schema.String,
  scopes: Schema.Array(Schema.String)
}))

const Count = Schema.fromJsonString(Schema.Struct({ count: Schema.Int }))

/** For whom the server takes the client. */
export const decodeCaller = (text: string) => Effect.orDie(Schema.decodeEffect(Caller)(text))

/** How many notes the client's principal has written. */
export const decodeCount = (text: string) =>
  Effect.map(Effect.orDie(Schema.decodeEffect(Count)(text)), ({ count }) => count)

/** For whom the server takes a client of the SDK 2.x. */
export const whoAmI = (client: Client) => Effect.flatMap(SdkClient.callTool(client, "WhoAmI"), decodeCaller)

/** Writes a note, and says how many there are now. */
export const addNote = (client: Client) =>
  Effect.flatMap(SdkClient.callTool(client, "AddNote", { text: "a note" }), decodeCount)

/** The access token of a user who has logged in. */
export const accessTokenOf = (user: { readonly tokens: () => { readonly access_token: string } | undefined }): string =>
  user.tokens()?.access_token ?? ""

/** The client as which a user has logged in. */
export const clientIdOf = (
  user: { readonly clientInformation: () => { readonly client_id: string } | undefined }
): string => user.clientInformation()?.client_id ?? ""
