/** `docs/shipped-scenarios.md`: every file of `scenarios/`, as it is. */
import { readFileSync, readdirSync } from "node:fs";
import { parse } from "yaml";
import { scenarioFile } from "../src/scenario/scenario-schema.ts";

const FOLDER = new URL("../scenarios/", import.meta.url);

/** @throws ZodError when a file is no scenario */
export function scenariosMarkdown(): string {
  const sections = readdirSync(FOLDER)
    .filter((file) => file.endsWith(".yaml"))
    .toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }))
    .map((file) => {
      const text = readFileSync(new URL(file, FOLDER), "utf8");
      const { name, description } = scenarioFile.parse(parse(text));
      return `## ${name}\n\n${description}.\n\n\`\`\`yaml\n${text.trimEnd()}\n\`\`\`\n`;
    });
  return `# Scenarios in the package

Generated from \`scenarios/\` by \`npm run generate\`. \`npx bench scenarios\` lists them, \`npx bench scenarios NAME\` prints one to start from, and
[scenarios](scenarios.md) explains the keys.

${sections.join("\n")}`;
}
