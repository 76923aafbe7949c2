// Finds the mutants of a module, and writes a module that holds all of them and behaves as one when told to.
import { type Node, parseSync } from "oxc-parser"

/** One small change to a module. */
export interface Mutant {
  readonly id: number
  /** The path of the module below `packages/core/src`. */
  readonly file: string
  readonly line: number
  /** The function or constant that holds the change. */
  readonly where: string
  readonly operator: string
  /** The code before and after, in one line. */
  readonly before: string
  readonly after: string
}

interface Change {
  readonly operator: string
  readonly before: string
  readonly after: string
  /** What takes the place of the code, if that is not `after`. */
  readonly code?: string
}

/** How a node is written, given the ids of its changes and its parts as they are written. */
type Recorded = (ids: ReadonlyArray<number>, part: (node: Node) => string) => string

type Fields = Readonly<Record<string, unknown>>

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string"

/** Where types stand, which do not run. */
const notRun = new Set([
  "typeAnnotation",
  "typeArguments",
  "typeParameters",
  "returnType",
  "superTypeArguments",
  "implements"
])

/** The parts of a node that run, in the order in which they are written. */
const childrenOf = (node: Node): ReadonlyArray<Node> => {
  const fields: Fields = { ...node }
  return Object.entries(fields).flatMap(([key, value]) =>
    notRun.has(key) ? [] : (Array.isArray(value) ? value : [value]).filter(isNode)
  ).toSorted((a, b) => a.start - b.start)
}

const runsNothing = ({ type }: Node): boolean =>
  (type.startsWith("TS") && !["TSAsExpression", "TSNonNullExpression", "TSSatisfiesExpression"].includes(type))
  || ["ImportDeclaration", "ExportAllDeclaration", "TemplateElement"].includes(type)

const oneLine = (code: string): string => code.replace(/\s+/g, " ").trim()

/** What a comparison becomes: at the boundary, and its opposite. */
const comparisons: Readonly<Record<string, ReadonlyArray<string>>> = {
  "===": ["!=="],
  "!==": ["==="],
  "<": ["<=", ">="],
  "<=": ["<", ">"],
  ">": [">=", "<="],
  ">=": [">", "<"]
}

const arithmetic: Readonly<Record<string, string>> = { "+": "-", "-": "+", "*": "/", "/": "*", "%": "*" }

/** Methods and functions that are taken for others. */
const siblings: Readonly<Record<string, string>> = {
  every: "some",
  some: "every",
  min: "max",
  max: "min",
  startsWith: "endsWith",
  endsWith: "startsWith",
  isSome: "isNone",
  isNone: "isSome",
  isSuccess: "isFailure",
  isFailure: "isSuccess",
  fromLeft: "fromRight"
}

/** Methods that may be left out, because they give back a value of the same kind. */
const optional = new Set(["filter", "toLowerCase", "trim", "toSorted", "slice", "trimEnd", "trimStart"])

/** Callbacks that answer yes or no. */
const asking = new Set(["every", "some", "filter", "find", "findIndex", "exists", "takeWhile"])

/** Statements whose loss is seen by people alone. */
const seenByPeopleOnly = /\b(log(Debug|Info|Warning|Error)|annotate\w*|Metric|described)\b/

const methodOf = (node: Node): string | undefined => {
  if (node.type !== "CallExpression" || node.callee.type !== "MemberExpression" || node.callee.computed) {
    return undefined
  }
  return node.callee.property.type === "Identifier" ? node.callee.property.name : undefined
}

const isText = (node: Node): boolean =>
  node.type === "TemplateLiteral" || (node.type === "Literal" && typeof node.value === "string")
  || (node.type === "BinaryExpression" && (isText(node.left) || isText(node.right)))

/** A module, its mutants, and the code that can behave as each of them. */
export interface Mutated {
  readonly mutants: ReadonlyArray<Mutant>
  readonly code: string
}

