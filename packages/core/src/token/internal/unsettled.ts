import { type AuthError, IntrospectionQueueFull, InvalidToken } from "../TokenError.ts"

/**
 * Whether nobody can say yet, although no provider is down: the token names a key that may have been published since the
 * keys were fetched, or is made up.
 */
export const isUnsettled = (error: AuthError): boolean =>
  error._tag === "VerificationUnavailable" && error.cause instanceof InvalidToken

/** Whether the token was not looked at because too many had to be introspected at once, although no provider is down. */
export const isQueueFull = (error: AuthError): boolean =>
  error._tag === "VerificationUnavailable" && error.cause instanceof IntrospectionQueueFull
