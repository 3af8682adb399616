/** The files of the microphone page. */
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** By path; `/` is the page itself. */
export async function loadPage(root: string): Promise<Map<string, { body: Buffer; contentType: string }>> {
  const folder = join(root, "src", "gateway", "page");
  const files = new Map<string, { body: Buffer; contentType: string }>();
  for (const name of await readdir(folder)) {
    const contentType = TYPES[extname(name)];
    if (contentType === undefined) continue;
    files.set(name === "index.html" ? "/" : `/${name}`, {
      body: await readFile(join(folder, name)),
      contentType,
    });
  }
  return files;
}
