/** Whether a text may be a scope (RFC 6749, section 3.3): a space would make two of it. */
export const isScopeToken = (text: string): boolean => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text)
