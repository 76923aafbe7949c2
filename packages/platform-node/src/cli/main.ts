#!/usr/bin/env node
import { unsupportedNode } from "./nodeVersion.ts"

const problem = unsupportedNode(process.versions.node)

// The command itself is imported only now: on an older Node, the modules of its HTTP client end with a stack trace.
if (problem === undefined) void import("./run.ts")
else {
  process.stderr.write(`${problem}\n`)
  // EX_UNAVAILABLE of sysexits.h. The codes 0 to 2 are answers.
  process.exitCode = 69
}
