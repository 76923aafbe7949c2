// Writes api/<package>/<Module>.d.ts: what each public module declares, without prose, so that a change of the public API
// is a diff that a reviewer reads. The compiler follows every export to its declaration, and every declaration to the types
// of this package that it names, so that a change in an internal file shows as well. `--check` only compares.
import { glob, mkdir, readFile, rm, writeFile } from "node:fs/promises"
import { basename, dirname, relative, resolve } from "node:path"
import ts from "typescript-6"

const check = process.argv.includes("--check")

/** A declaration in the compiler's own formatting, without comments. */
const printer = ts.createPrinter({ removeComments: true })

/** What is written down for a declaration: its statement, or for a module namespace the module that it stands for. */
const statementOf = (declaration) => {
  if (ts.isVariableDeclaration(declaration)) return declaration.parent.parent
  return declaration
}

/** The declarations of a module and of what they name, by their text. */
const makeReport = (checker, root) => {
  const resolved = (symbol) => symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
  const isOwn = (declaration) => declaration.getSourceFile().fileName.startsWith(root)
  const referencedIn = (node) => {
    const found = []
    const visit = (child) => {
      if (ts.isIdentifier(child)) {
        const symbol = checker.getSymbolAtLocation(child)
        if (symbol !== undefined) found.push(resolved(symbol))
      }
      ts.forEachChild(child, visit)
    }
    visit(node)
    return found
  }
  const isTopLevel = (statement) => ts.isSourceFile(statement.parent)
  return (file) => {
    const module = checker.getSymbolAtLocation(file)
    const queue = checker.getExportsOfModule(module).map((symbol) => ({
      heading: symbol.flags & ts.SymbolFlags.Alias && resolved(symbol).name !== symbol.name
        ? `// exported as ${symbol.name}\n`
        : "",
      symbol: resolved(symbol)
    }))
    const exported = new Set(queue.map(({ symbol }) => symbol))
    const seen = new Set()
    const [own, reached] = [[], []]
    for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) {
      const { heading, symbol } = entry
      if (seen.has(symbol)) continue
      seen.add(symbol)
      for (const declaration of symbol.declarations ?? []) {
        if (!isOwn(declaration)) continue
        const statement = statementOf(declaration)
        if (ts.isSourceFile(statement) || !isTopLevel(statement)) continue
        const source = statement.getSourceFile()
        const text = printer.printNode(ts.EmitHint.Unspecified, statement, source)
        // What other public modules declare stands in their own reports.
        if (!exported.has(symbol) && /^[A-Z]/.test(basename(source.fileName))) continue
        const place = exported.has(symbol) ? "" : `// ${relative(root, source.fileName).replace(/\.d\.ts$/, "")}\n`
        ;(exported.has(symbol) ? own : reached).push(`${heading}${place}${text}`)
        queue.push(...referencedIn(statement).map((symbol) => ({ heading: "", symbol })))
      }
    }
    const section = (title, texts) => texts.length === 0 ? [] : [title, ...[...new Set(texts)].toSorted()]
    return `${[...section("// Exports", own), ...section("// Types that the exports name", reached)].join("\n\n")}\n`
  }
}

const stale = []
for await (const directory of glob("packages/*/dist")) {
  const [, name] = directory.split("/")
  const root = `${resolve(directory)}/`
  // Those that have a source: an older build may have left others.
  const sources = await Array.fromAsync(glob(`${dirname(directory)}/src/{,*/}[A-Z]*.ts`))
  const modules = sources.map((file) => resolve(file.replace("/src/", "/dist/").replace(/\.ts$/, ".d.ts"))).toSorted()
  const program = ts.createProgram(modules, {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    skipLibCheck: true,
    types: []
  })
  const report = makeReport(program.getTypeChecker(), root)
  const reports = new Map(modules.map((file) => [
    `api/${name}/${basename(file)}`,
    report(program.getSourceFile(file))
  ]))
  await mkdir(`api/${name}`, { recursive: true })
  for await (const file of glob(`api/${name}/*.d.ts`)) {
    if (reports.has(file)) continue
    stale.push(file)
    if (!check) await rm(file)
  }
  await Promise.all([...reports].map(async ([file, text]) => {
    if (text === await readFile(file, "utf8").catch(() => "")) return
    stale.push(file)
    if (!check) await writeFile(file, text)
  }))
}
if (check && stale.length > 0) {
  console.error(`The public API changed: read the diff of \`pnpm api\` and commit it. Stale: ${stale.join(", ")}`)
  process.exitCode = 1
}
