// Reads the options of the public API and the MCP_AUTH_* and MCP_OAUTH_* variables from the sources, and makes the page docs/options.md of
// them. Their doc comments are the texts of the page.
import { glob, readFile } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import ts from "typescript-6"

/** Interfaces that hold options without the word in their names. */
const others = new Set(["FailureLimit", "Refetches", "Limits", "SessionLimits", "MaxBodySize", "StdioUser"])
const holdsOptions = (name) => name.endsWith("Options") || others.has(name)

const parse = async (file) =>
  ts.createSourceFile(file, await readFile(file, "utf8"), ts.ScriptTarget.Latest, /* setParentNodes */ true)

const oneLine = (text) => text.replaceAll(/\s+/g, " ").trim()

/** The text of a doc comment, without its examples and tags. */
const docOf = (node) => {
  const [doc] = node.jsDoc?.slice(-1) ?? []
  return oneLine(ts.getTextOfJSDocComment(doc?.comment) ?? "")
}

/** The first sentence, and more of them while they say hardly anything. */
const summaryOf = (text) => {
  const sentences = text.match(/.+?(?:\.(?=\s+[A-Z`*]|$)|$)/g) ?? []
  return sentences.reduce((taken, next) => taken.length < 40 ? taken + next : taken, "").trim()
}

const defaultIn = (text) =>
  /\bdefaults?(?:\s+to|:)?\s+(.+?)[.;](?=\s|$)/i.exec(text.replace(/^default:?/, "Default"))?.[1]

const membersOf = (declaration) =>
  declaration.members.filter(ts.isPropertySignature).map((member) => {
    const doc = docOf(member)
    const type = oneLine(member.type.getText()).replace(/^\| /, "").replace(/ \| undefined$/, "").replace(
      /^\((.+)\)$/,
      "$1"
    )
    const summary = summaryOf(doc.replace(/\s*\bDefaults?\b.*$/i, ""))
    return {
      name: member.name.getText(),
      type,
      default: defaultIn(doc) ?? (member.questionToken === undefined ? "required" : ""),
      summary
    }
  })

const groupOf = (module, declaration, name = declaration.name.text) => ({
  title: `${module}.${name}`,
  doc: docOf(declaration),
  // `Omit<X, …>` stands for most of X.
  bases: (declaration.heritageClauses ?? []).flatMap(({ types }) =>
    types.map((type) => {
      const text = oneLine(type.getText())
      return text.replace(/<R>/g, "")
    })
  ),
  members: membersOf(declaration)
})

const isExported = (node) => node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true

/** The interfaces that a module declares and exports. */
const interfacesOf = (source) =>
  source.statements.filter((statement) => ts.isInterfaceDeclaration(statement) && isExported(statement))

/** The interfaces that a module exports, also from the files that it takes them from. */
const publicInterfaces = async (file) => {
  const source = await parse(file)
  const reexported = await Promise.all(
    source.statements.filter((statement) => ts.isExportDeclaration(statement) && statement.moduleSpecifier).map(
      async ({ exportClause, moduleSpecifier }) => {
        if (exportClause === undefined || !ts.isNamedExports(exportClause)) return []
        const declared = interfacesOf(await parse(join(dirname(file), moduleSpecifier.text)))
        return exportClause.elements.flatMap((element) => {
          const declaration = declared.find(({ name }) => name.text === (element.propertyName ?? element.name).text)
          return declaration === undefined ? [] : [[element.name.text, declaration]]
        })
      }
    )
  )
  return [...interfacesOf(source).map((declaration) => [declaration.name.text, declaration]), ...reexported.flat()]
}

/** The groups of a package, in the order of their modules. */
const groupsOf = async (name) => {
  const files = await Array.fromAsync(glob(`packages/${name}/src/{,*/}[A-Z]*.ts`))
  const modules = files.toSorted((a, b) => basename(a).localeCompare(basename(b), "en"))
  const groups = await Promise.all(
    modules.map(async (file) =>
      (await publicInterfaces(file)).filter(([exportedAs]) => holdsOptions(exportedAs)).map((
        [exportedAs, declaration]
      ) => ({
        package: name,
        ...groupOf(basename(file, ".ts"), declaration, exportedAs)
      }))
    )
  )
  return groups.flat()
}

const packages = ["core", "platform-node", "test-utils"]

/** Every interface of options, by its public name. */
export const optionGroups = async () => (await Promise.all(packages.map(groupsOf))).flat()

/** The variables: the elements of the first list of them, each under a comment that describes it. */
const variablesOf = async (prefix) => {
  for await (const file of glob("packages/core/src/**/*.ts")) {
    const text = await readFile(file, "utf8")
    if (!text.includes(`"${prefix}`)) continue
    const source = await parse(file)
    let found
    const visit = (node) => {
      if (
        found === undefined && ts.isArrayLiteralExpression(node) && node.elements.length > 5 &&
        node.elements.every((element) => ts.isStringLiteral(element) && element.text.startsWith(prefix))
      ) found = node
      ts.forEachChild(node, visit)
    }
    visit(source)
    if (found === undefined) continue
    return found.elements.map((element) => {
      const comments = ts.getLeadingCommentRanges(text, element.getFullStart()) ?? []
      const doc = oneLine(
        comments.map(({ end, pos }) => text.slice(pos, end).replaceAll(/^\s*\/?\*+\/?|\*\/$/gm, "")).join(" ")
      )
      if (doc === "") throw new Error(`${file}: ${element.text} has no comment that describes it`)
      const isRequired = /\bRequired\./.test(doc)
      return {
        name: element.text,
        default: isRequired ? "required" : /\bDefault: (.+?)\.$/.exec(doc)?.[1] ?? "",
        summary: doc.replace(/\s*(?:\bRequired\.|\bDefault: .+)$/, "")
      }
    })
  }
  throw new Error(`No list of ${prefix} variables was found`)
}

/** The variables of servers, and those of clients. */
const variableGroups = () => Promise.all([variablesOf("MCP_AUTH_"), variablesOf("MCP_OAUTH_")])

export const variables = async () => (await variableGroups()).flat()

const cell = (text) => text.replaceAll("|", "\\|")
const code = (text) => text === "" ? "" : `\`${text}\``

/** A table whose rows do not depend on each other, so that changes of two options never conflict. */
const table = (head, rows) => {
  const write = (row) => `| ${row.map(cell).join(" | ")} |`
  return [write(head), `| ${head.map(() => "---").join(" | ")} |`, ...rows.map(write)].join("\n")
}

const anchorOf = (title) => title.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-")

/** Which options a group takes as well: links to the groups on this page. */
const basesOf = ({ bases, package: own, title }, groups) =>
  bases.map((base) => {
    const [, kind, inner = base, listed] =
      /^(Omit|Pick)<([\w.]+|Parameters<typeof ([\w.]+)>\[0\])(?:<[^>]*>)?, (.+)>$/s.exec(base)
        ?.filter((_, index) => index !== 3) ?? []
    const bare = inner.replace(/^Parameters<typeof ([\w.]+)>\[0\]$/, "$1").replace(/<.*>$/, "")
    const full = bare.includes(".") ? bare : `${title.split(".")[0]}.${bare}`
    const group = groups.find((group) => group.package === own && group.title === full) ??
      groups.find((group) => group.title === full)
    const link = group === undefined ? `\`${bare}\`` : `[${full}](#${anchorOf(full)})`
    const members = listed?.replaceAll("\"", "`").replaceAll(" | ", ", ")
    if (members === undefined) return link
    return kind === "Omit" ? `${link} without ${members}` : `${members} of ${link}`
  })

const section = (group, groups) => {
  const bases = basesOf(group, groups)
  return [
    `### ${group.title}`,
    ...(group.doc === "" ? [] : [summaryOf(group.doc)]),
    ...(bases.length === 0
      ? []
      : [`It also takes ${bases.length === 1 ? "" : "the options of "}${bases.join(" and ")}.`]),
    ...(group.members.length === 0 ? [] : [table(
      ["Option", "Type", "Default", "Description"],
      group.members.map((member) => [code(member.name), code(member.type), member.default, member.summary])
    )])
  ].join("\n\n")
}

/** The text of docs/options.md. */
export const optionsPage = async () => {
  const groups = await optionGroups()
  const [ofServers, ofClients] = (await variableGroups()).map((variables) =>
    table(
      ["Variable", "Default", "Description"],
      variables.map((variable) => [code(variable.name), variable.default, variable.summary])
    )
  )
  const first = ["McpAuthOptions", "McpAuth", "TokenVerifier", "JwkSet", "AuthorizationServer", "Discovery"]
  const rank = ({ title }) => {
    const index = first.indexOf(title.split(".")[0])
    return index === -1 ? first.length : index
  }
  return `${
    [
      "<!-- Generated by `pnpm codegen` from the doc comments of the sources. -->",
      "# Options and variables",
      "Every option has a default that is safe. Options that loosen a rule say so in their names. Durations are numbers of " +
      "milliseconds,\nstrings such as `\"30 seconds\"`, or values of `Duration`.",
      "## Environment variables",
      "`McpAuth.layerFromConfig` reads them. Lists are words between spaces or commas. An empty variable, an unknown name that begins\n" +
      "with `MCP_AUTH_` and a required variable that is not set are errors, and the server does not start.",
      ofServers,
      "`McpOAuth.layerFromConfig` reads those of a client, by the same rules for names that begin with `MCP_OAUTH_`. One of\n" +
      "`MCP_OAUTH_CLIENT_ID`, `MCP_OAUTH_CLIENT_METADATA_URL` and `MCP_OAUTH_CLIENT_NAME` is required.",
      ofClients,
      ...packages.flatMap((name) => [
        `## Options of @effect-mcp-auth/${name}`,
        ...groups.filter((group) => group.package === name).toSorted((a, b) => rank(a) - rank(b))
          .map((group) => section(group, groups))
      ])
    ].join("\n\n")
  }\n`
}
