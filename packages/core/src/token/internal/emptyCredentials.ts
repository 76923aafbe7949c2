const empty = /^(?:bearer *)?$/i

/**
 * Whether an Authorization header holds no credentials: it is absent or empty, or has the scheme alone. A client whose
 * variable for the token is not set sends that. It has not tried to authenticate (RFC 6750, section 3.1).
 */
export const isEmptyCredentials = (header: string | undefined): boolean => header === undefined || empty.test(header)
