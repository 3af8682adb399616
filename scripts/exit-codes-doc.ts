/** `docs/exit-codes.md`: the codes with their comments in `src/base/errors.ts`. */
import { readFileSync } from "node:fs";
import { EXIT } from "../src/base/errors.ts";

/** @throws Error when a code has no comment of its own line */
export function exitCodesMarkdown(): string {
  const source = readFileSync(new URL("../src/base/errors.ts", import.meta.url), "utf8");
  const comments = new Map(
    [...source.matchAll(/\/\*\* (.+) \*\/\n {2}(\w+): \d+,/g)].map(([, comment, name]) => [name, comment]),
  );
  const rows = Object.entries(EXIT).map(([name, code]) => {
    const comment = comments.get(name);
    if (comment === undefined) throw new Error(`EXIT.${name} has no comment`);
    return `| ${code} | ${comment} | \`${name}\` |`;
  });
  return `# Exit codes

Generated from \`EXIT\` in \`src/base/errors.ts\` by \`npm run generate\`. The numbers never change.

| code | meaning | name in the library |
|---|---|---|
${rows.join("\n")}

Only 0 is a pass. In CI, treat 3 and 4 as a failed build, 5 and 6 as "run it again, longer or on a quieter machine", and 2 and 7 as a
broken job: [in CI](ci.md).

A run whose validity is only *degraded* exits with the code of its SLOs. One shard of a run (\`--shard\`) is not judged by its SLOs for lack of
sessions: it exits with 0 where a whole run would exit with 6, and \`bench merge\` judges the whole.

\`\`\`sh
npx bench --scenario smoke --quiet || echo "exit code $?"
\`\`\`
`;
}
