// Writes what follows from the sources: packages/*/src/index.ts, one namespace export per public module under that
// module's own doc comment; the `exports` of each package.json, one subpath per module; the schemas of the reports, the page of
// all options, the pages of providers and docs/conformance.md.
// `--check` only compares.
//
// A public module is a PascalCase file in src/ or in one of the rooms below it; everything else is private.
import * as Schema from "effect/Schema"
import { glob, readFile, rm, writeFile } from "node:fs/promises"
import { basename, dirname } from "node:path"
import { optionsPage } from "./options.mjs"
import { folder as providerFolder, providerPages } from "./providers.mjs"

const check = process.argv.includes("--check")
const moduleDoc = /^\/\*\*[\s\S]*?\*\//
const rooms = ["metadata", "fetch", "discovery", "token", "client", "policy", "server"]
/** The rooms whose modules are only subpaths, such as `presets/Keycloak`, so that a program contains those that it imports. */
const separate = "{presets,doctor}"
const room = (file) => rooms.indexOf(dirname(file))
const byRoom = (a, b) => room(a) - room(b) || basename(a).localeCompare(basename(b), "en")

const stale = []
const update = async (path, text) => {
  if (text === await readFile(path, "utf8").catch(() => "")) return
  stale.push(path)
  if (!check) await writeFile(path, text)
}

for await (const manifest of glob("packages/*/package.json")) {
  const source = `${dirname(manifest)}/src`
  const modules = (await Array.fromAsync(glob("{,*/}[A-Z]*.ts", { cwd: source })))
    .filter((file) => dirname(file) === "." || rooms.includes(dirname(file)))
    .toSorted(byRoom)
  const names = modules.map((file) => basename(file, ".ts"))
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new Error(`${manifest}: two modules are called ${twice}`)

  const barrel = await Promise.all(modules.map(async (file, index) => {
    const doc = moduleDoc.exec(await readFile(`${source}/${file}`, "utf8"))?.[0]
    if (doc === undefined) throw new Error(`${source}/${file} has no module doc`)
    return `${doc}\nexport * as ${names[index]} from "./${file}"\n`
  }))
  await update(`${source}/index.ts`, barrel.join("\n"))

  const separateModules = (await Array.fromAsync(glob(`${separate}/[A-Z]*.ts`, { cwd: source }))).toSorted()
  const subpaths = [
    ...modules.map((file, index) => [names[index], file]),
    ...separateModules.map((file) => [file.slice(0, -3), file])
  ]
  const exports = (folder, extension) => ({
    "./package.json": "./package.json",
    ".": `./${folder}/index${extension}`,
    ...Object.fromEntries(
      subpaths.map(([name, file]) => [`./${name}`, `./${folder}/${file.replace(/\.ts$/, extension)}`])
    )
  })
  const json = JSON.parse(await readFile(manifest, "utf8"))
  json.exports = exports("src", ".ts")
  json.publishConfig.exports = exports("dist", ".js")
  await update(manifest, `${JSON.stringify(json, null, 2)}\n`)
}

// The modules of presets, by the names of the presets. Each is imported only when it is used.
const presetFolder = "packages/core/src/presets"
const presetNameOf = (module) => module.replaceAll(/(?<=[a-z0-9])[A-Z]|(?<!^)[A-Z](?=[a-z])/g, "-$&").toLowerCase()
const presetModules = (await Array.fromAsync(glob("[A-Z]*.ts", { cwd: presetFolder })))
  .map((file) => basename(file, ".ts"))
  .filter((name) => name !== "Preset" && name !== "Presets")
  .toSorted((a, b) => presetNameOf(a).localeCompare(presetNameOf(b), "en"))
await update(
  `${presetFolder}/internal/modules.ts`,
  [
    "// Written by `pnpm codegen` from the modules of presets.",
    "/** Imports the module of a preset, by the name of the preset. */",
    "export const modules = {",
    presetModules.map((name) => `  "${presetNameOf(name)}": () => import("../${name}.ts")`).join(",\n"),
    "} as const\n"
  ].join("\n")
)

// The schema of a report is the documentation of its JSON form, also for those who do not read TypeScript.
const documentSchema = async (command, reportSchema) => {
  const { definitions, schema } = Schema.toJsonSchemaDocument(reportSchema)
  const jsonSchema = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: `mcp-auth ${command}`,
    ...schema,
    ...(Object.keys(definitions).length === 0 ? {} : { $defs: definitions })
  }
  await update(`docs/${command}-report.schema.json`, `${JSON.stringify(jsonSchema, null, 2)}\n`)
}
const { CheckReport } = await import("../packages/platform-node/src/CheckReport.ts")
await documentSchema("check", CheckReport)
const { ExplainReport } = await import("../packages/platform-node/src/ExplainReport.ts")
await documentSchema("explain", ExplainReport)

const { Report } = await import("../packages/core/src/doctor/Report.ts")
await documentSchema("doctor", Report)
const { rulesPage } = await import("./doctorRules.mjs")
await update("docs/doctor-rules.md", await rulesPage())

const { document } = await import("./conformance/document.ts")
await update("docs/conformance.md", document())
const { specifications } = await import("./conformance/all.ts")
const { missingProofs } = await import("./conformance/proofs.ts")
const missing = missingProofs(specifications.flatMap(({ requirements }) => requirements))
if (missing.length > 0) {
  console.error("scripts/conformance names tests that do not exist; give their new names, or other tests:")
  for (const [file, title] of missing) console.error(`  ${file}: ${title}`)
  process.exitCode = 1
}
await update("docs/options.md", await optionsPage())

const pages = await providerPages(presetModules)
await Promise.all([...pages].map(([path, text]) => update(path, text)))
for await (const path of glob(`${providerFolder}/*.md`)) {
  if (pages.has(path)) continue
  stale.push(path)
  if (!check) await rm(path)
}

if (check && stale.length > 0) {
  console.error(`Stale, run \`pnpm codegen\`: ${stale.join(", ")}`)
  process.exitCode = 1
}
