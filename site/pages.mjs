/** What is on the site and where: pages of this repository, links between them, files that they link to. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";

export const ROOT = join(import.meta.dirname, "..");

const CHARTS = readdirSync(join(ROOT, "deploy/chart"));

/** Pages outside `docs/`. Their names differ by more than case from those in it. */
const ELSEWHERE = {
  "README.md": "index.md",
  "CHANGELOG.md": "project/changelog.md",
  "CONTRIBUTING.md": "project/contributing.md",
  "SECURITY.md": "project/reporting.md",
  ...Object.fromEntries(CHARTS.map((chart) => [`deploy/chart/${chart}/README.md`, `charts/${chart}.md`])),
};

const pagesIn = (folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith(".md"))
    .toSorted()
    .map((name) => `${folder}/${name}`);

/** All Markdown that becomes pages, as paths in the repository. */
export const SOURCES = [
  ...Object.keys(ELSEWHERE),
  ...pagesIn("docs"),
  ...pagesIn("docs/runbooks"),
  ...pagesIn("docs/decisions"),
];

/** The page's path on the site, `.md` at its end. */
export function pageOf(source) {
  return ELSEWHERE[source] ?? source.replace(/^docs\//, "").replace(/^site\/folders\//, "");
}

export const urlOf = (page) => `/${page.replace(/(^|\/)index\.md$/, "$1").replace(/\.md$/, "")}`;

/** A folder's page, which lists what is in it. */
const folderPage = (path) =>
  path.startsWith("docs/") ? `${path.slice(5)}/index.md` : `files/${path}/index.md`;

const isFolder = (path) => statSync(join(ROOT, path)).isDirectory();

/**
 * Where a relative link of a page leads, as a path in the repository; undefined for addresses and for anchors.
 *
 * @throws Error when nothing is there
 */
function targetOf(source, href) {
  if (/^([a-z]+:|#|\/)/i.test(href)) return undefined;
  const path = normalize(join(dirname(source), decodeURI(href.replace(/[?#].*$/, "")))).replace(/\/$/, "");
  if (path.startsWith("..") || !existsSync(join(ROOT, path)))
    throw new Error(`${source}: nothing is at ${href}`);
  return path;
}

/** The address on the site of what a page links to, and whether it is a file that the site shows as it is. */
export function resolveLink(source, href) {
  const path = targetOf(source, href);
  if (path === undefined) return { url: href, isFile: false };
  const anchor = /#.*$/.exec(href)?.[0] ?? "";
  if (SOURCES.includes(path)) return { url: urlOf(pageOf(path)) + anchor, isFile: false };
  if (isFolder(path)) return { url: urlOf(folderPage(path)), isFile: false };
  return { url: `/files/${path}`, isFile: true };
}

const linked = new Set(
  SOURCES.flatMap((source) =>
    [...readFileSync(join(ROOT, source), "utf8").matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, href]) => targetOf(source, href))
      .filter((path) => path !== undefined && !SOURCES.includes(path)),
  ),
);
const folders = [...linked].filter(isFolder);

/** Files that pages link to, and those of the folders that they link to. */
export const FILES = [...new Set([...linked].flatMap((path) => (isFolder(path) ? filesIn(path) : [path])))];

function filesIn(folder) {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${folder}/${entry.name}`)
    .filter((path) => !SOURCES.includes(path))
    .toSorted();
}

export function titleOf(source) {
  return /^# (.+)$/m.exec(readFileSync(join(ROOT, source), "utf8"))?.[1] ?? basename(source, ".md");
}

/** Pages that list a folder, for VitePress's dynamic routes. */
export const FOLDER_PAGES = folders.map((folder) => {
  const pages = SOURCES.filter((source) => dirname(source) === folder);
  const lines = [
    ...pages.map((source) => `- [${titleOf(source)}](${urlOf(pageOf(source))})`),
    ...filesIn(folder).map((path) => `- <a href="/files/${path}" target="_self">${basename(path)}</a>`),
  ];
  return {
    params: { page: folderPage(folder).replace(/\.md$/, "") },
    content: `# ${folder}\n\n${lines.join("\n")}\n`,
  };
});
