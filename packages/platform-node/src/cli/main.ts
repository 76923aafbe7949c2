#!/usr/bin/env node
import { unsupportedNode } from "./nodeVersion.ts"

const problem = unsupportedNode(process.versions.node)

// The command is imported dynamically: on an older Node, its HTTP client would fail at import with a stack trace.
if (problem === undefined) void import("./run.ts")
else {
  process.stderr.write(`${problem}\n`)
  // EX_UNAVAILABLE of sysexits.h. The codes 0 to 2 are verdicts.
  process.exitCode = 69
}
