/**
 * Copies the built packages to `.packages`, with the exports that are published: what is measured is what users run, and
 * it finds its dependencies beside the peers, each of them once.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const here = join(import.meta.dirname, "..")

interface Manifest {
  readonly publishConfig: { readonly exports: unknown }
}

for (const name of ["core", "platform-node"]) {
  const from = join(here, "../packages", name)
  const to = join(here, ".packages", name)
  const manifest: Manifest = JSON.parse(readFileSync(join(from, "package.json"), "utf8"))
  rmSync(to, { recursive: true, force: true })
  mkdirSync(to, { recursive: true })
  cpSync(join(from, "dist"), join(to, "dist"), { recursive: true })
  writeFileSync(join(to, "package.json"), JSON.stringify({ ...manifest, ...manifest.publishConfig }, undefined, 2))
}
