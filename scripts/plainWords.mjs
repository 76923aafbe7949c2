// Words and phrases that make readers decode a sentence, each with what to write instead. The lint rule `repo/plain-words`
// looks for them in comments, strings and test names, and `node scripts/plainWords.mjs` in Markdown.
import { glob, readFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"

export const phrases = [
  [/\bwho(?:m|se)?ever\b/i, "name the client, caller, operator or provider"],
  [/\b(?:nobody|somebody)(?:'s)?\b/i, "name the client, caller, user or provider, or use the passive voice"],
  [/\bstrangers?(?:'s)?\b/i, "name the sender, client or provider, or write \"untrusted\""],
  [/\bkeeps? coming\b/i, "write \"was seen before\""],
  [/\bcomes? again\b/i, "write \"retry later\", or \"is sent again\""],
  [/\b(?:could|can|cannot|can't) (?:not )?be had\b/i, "write \"could not be fetched\""],
  [/\bhas not the\b/i, "write \"lacks the\""],
  [/\bhow manieth\b/i, "write \"the attempt number\""],
  [/\bfear(?:ed)? for\b/i, "say what happens"],
  [/\bwithout further ado\b/i, "delete it"],
  [/\bhad better\b/i, "write \"must\" or \"should\""],
  [/\basks? nobody\b/i, "write \"makes no request\""],
  [/\bthe older world\b/i, "write \"legacy clients\""],
  [/\b(?:reads|read) along\b/i, "write \"information disclosure\""],
  [/\bwhat (?:may|can) be chosen\b/i, "write \"Options for …\""],
  [/\bwho (?:has|have) none\b/i, "name the client or token"],
  [/\bas ever\b/i, "write \"as before\""],
  [/\bin trouble\b/i, "say what fails"],
  [/\b(?:the|that) somebody\b/i, "name the caller"],
  [/(?:^|[.:] )Who (?!am\b)(?:[a-z]+)\b(?![^.?]*\?)/m, "start with the noun: the client, the caller, the operator"],
  [/\bto who(?:m)? (?:has|is|was|asks|may)\b/i, "name the receiver"]
]

/** The first phrase in a text that readers must decode, and what to write instead. */
export const obscure = (text) => {
  for (const [pattern, advice] of phrases) {
    const found = pattern.exec(text)
    if (found !== null) return { index: found.index, words: found[0].trim(), advice }
  }
  return undefined
}

/** Pages whose texts come from doc comments. */
const quoting = new Set(["docs/options.md"])

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = (await Array.fromAsync(glob(["*.md", "docs/**/*.md", "benchmarks/*.md", ".changeset/*.md"])))
    .filter((file) => !quoting.has(file))
  const texts = await Promise.all(files.map(async (file) => [file, await readFile(file, "utf8")]))
  for (const [file, text] of texts) {
    text.split("\n").forEach((line, index) => {
      const found = obscure(line)
      if (found === undefined) return
      console.error(`${file}:${index + 1}: "${found.words}": ${found.advice}`)
      process.exitCode = 1
    })
  }
}
