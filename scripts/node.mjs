// Ends the scripts of this repository with one line on a Node that is too old. `npx -y pnpm@12` brings a Node of its own.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
if (major < 22 || (major === 22 && minor < 19)) {
  const script = process.env["npm_lifecycle_event"] ?? "demo"
  console.error(
    `effect-mcp-auth needs Node >= 22.19; this is v${process.versions.node}. ` +
      `Run \`npx -y pnpm@12 ${script}\`, which brings its own Node.`
  )
  process.exitCode = 1
}
