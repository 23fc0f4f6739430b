// JSON schemas of Kubernetes objects as kubeconform reads them, one file per kind, out of what the projects publish: the
// OpenAPI document of the API server, and CustomResourceDefinitions. Strict: a field that nobody knows is a fault.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';

/** @param swagger api/openapi-spec/swagger.json of a release @param folder where the files go */
export function fromOpenApi(swagger, folder) {
  const { definitions } = JSON.parse(readFileSync(swagger, 'utf8'));
  mkdirSync(folder, { recursive: true });
  const strictOnes = Object.entries(definitions).map(([name, schema]) => [name, strict(schema)]);
  writeFileSync(
    `${folder}/_definitions.json`,
    JSON.stringify({ definitions: Object.fromEntries(strictOnes) }),
  );
  for (const [name, schema] of Object.entries(definitions)) {
    for (const kind of schema['x-kubernetes-group-version-kind'] ?? []) {
      writeFileSync(
        `${folder}/${fileOf(kind)}`,
        JSON.stringify({ $ref: `_definitions.json#/definitions/${name}` }),
      );
    }
  }
}

/** @param crds files with CustomResourceDefinitions @param folder where the files go */
export function fromDefinitions(crds, folder) {
  mkdirSync(folder, { recursive: true });
  for (const file of crds) {
    for (const document of parseAllDocuments(readFileSync(file, 'utf8'))) {
      const { group, names, versions } = document.toJS().spec;
      for (const { name: version, schema } of versions) {
        const { openAPIV3Schema } = schema;
        const content = {
          ...strict(openAPIV3Schema),
          properties: { ...strict(openAPIV3Schema).properties, ...META },
        };
        writeFileSync(`${folder}/${fileOf({ group, version, kind: names.kind })}`, JSON.stringify(content));
      }
    }
  }
}

/** The API server checks it itself; a definition says only that it is there. */
const META = { metadata: { type: 'object' }, apiVersion: { type: 'string' }, kind: { type: 'string' } };

/** The name kubeconform looks for: kind, first word of the group, version. */
function fileOf({ group, version, kind }) {
  return [kind, group.split('.')[0], version].filter(Boolean).join('-').toLowerCase() + '.json';
}

/** Objects with named fields have no others; what may be a number or a text is both; null stands for what is left out. */
function strict(schema) {
  if (schema === null || typeof schema !== 'object') return schema;
  if (schema.$ref) return { $ref: schema.$ref.replace('#/', '_definitions.json#/') };
  if (schema.format === 'int-or-string' || schema['x-kubernetes-int-or-string']) return NUMBER_OR_TEXT;
  const kept = Object.entries(schema).flatMap(([key, value]) => (KEPT[key] ? [[key, KEPT[key](value)]] : []));
  const result = Object.fromEntries(kept);
  return isClosed(schema) ? { ...result, additionalProperties: false } : result;
}

const NUMBER_OR_TEXT = { type: ['string', 'integer', 'null'] };

/** The keywords that are checked; values have formats and patterns that the API server checks itself. */
const KEPT = {
  type: (type) => [type, 'null'],
  required: (names) => names,
  enum: (values) => [...values, null],
  items: strict,
  properties: ofEach,
  additionalProperties: strict,
};

function isClosed({ properties, additionalProperties, 'x-kubernetes-preserve-unknown-fields': isOpen }) {
  return properties !== undefined && !additionalProperties && !isOpen;
}

function ofEach(schemas) {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, strict(schema)]));
}