/** Finds the mutants of a module. Their ids begin with the one that is given. */
export const mutate = (file: string, source: string, firstId: number): Mutated => {
  const { errors, program } = parseSync(file, source)
  if (errors.length > 0) throw new Error(`${file}: ${errors.map(({ message }) => message).join(", ")}`)
  const mutants: Array<Mutant> = []
  const text = ({ end, start }: Node): string => source.slice(start, end)
  const lineAt = (offset: number): number => source.slice(0, offset).split("\n").length

  /** `before` with a part of it replaced. */
  const replaced = (node: Node, part: { readonly start: number; readonly end: number }, by: string): string =>
    source.slice(node.start, part.start) + by + source.slice(part.end, node.end)

  const ofLogical = (node: Node & { type: "LogicalExpression" }): ReadonlyArray<Change> => {
    const before = text(node)
    const [left, right] = [text(node.left), text(node.right)]
    if (node.operator === "??") return [{ operator: "fallback alone", before, after: right }]
    const other = node.operator === "&&" ? "||" : "&&"
    return [
      { operator: "left alone", before, after: left },
      { operator: "right alone", before, after: right },
      { operator: `${node.operator} to ${other}`, before, after: `(${left}) ${other} (${right})` }
    ]
  }

  const ofBinary = (node: Node & { type: "BinaryExpression" }): ReadonlyArray<Change> => {
    const before = text(node)
    const others = comparisons[node.operator] ?? []
    const opposite = isText(node.left) || isText(node.right) ? undefined : arithmetic[node.operator]
    return [...others, ...(opposite === undefined ? [] : [opposite])].map((other) => ({
      operator: `${node.operator} to ${other}`,
      before,
      after: `${text(node.left)} ${other} ${text(node.right)}`
    }))
  }

  const ofCall = (node: Node & { type: "CallExpression" }): ReadonlyArray<Change> => {
    const name = methodOf(node)
    if (name === undefined || node.callee.type !== "MemberExpression") return []
    const before = text(node)
    const changes: Array<Change> = []
    const sibling = Object.hasOwn(siblings, name) ? siblings[name] : undefined
    if (sibling !== undefined) {
      changes.push({ operator: `${name} to ${sibling}`, before, after: replaced(node, node.callee.property, sibling) })
    }
    if (optional.has(name)) changes.push({ operator: `no ${name}`, before, after: text(node.callee.object) })
    const [first, second, ...more] = node.arguments
    if (name === "merge" && first !== undefined && second !== undefined && more.length === 0) {
      const after = `${text(node.callee)}(${text(second)}, ${text(first)})`
      changes.push({ operator: "other order", before, after })
    }
    return changes
  }

  const ofArray = (node: Node & { type: "ArrayExpression" }): ReadonlyArray<Change> => {
    const before = text(node)
    const isList = node.elements.every((element) => element?.type === "Literal" || element?.type === "SpreadElement")
    // Of a tuple, the compiler asks for every entry.
    if (node.elements.length === 0 || !isList) return []
    const emptied: Change = { operator: "empty array", before, after: "[]" }
    const words = node.elements.filter((element): element is NonNullable<typeof element> =>
      element !== null && element.type === "Literal"
    )
    if (words.length !== node.elements.length || words.length < 2) return [emptied]
    return [
      emptied,
      ...words.map((word) => ({
        operator: "one entry less",
        before: text(word),
        after: "",
        code: `[${words.filter((other) => other !== word).map(text).join(", ")}]`
      }))
    ]
  }

  const ofObject = (node: Node & { type: "ObjectExpression" }): ReadonlyArray<Change> => {
    const [first, ...rest] = node.properties
    // What a property overrides, the compiler knows; what one object overrides of another, it does not.
    if (first?.type !== "SpreadElement" || !rest.some(({ type }) => type === "SpreadElement")) return []
    const after = `{ ${[...rest, first].map(text).join(", ")} }`
    return [{ operator: "other order", before: text(node), after }]
  }

  /** What a condition, or the answer of a predicate, may be without being asked. */
  const constants = (node: Node, what: string): ReadonlyArray<Change> =>
    ["true", "false"].map((after) => ({ operator: `${what} is ${after}`, before: text(node), after }))

  const ofNode = (node: Node, parent: Node | undefined): ReadonlyArray<Change> => {
    switch (node.type) {
      case "LogicalExpression":
        return ofLogical(node)
      case "BinaryExpression":
        return ofBinary(node)
      case "UnaryExpression":
        return node.operator === "!" ? [{ operator: "no !", before: text(node), after: text(node.argument) }] : []
      case "Literal":
        return typeof node.value === "boolean" && parent?.type !== "WhileStatement"
          ? [{ operator: "other boolean", before: text(parent ?? node), after: `${!node.value}` }]
          : []
      case "CallExpression":
        return ofCall(node)
      case "ArrayExpression":
        return ofArray(node)
      case "ObjectExpression":
        return ofObject(node)
      default:
        return []
    }
  }

  /** Whether an arrow function is a predicate: it says so, or it is asked by a method. */
  const isPredicate = (node: Node, parent: Node | undefined): boolean =>
    node.type === "ArrowFunctionExpression" && node.expression && (
      node.returnType?.typeAnnotation.type === "TSBooleanKeyword"
      || (parent?.type === "CallExpression" && asking.has(methodOf(parent) ?? ""))
    )

  const isCondition = (node: Node, parent: Node | undefined): boolean =>
    (parent?.type === "IfStatement" || parent?.type === "ConditionalExpression") && parent.test === node

  const isAnswer = (node: Node, parent: Node | undefined, grandparent: Node | undefined): boolean =>
    parent?.type === "ArrowFunctionExpression" && parent.body === node && isPredicate(parent, grandparent)

  const changesOf = (node: Node, ancestors: ReadonlyArray<Node>) => {
    const [parent, grandparent] = ancestors
    const none = { constant: [], own: [] }
    // Inside of a chain, parentheses would end what `?.` leaves out.
    if (parent?.type === "ChainExpression") return none
    if (parent?.type === "Property" && parent.key === node) return none
    const constant = isCondition(node, parent)
      ? constants(node, "condition")
      : isAnswer(node, parent, grandparent)
      ? constants(node, "answer")
      : []
    // The opposite of a whole condition says no more than that it is constant.
    const saysMore = ({ operator }: Change): boolean => constant.length === 0 || !/^(===|!==) to|^no !$/.test(operator)
    return { constant, own: ofNode(node, parent).filter(saysMore) }
  }

  const register = (change: Change, node: Node, where: string): number => {
    const id = firstId + mutants.length
    mutants.push({
      id,
      file,
      line: lineAt(node.start),
      where,
      operator: change.operator,
      before: oneLine(change.before),
      after: oneLine(change.after)
    })
    return id
  }

  const nameOf = (node: Node, where: string): string => {
    if (node.type === "VariableDeclarator" && node.id.type === "Identifier") return node.id.name
    if (node.type === "FunctionDeclaration" && node.id !== null) return node.id.name
    if (node.type === "ClassDeclaration" && node.id !== null) return node.id.name
    return where
  }

  /** The source between two offsets, with the nodes in it rendered. */
  const between = (node: Node, ancestors: ReadonlyArray<Node>, where: string): string => {
    let code = ""
    let at = node.start
    for (const child of childrenOf(node)) {
      // A shorthand property is one text twice.
      if (child.start < at) continue
      code += source.slice(at, child.start) + render(child, [node, ...ancestors], where)
      at = child.end
    }
    return code + source.slice(at, node.end)
  }

  /**
   * Nodes that tell in which states their changes matter: a test that never gets there need not be run with the change.
   * `ids` are those of `ofNode`, in its order.
   */
  const recorded = (node: Node): Recorded | undefined => {
    if (node.type === "LogicalExpression") {
      const { left, operator, right } = node
      if (operator === "??") return ([id], part) => `(__mutate.given(${id}, ${part(left)}) ?? ${part(right)})`
      return (ids, part) => {
        const name = operator === "&&" ? "and" : "or"
        const [leftAlone, rightAlone, other] = ids
        return `(__mutate.${name}([${rightAlone}, ${other}], ${part(left)}) ${operator} `
          + `__mutate.${name}([${leftAlone}, ${other}], ${part(right)}))`
      }
    }
    if (node.type !== "BinaryExpression" || node.left.type === "PrivateIdentifier") return undefined
    const { left, operator, right } = node
    const others = [...comparisons[operator] ?? [], ...[arithmetic[operator]].filter((other) => other !== undefined)]
    return (ids, part) =>
      `__mutate.binary(${JSON.stringify(operator)}, ${JSON.stringify(others)}, [${ids.join(", ")}], `
      + `${part(left)}, ${part(right)})`
  }

  const render = (node: Node, ancestors: ReadonlyArray<Node>, outer: string): string => {
    if (runsNothing(node)) return text(node)
    const where = ancestors.length <= 3 ? nameOf(node, outer) : outer
    if (node.type === "Property" && node.shorthand) return text(node)
    if (node.type === "ExpressionStatement") {
      const statement = `;${between(node, ancestors, where)}`
      if ("directive" in node && node.directive !== null) return text(node)
      if (seenByPeopleOnly.test(text(node))) return statement
      const id = register({ operator: "no statement", before: text(node), after: "" }, node, where)
      // Braces around it keep an `else` that follows where it belongs.
      return `{if (!__mutate.is(${id})) {${statement}}}`
    }
    const { constant, own } = changesOf(node, ancestors)
    const [constantIds, ownIds] = [constant, own].map((changes) =>
      changes.map((change) => register(change, node, where))
    )
    const choices = (changes: ReadonlyArray<Change>, ids: ReadonlyArray<number> = [], ask: "is" | "on"): string =>
      changes.map((change, index) => `__mutate.${ask}(${ids[index]}) ? (${change.code ?? change.after}) : `).join("")
    const record = own.length === 0 ? undefined : recorded(node)
    const code = record === undefined
      ? choices(own, ownIds, "is") + between(node, ancestors, where)
      : choices(own, ownIds, "on") + record(ownIds ?? [], (part) => render(part, [node, ...ancestors], where))
    const inner = own.length === 0 ? code : `(${code})`
    return constant.length === 0
      ? inner
      : `(${choices(constant, constantIds, "on")}__mutate.constant([${(constantIds ?? []).join(", ")}], ${inner}))`
  }

  return { code: render(program, [], "module"), mutants }
}
