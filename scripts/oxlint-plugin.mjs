// Lint rules of this repository.
import { builtinModules } from "node:module"
import { dirname, relative, resolve } from "node:path"
import { obscure } from "./plainWords.mjs"

const rooms = ["metadata", "fetch", "discovery", "token", "client", "policy", "server", "presets", "doctor"]
/** The rooms that may import from the room `client`, which stands beside those of servers. */
const withClient = new Set(["client", "doctor"])

/** `packages/<name>/src/…`, taken apart. */
const packagePathOf = (filename) => {
  const [, name, path] = /\/packages\/([^/]+)\/src\/(.+)$/.exec(filename) ?? []
  return name === undefined ? undefined : { name, path, root: filename.slice(0, -path.length) }
}

/** A public module is a PascalCase file in src/ or in one of the rooms below it. */
const isPublic = ({ path }) => new RegExp(`^(?:(?:${rooms.join("|")})/)?[A-Z][A-Za-z]*\\.ts$`).test(path)

const isExported = (node) =>
  node.type === "ExportNamedDeclaration" && node.declaration !== null && node.declaration !== undefined

/** The body of an overloaded function, whose overloads carry the docs. */
const isImplementation = (context, { declaration }) =>
  declaration.type === "FunctionDeclaration" &&
  context.sourceCode.ast.body.some((node) =>
    node.declaration?.type === "TSDeclareFunction" && node.declaration.id?.name === declaration.id?.name
  )

const docOf = (context, node) => {
  const comments = context.sourceCode.getCommentsBefore(node)
  const last = comments.at(-1)
  return last?.type === "Block" && last.value.startsWith("*") ? last.value : undefined
}

const publicDocs = {
  meta: { type: "problem", docs: { description: "Every public export says what it is, where it belongs, since when" } },
  create: (context) => {
    const place = packagePathOf(context.filename)
    if (place === undefined || !isPublic(place)) return {}
    return {
      ExportNamedDeclaration: (node) => {
        if (!isExported(node) || isImplementation(context, node)) return
        const doc = docOf(context, node)
        if (doc === undefined) {
          context.report({ node, message: "Public export without a doc comment." })
          return
        }
        for (const tag of ["@category", "@since"]) {
          if (!doc.includes(tag)) context.report({ node, message: `Public export without ${tag}.` })
        }
      }
    }
  }
}

const roomOf = (path) => {
  const room = rooms.indexOf(path.split("/")[0])
  return room === -1 ? undefined : room
}

/** What is wrong with an import, if anything. */
const misplaced = (place, filename, specifier) => {
  if (specifier.startsWith("@effect-mcp-auth/test-utils") && place.name !== "test-utils") {
    return "Only tests import test-utils."
  }
  const isInside = !specifier.startsWith(".") || resolve(dirname(filename), specifier).startsWith(place.root)
  if (!isInside) return "A package imports others by their name."
  if (place.name !== "core") return undefined
  if (/^(?:node:|@effect\/platform-)/.test(specifier) || builtinModules.includes(specifier)) {
    return "core runs anywhere: it imports nothing of a platform."
  }
  if (specifier.startsWith("@effect-mcp-auth/")) {
    return "core imports its own modules by their path, and no other package."
  }
  const own = roomOf(place.path)
  if (!specifier.startsWith(".") || own === undefined) return undefined
  const target = roomOf(relative(place.root, resolve(dirname(filename), specifier)))
  if (target === undefined) return undefined
  if (rooms[target] === "client" && !withClient.has(rooms[own])) {
    return "Servers contain nothing of the room \"client\"."
  }
  if (target <= own) return undefined
  return `The room "${rooms[own]}" may not import from "${rooms[target]}", which lies to its right.`
}

const imports = {
  meta: { type: "problem", docs: { description: `Rooms import only to their left: ${rooms.join(" ← ")}` } },
  create: (context) => {
    const place = packagePathOf(context.filename)
    if (place === undefined) return {}
    const check = (node) => {
      const message = node.source && misplaced(place, context.filename, node.source.value)
      if (message) context.report({ node, message })
    }
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check
    }
  }
}

const plainWords = {
  meta: { type: "suggestion", docs: { description: "Comments and texts are plain technical English" } },
  create: (context) => {
    const check = (node, text) => {
      const found = obscure(text)
      if (found !== undefined) {
        context.report({ node, message: `"${found.words}" is hard to understand: ${found.advice}.` })
      }
    }
    return {
      Program: () => {
        // A phrase can span two lines of a comment.
        const plain = (comment) => comment.value.replaceAll(/\s*\n\s*\*? ?/g, " ")
        context.sourceCode.getAllComments().forEach((comment) => check(comment, plain(comment)))
      },
      Literal: (node) => {
        if (typeof node.value === "string") check(node, node.value)
      },
      TemplateElement: (node) => check(node, node.value.raw)
    }
  }
}

export default {
  meta: { name: "repo" },
  rules: { "public-docs": publicDocs, "imports": imports, "plain-words": plainWords }
}
