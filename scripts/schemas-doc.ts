/** `docs/schemas.md`: the fields of the files that people write and programs read, from their schemas. */

/** As far as the schemas of this project use JSON Schema. */
export interface Schema {
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  minimum?: number;
  maximum?: number;
}

const code = (value: unknown): string => `\`${JSON.stringify(value)}\``;

/** The type in words: `integer, 1 to 100`. */
function typeOf(schema: Schema): string {
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(code).join(", ");
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants !== undefined) return [...new Set(variants.map(typeOf))].join(" or ");
  if (schema.type === "array")
    return `list of ${schema.items === undefined ? "anything" : typeOf(schema.items)}`;
  const type = [schema.type ?? "anything"].flat().join(" or ");
  const { minimum, maximum } = schema;
  if (minimum === undefined || maximum === undefined || maximum === Number.MAX_SAFE_INTEGER) return type;
  return `${type}, ${minimum} to ${maximum}`;
}

/** A row for each field, those of sections below their section. */
function rowsOf(schema: Schema, above = ""): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, field]) => {
    const path = `${above}${key}`;
    const isEmptySection = field.properties !== undefined && code(field.default) === "`{}`";
    const byDefault = field.default === undefined || isEmptySection ? "" : code(field.default);
    const mark = schema.required?.includes(key) === true && field.default === undefined ? "yes" : "";
    const row = `| \`${path}\` | ${typeOf(field)} | ${byDefault} | ${mark} |`;
    return [row, ...rowsOf(field, `${path}.`), ...rowsOf(field.items ?? {}, `${path}[].`)];
  });
}

const table = (schema: Schema): string =>
  `| field | value | default | required |\n|---|---|---|---|\n${rowsOf(schema).join("\n")}\n`;

/** One table for each load model. */
function loadModels(load: Schema | undefined): string {
  return (load?.oneOf ?? [])
    .map((model) => `### load: ${String(model.properties?.["model"]?.const)}\n\n${table(model)}`)
    .join("\n");
}

export function schemasMarkdown(schemas: { scenario: Schema; target: Schema; run: Schema }): string {
  const sections = Object.keys(schemas.run.properties ?? {}).map((name) => `\`${name}\``);
  return `# Schemas

Generated from the schemas in the code by \`npm run generate\`. Durations are text such as \`90s\` or \`2m\`, or a number of seconds. An editor
checks a file as you type when its first line names the schema:

\`\`\`yaml
# yaml-language-server: $schema=node_modules/riva-bench/schema/scenario.schema.json
\`\`\`

## Scenario

[scenario.schema.json](../schema/scenario.schema.json); what the keys mean: [scenarios](scenarios.md).

${table(schemas.scenario)}
${loadModels(schemas.scenario.properties?.["load"])}
## Target

[target.schema.json](../schema/target.schema.json); what the keys mean: [targets](targets.md).

${table(schemas.target)}
## Result

[run.schema.json](../schema/run.schema.json) describes \`result.json\`. Its sections: ${sections.join(", ")}.
[Run folders](results.md) says what the other files hold.
`;
}
