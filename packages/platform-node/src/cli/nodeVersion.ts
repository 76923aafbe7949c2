/** The oldest Node version that the HTTP client supports (`engines` in package.json). */
const minimum = [22, 19] as const

/** Why the command cannot run on a version of Node, or `undefined` if it can. Imports nothing, so that any Node can run it. */
export const unsupportedNode = (version: string): string | undefined => {
  const [major = 0, minor = 0] = version.split(".").map(Number)
  return major > minimum[0] || (major === minimum[0] && minor >= minimum[1])
    ? undefined
    : `effect-mcp-auth needs Node >= ${
      minimum.join(".")
    }; this is v${version}. Install a newer Node and run the command again.`
}
