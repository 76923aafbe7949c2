/** The operations of every SDK client, in both generations. */
import * as SdkClient from "@effect-mcp-auth/examples/SdkClient"
import type { Client } from "@modelcontextprotocol/client"
import { Effect, Schema } from "effect"

const Caller = Schema.fromJsonString(Schema.Struct({
  subject: Schema.String,
  client: Schema.String,
  scopes: Schema.Array(Schema.String)
}))

const Count = Schema.fromJsonString(Schema.Struct({ count: Schema.Int }))

/** The caller that the server sees. */
export const decodeCaller = (text: string) => Effect.orDie(Schema.decodeEffect(Caller)(text))

/** The number of notes that the client's principal has written. */
export const decodeCount = (text: string) =>
  Effect.map(Effect.orDie(Schema.decodeEffect(Count)(text)), ({ count }) => count)

/** The caller that the server sees for a client of SDK 2.x. */
export const whoAmI = (client: Client) => Effect.flatMap(SdkClient.callTool(client, "WhoAmI"), decodeCaller)

/** Writes a note, and returns the number of notes. */
export const addNote = (client: Client) =>
  Effect.flatMap(SdkClient.callTool(client, "AddNote", { text: "a note" }), decodeCount)

/** The access token of a user who has logged in. */
export const accessTokenOf = (user: { readonly tokens: () => { readonly access_token: string } | undefined }): string =>
  user.tokens()?.access_token ?? ""

/** The client as which a user has logged in. */
export const clientIdOf = (
  user: { readonly clientInformation: () => { readonly client_id: string } | undefined }
): string => user.clientInformation()?.client_id ?? ""
