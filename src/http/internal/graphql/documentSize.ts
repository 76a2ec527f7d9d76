/**
 * Measures an operation before anything runs: how deep it is, and how much work it asks for.
 */
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  type GraphQLNamedType,
  type GraphQLSchema,
  isCompositeType,
  isIntrospectionType,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type ValueNode
} from "graphql"

/** The size of a part of an operation. All fragments are expanded. Fields that `@skip` leaves out count too. */
export interface Size {
  /** Levels of fields, without those about the schema. */
  readonly depth: number
  /** Estimated number of values, and ten times as much for what starts work. */
  readonly cost: number
  /** Estimated number of values about the schema. */
  readonly introspection: number
}

/** The cost of a field itself, where it is not 1. */
const weights: Readonly<Record<string, number>> = {
  "Query.task": 5,
  "Query.tasks": 10,
  "Mutation.createTask": 100,
  "Mutation.cancelTask": 100,
  // Each list of steps is read from the store.
  "Task.steps": 5
}

/** How many values the list of a field has, where the query does not say it. */
const listLengths: Readonly<Record<string, number>> = {
  "Task.steps": 10,
  "__Schema.types": 20,
  "__Schema.directives": 5,
  "__Type.fields": 10,
  "__Type.inputFields": 10,
  "__Type.enumValues": 6,
  "__Field.args": 4,
  "__Directive.args": 2
}

/** The number of runs on a page, if the query gives no number that it may give. */
const pageLength = { default: 20, maximum: 100 } as const

const nothing: Size = { depth: 0, cost: 0, introspection: 0 }

/**
 * Measures an operation. It need not be valid: an unknown field counts 1, an unknown fragment nothing.
 */
export const measure = (
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>
): Size => {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions) {
    if (definition.kind === "FragmentDefinition") fragments.set(definition.name.value, definition)
  }
  // A fragment is measured once, so fragments that spread each other twice do not take exponential time.
  const measured = new Map<string, Size>()

  const ofSet = ({ selections }: SelectionSetNode, parent: GraphQLNamedType | undefined): Size => {
    let { cost, depth, introspection } = nothing
    for (const selection of selections) {
      const size = ofSelection(selection, parent)
      depth = Math.max(depth, size.depth)
      cost += size.cost
      introspection += size.introspection
    }
    return { depth, cost, introspection }
  }

  const ofSelection = (selection: SelectionNode, parent: GraphQLNamedType | undefined): Size => {
    if (selection.kind === "Field") return ofField(selection, parent)
    if (selection.kind === "FragmentSpread") return ofFragment(selection.name.value)
    const condition = selection.typeCondition?.name.value
    return ofSet(selection.selectionSet, condition === undefined ? parent : schema.getType(condition))
  }

  const ofFragment = (name: string): Size => {
    const known = measured.get(name)
    if (known !== undefined) return known
    // A fragment within itself adds nothing here. The validation refuses it.
    measured.set(name, nothing)
    const fragment = fragments.get(name)
    if (fragment === undefined) return nothing
    const size = ofSet(fragment.selectionSet, schema.getType(fragment.typeCondition.name.value))
    measured.set(name, size)
    return size
  }

  const ofField = (field: FieldNode, parent: GraphQLNamedType | undefined): Size => {
    const name = field.name.value
    const key = `${parent?.name ?? ""}.${name}`
    const definition = parent !== undefined && isCompositeType(parent) ? schema.getField(parent, name) : undefined
    const type = definition === undefined ? undefined : getNamedType(definition.type)
    const inner = field.selectionSet === undefined ? nothing : ofSet(field.selectionSet, type)
    const length = key === "Query.tasks" ? lengthOfPage(field) : listLengths[key] ?? 1
    if (name.startsWith("__") || parent !== undefined && isIntrospectionType(parent)) {
      return { depth: 0, cost: 0, introspection: 1 + length * (inner.introspection + inner.cost) }
    }
    return {
      depth: 1 + inner.depth,
      cost: (weights[key] ?? 1) + length * inner.cost,
      introspection: length * inner.introspection
    }
  }

  const lengthOfPage = (field: FieldNode): number => {
    const limit = valueOf(field.arguments?.find(({ name }) => name.value === "limit")?.value)
    return typeof limit === "number" && limit >= 0 && limit <= pageLength.maximum ? limit : pageLength.maximum
  }

  const valueOf = (node: ValueNode | undefined): unknown => {
    if (node === undefined || node.kind === "NullValue") return pageLength.default
    if (node.kind === "IntValue") return Number(node.value)
    if (node.kind !== "Variable") return undefined
    const name = node.name.value
    if (Object.hasOwn(variables, name)) return variables[name] ?? pageLength.default
    const definition = operation.variableDefinitions?.find(({ variable }) => variable.name.value === name)
    return valueOf(definition?.defaultValue)
  }

  const root = operation.operation === "mutation" ? schema.getMutationType() : schema.getQueryType()
  return ofSet(operation.selectionSet, root ?? undefined)
}
