// Writes every marked example to a file of its own, so that the compiler sees what readers will copy.
import { glob, mkdir, rm, writeFile } from "node:fs/promises"
import { documented, examplesOf } from "./doctest.ts"

const folder = ".doctest"
await rm(folder, { recursive: true, force: true })
await mkdir(folder)
for await (const file of glob(documented)) {
  const examples = await examplesOf(file)
  await Promise.all(examples.map(({ source }, index) =>
    // An example is a module, also when it imports nothing.
    writeFile(`${folder}/${file.replaceAll(/\W/g, "_")}_${index + 1}.ts`, `${source}\nexport {}\n`)
  ))
}
