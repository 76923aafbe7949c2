// Writes api/<package>.d.ts: the public declarations without their prose, so that
// a change of the public API is a diff a reviewer reads. `--check` only compares.
import { glob, mkdir, readFile, writeFile } from "node:fs/promises"
import { basename, dirname } from "node:path"

const check = process.argv.includes("--check")
const prose = /^ *\/\*\*[\s\S]*?\*\/\n/gm

await mkdir("api", { recursive: true })
for await (const directory of glob("packages/*/dist")) {
  const target = `api/${directory.split("/")[1]}.d.ts`
  // Those that have a source: an older build may have left others.
  const sources = await Array.fromAsync(glob(`${dirname(directory)}/src/{,*/}[A-Z]*.ts`))
  const modules = sources.map((file) => file.replace("/src/", "/dist/").replace(/\.ts$/, ".d.ts")).toSorted()
  const text = (await Promise.all(modules.map(async (file) => {
    const declarations = (await readFile(file, "utf8")).replace(prose, "").replace(
      /\n?\/\/# sourceMappingURL.*\n?/,
      "\n"
    )
    return `// ${basename(file, ".d.ts")}\n${declarations.trim()}\n`
  }))).join("\n")
  if (!check) await writeFile(target, text)
  else if (text !== await readFile(target, "utf8").catch(() => "")) {
    console.error(`${target} is stale, run \`pnpm api\``)
    process.exitCode = 1
  }
}
