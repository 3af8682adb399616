import { cpSync, mkdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { defineConfig } from "vitepress";
import { sidebar } from "../nav.mjs";
import { FILES, ROOT, SOURCES, pageOf, resolveLink } from "../pages.mjs";

const base = process.env.SITE_BASE ?? "/";

/** Sources link to each other as on a Git host; here those links lead to pages, and to copies of other files. */
function linksOfTheSite(markdown) {
  markdown.core.ruler.push("links-of-the-site", ({ tokens, env }) => {
    const source = relative(ROOT, env.realPath ?? env.path);
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      if (token.type !== "link_open") continue;
      const { url, isFile } = resolveLink(source, token.attrGet("href"));
      token.attrSet("href", isFile ? `${base}${url.slice(1)}` : url);
      if (isFile) token.attrSet("target", "_self");
    }
  });
}

/** Pages lie outside this folder, where Vue is not found by itself. */
const vueOfTheSite = {
  name: "vue-of-the-site",
  enforce: "pre",
  resolveId(id, importer, { ssr }) {
    if (!/^vue(\/|$)/.test(id)) return undefined;
    if (ssr) return { id, external: true };
    return importer?.endsWith(".md") ? this.resolve(id, import.meta.filename) : undefined;
  },
};

/** As Git hosts make anchors of headings, so that a link with one works in both places. */
function slugify(heading) {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");
}

export default defineConfig({
  title: "riva-bench",
  description: "Load tests and benchmarks for NVIDIA Riva and NIM streaming speech recognition",
  lang: "en",
  base,
  srcDir: ROOT,
  outDir: join(ROOT, "build/site"),
  cacheDir: join(ROOT, "build/site-cache"),
  srcExclude: [
    `!(${SOURCES.filter((source) => !source.includes("/")).join("|")}|docs|site|deploy)/**`,
    "deploy/!(chart)/**",
    "site/!(folders)/**",
  ],
  rewrites: pageOf,
  // No icon: nobody asks for one then.
  head: [["link", { rel: "icon", href: "data:," }]],
  markdown: { anchor: { slugify }, config: linksOfTheSite },
  themeConfig: {
    search: { provider: "local" },
    nav: [
      { text: "Five minutes", link: "/five-minutes" },
      { text: "Metrics", link: "/metrics" },
      { text: "API", link: "/api/index.html", target: "_self" },
    ],
    sidebar: sidebar(),
    outline: [2, 3],
  },
  vite: {
    plugins: [vueOfTheSite],
    // The search index is one file, fetched by the first search.
    build: { chunkSizeWarningLimit: 2000 },
  },
  buildEnd({ outDir }) {
    for (const path of FILES) {
      const copy = join(outDir, "files", path);
      mkdirSync(dirname(copy), { recursive: true });
      cpSync(join(ROOT, path), copy);
    }
  },
});
