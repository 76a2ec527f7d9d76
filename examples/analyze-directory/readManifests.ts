/**
 * Reads the files by which package managers know a project: its name, its
 * version, what it depends on.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Toml from "effect/encoding/Toml"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { type FileEntry, type FileError, readChunks, type UnreadablePath } from "./FileEntry.ts"

/** What a manifest says of its project. */
export const Facts = Schema.Struct({
  name: Schema.UndefinedOr(Schema.String),
  version: Schema.UndefinedOr(Schema.String),
  dependencies: Schema.Int
})
type Facts = typeof Facts.Type

/** A project, as its manifest describes it. */
export const Manifest = Schema.Struct({ path: Schema.String, kind: Schema.String, ...Facts.fields })
export type Manifest = typeof Manifest.Type

export interface Manifests {
  readonly manifests: ReadonlyArray<Manifest>
  /** Manifests that do not have the shape of their kind. */
  readonly malformed: ReadonlyArray<UnreadablePath>
  readonly unreadable: ReadonlyArray<UnreadablePath>
}

type Parse = (text: string) => Result.Result<Facts, string>

// --- What each kind of manifest looks like ---

const Text = Schema.optionalKey(Schema.Unknown)
const Table = Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown))
const List = Schema.optionalKey(Schema.Array(Schema.Unknown))

const PackageJson = Schema.Struct({
  name: Text,
  version: Text,
  dependencies: Table,
  devDependencies: Table,
  peerDependencies: Table,
  optionalDependencies: Table
})

const ComposerJson = Schema.Struct({ name: Text, version: Text, require: Table, "require-dev": Table })

const CargoToml = Schema.Struct({
  package: Schema.optionalKey(Schema.Struct({ name: Text, version: Text })),
  dependencies: Table,
  "dev-dependencies": Table,
  "build-dependencies": Table
})

const PyprojectToml = Schema.Struct({
  project: Schema.optionalKey(Schema.Struct({ name: Text, version: Text, dependencies: List }))
})

const string = (value: unknown) => typeof value === "string" ? value : undefined
const size = (tables: ReadonlyArray<Readonly<Record<string, unknown>> | undefined>) =>
  tables.reduce((sum, table) => sum + Object.keys(table ?? {}).length, 0)

const decode = <A, I>(
  syntax: string,
  schema: Schema.Codec<A, I>,
  facts: (manifest: A) => Facts
) => {
  const decoded = Schema.decodeUnknownResult(schema)
  return (value: unknown) =>
    decoded(value).pipe(
      Result.map(facts),
      Result.mapError(() => `unexpected contents for ${syntax}`)
    )
}

const json = <A, I>(schema: Schema.Codec<A, I>, facts: (manifest: A) => Facts): Parse => {
  const parse = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Unknown))
  const read = decode("this kind of JSON file", schema, facts)
  return (text) => parse(text).pipe(Result.mapError(() => "not valid JSON"), Result.flatMap(read))
}

const toml = <A, I>(schema: Schema.Codec<A, I>, facts: (manifest: A) => Facts): Parse => {
  const read = decode("this kind of TOML file", schema, facts)
  return (text) => Toml.parse(text).pipe(Result.mapError(() => "not valid TOML"), Result.flatMap(read))
}

const goMod: Parse = (text) => {
  const module = /^module\s+(\S+)/m.exec(text)?.[1]
  if (module === undefined) return Result.fail("no module line")
  const required = [...text.matchAll(/^(?:require)?\s+[\w.-]+\.[^\s()]+\s+v\d\S*/gm)].length
  return Result.succeed({ name: module, version: undefined, dependencies: required })
}

const parsers: Readonly<Record<string, Parse>> = {
  "package.json": json(PackageJson, (it) => ({
    name: string(it.name),
    version: string(it.version),
    dependencies: size([it.dependencies, it.devDependencies, it.peerDependencies, it.optionalDependencies])
  })),
  "composer.json": json(ComposerJson, (it) => ({
    name: string(it.name),
    version: string(it.version),
    dependencies: size([it.require, it["require-dev"]])
  })),
  "Cargo.toml": toml(CargoToml, (it) => ({
    name: string(it.package?.name),
    version: string(it.package?.version),
    dependencies: size([it.dependencies, it["dev-dependencies"], it["build-dependencies"]])
  })),
  "pyproject.toml": toml(PyprojectToml, (it) => ({
    name: string(it.project?.name),
    version: string(it.project?.version),
    dependencies: it.project?.dependencies?.length ?? 0
  })),
  "go.mod": goMod
}

/** Parses a manifest of a kind, which is the name of its file. It gives the reason if the text has another shape. */
export const parseManifest = (kind: string, text: string): Effect.Effect<Result.Result<Facts, string>> =>
  Effect.sync(() => parsers[kind]!(text))

/** How manifests are parsed. A program may put a cache in its place. */
export const ManifestParser = Context.Reference<typeof parseManifest>("analyze-directory/ManifestParser", {
  defaultValue: () => parseManifest
})

// --- Reading them ---

/** Larger files are not read as manifests. */
const largestManifest = 4 * 1024 * 1024

const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1)

const readText = (file: FileEntry): Effect.Effect<string, FileError> => {
  const chunks: Array<Buffer> = []
  return Effect.map(
    readChunks(file, (chunk) => void chunks.push(Buffer.from(chunk))),
    () => Buffer.concat(chunks).toString("utf8")
  )
}

export const readManifests = Effect.fnUntraced(function*(
  files: ReadonlyArray<FileEntry>
): Effect.fn.Return<Manifests> {
  const manifests: Array<Manifest> = []
  const malformed: Array<UnreadablePath> = []
  const unreadable: Array<UnreadablePath> = []
  const candidates = files.filter((file) => Object.hasOwn(parsers, nameOf(file.path)) && file.size <= largestManifest)
  const parse = yield* ManifestParser
  yield* Effect.forEach(candidates, (file) => {
    const { path } = file
    const kind = nameOf(path)
    return Effect.match(Effect.flatMap(readText(file), (text) => parse(kind, text)), {
      onFailure: ({ reason }) => void unreadable.push({ path, reason }),
      onSuccess: (facts) => {
        if (Result.isFailure(facts)) malformed.push({ path, reason: facts.failure })
        else manifests.push({ path, kind, ...facts.success })
      }
    })
  }, { concurrency: 4, discard: true })
  return { manifests: manifests.sort((a, b) => a.path < b.path ? -1 : 1), malformed, unreadable }
})
