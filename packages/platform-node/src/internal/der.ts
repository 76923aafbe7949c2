/** An INTEGER (X.690, section 8.3): no leading zeros, except one that keeps the number positive. */
const integer = (bytes: Buffer): Buffer => {
  const first = bytes.findIndex((byte) => byte !== 0)
  const digits = first === -1 ? bytes.subarray(-1) : bytes.subarray(first)
  const isNegative = (digits[0] ?? 0) >= 0x80
  const head = isNegative ? [0x02, digits.length + 1, 0x00] : [0x02, digits.length]
  return Buffer.concat([Buffer.from(head), digits])
}

/**
 * Converts a signature of two concatenated numbers (RFC 7518, section 3.4) to the DER form that OpenSSL requires (RFC
 * 3279, section 2.2.3).
 */
export const derOf = (signature: Buffer): Buffer => {
  const half = signature.length / 2
  const body = Buffer.concat([integer(signature.subarray(0, half)), integer(signature.subarray(half))])
  // Longer than 127 bytes only for P-521.
  const head = body.length < 0x80 ? [0x30, body.length] : [0x30, 0x81, body.length]
  return Buffer.concat([Buffer.from(head), body])
}
