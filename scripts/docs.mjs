// Checks the Markdown pages: every link leads to a file and a heading that exist, every page in docs/ is reachable from
// docs/README.md, and every option and variable that users can set is named by a page.
import { existsSync } from "node:fs"
import { glob, readFile } from "node:fs/promises"
import { dirname, join, normalize } from "node:path"
import { optionGroups, variables } from "./options.mjs"

const problems = []

const withoutCode = (text) =>
  text.replaceAll(/^(\s*)```[\s\S]*?^\1```$/gm, "").replaceAll(/<!--[\s\S]*?-->/g, "").replaceAll(/`[^`\n]*`/g, "`…`")

/** The anchors of a page, as GitHub makes them. */
const anchorsOf = (text) => {
  const anchors = new Set()
  for (const [, heading] of text.replaceAll(/^(\s*)```[\s\S]*?^\1```$/gm, "").matchAll(/^#{1,6} (.+)$/gm)) {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").replaceAll(/[`*]/g, "")
    const base = plain.trim().toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-")
    let anchor = base
    for (let number = 1; anchors.has(anchor); number++) anchor = `${base}-${number}`
    anchors.add(anchor)
  }
  return anchors
}

const files = await Array.fromAsync(
  glob("**/*.md", { exclude: (path) => /(^|\/)(node_modules|dist|coverage|\.[^/]+)$/.test(path) })
)
const pages = new Map(await Promise.all(files.map(async (file) => [file, await readFile(file, "utf8")])))

/** The files that each page links to. */
const targets = new Map()
for (const [file, text] of pages) {
  const linked = new Set()
  for (const [, link] of withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z][a-z0-9+.-]*:/i.test(link)) continue
    const [path, anchor] = link.split("#")
    const target = path === "" ? file : normalize(join(dirname(file), path))
    linked.add(target)
    if (!existsSync(target)) {
      problems.push(`${file}: the link "${link}" leads to no file`)
    } else if (anchor !== undefined && pages.has(target) && !anchorsOf(pages.get(target)).has(anchor)) {
      problems.push(`${file}: the link "${link}" leads to no heading of ${target}`)
    }
  }
  targets.set(file, linked)
}

const index = "docs/README.md"
const reached = new Set([index])
for (const page of reached) {
  for (const target of targets.get(page) ?? []) {
    if (target.startsWith("docs/")) reached.add(target)
  }
}
for (const page of pages.keys()) {
  if (page.startsWith("docs/") && !reached.has(page)) {
    problems.push(`${page} cannot be reached from ${index}: link to it`)
  }
}

/** The interfaces whose members must be documented. That they are found at all is checked as well. */
const documented = [
  "McpAuthOptions.Options",
  "McpAuthOptions.FailureLimit",
  "McpAuthOptions.MaxBodySize",
  "McpAuthOptions.SessionLimits",
  "TokenVerifier.ClaimOptions",
  "TokenVerifier.JwtOptions",
  "TokenVerifier.IntrospectionOptions",
  "TokenVerifier.CustomOptions",
  "JwkSet.Options",
  "AuthorizationServer.CacheOptions",
  "AuthorizationServer.StrategyOptions",
  "Discovery.SearchOptions",
  "Discovery.FetchOptions",
  "Discovery.FetchByUrlOptions",
  "FetchLimits.Limits",
  "NodeMcpAuth.Options"
]
const groups = await optionGroups()
const docs = [...pages].filter(([file]) => file.startsWith("docs/")).map(([, text]) => text).join("\n")
const isNamed = (name) => new RegExp(`\`[^\`\n]*\\b${name}\\b|^.*\\b${name}:`, "m").test(docs)
for (const title of documented) {
  const group = groups.find((group) => group.title === title)
  if (group === undefined || group.members.length === 0) {
    problems.push(`The options of ${title} were not found in the sources: correct the list in scripts/docs.mjs`)
  }
  for (const { name } of group?.members ?? []) {
    if (!isNamed(name)) problems.push(`No page in docs/ names the option \`${name}\` of ${title}`)
  }
}
for (const { name } of await variables()) {
  if (!isNamed(name)) problems.push(`No page in docs/ names the variable ${name}`)
}

for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exitCode = 1
