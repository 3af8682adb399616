/** The order of the pages. Titles are those of the pages themselves. */
import { SOURCES, pageOf, titleOf, urlOf } from "./pages.mjs";

const GROUPS = {
  Start: ["five-minutes", "reading-results", "glossary", "troubleshooting"],
  Measure: [
    "targets",
    "scenarios",
    "datasets",
    "accuracy",
    "comparing",
    "capacity",
    "ci",
    "watching",
    "production-validation",
  ],
  "Move to NIM": ["migrating", "nim-or-riva"],
  "Run and extend": ["emulator", "scale-out", "security", "library", "writing-a-transport"],
  Reference: [
    "metrics",
    "prometheus",
    "failures",
    "exit-codes",
    "shipped-scenarios",
    "schemas",
    "results",
    "gateway-protocol",
    "methodology",
    "performance",
  ],
};

const item = (source) => ({ text: titleOf(source), link: urlOf(pageOf(source)) });
const inFolder = (folder) => SOURCES.filter((source) => source.startsWith(`${folder}/`)).map(item);

/** Pages that no group names come under "More". */
export function sidebar() {
  const listed = Object.values(GROUPS).flat();
  const more = SOURCES.filter((source) => /^docs\/[^/]+$/.test(source))
    .map((source) => source.slice("docs/".length, -".md".length))
    .filter((name) => !listed.includes(name));
  const groups = more.length === 0 ? GROUPS : { ...GROUPS, More: more };
  return [
    ...Object.entries(groups).map(([text, names]) => ({
      text,
      items: names.map((name) => item(`docs/${name}.md`)),
    })),
    { text: "Helm charts", collapsed: true, items: inFolder("deploy/chart") },
    { text: "Runbooks", collapsed: true, items: inFolder("docs/runbooks") },
    { text: "Decisions", collapsed: true, items: inFolder("docs/decisions") },
    {
      text: "Project",
      collapsed: true,
      items: ["CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"].map(item),
    },
  ];
}
