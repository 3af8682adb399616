/** The documentation site, as `npm run docs:site` has built it: links, search, phones, and nothing from elsewhere. */
import { execFile } from "node:child_process";
import { createReadStream, existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import type { Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, extname, join, posix } from "node:path";
import { promisify } from "node:util";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";
import type { WatchedPage } from "../support/browser.ts";
import { launchBrowser, watchedPage } from "../support/browser.ts";
import { PAGES } from "../support/docs.ts";

const SITE = join(PACKAGE_ROOT, "build/site");
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

let built = "";
let server: Server;
let origin = "";
let browser: Browser;

beforeAll(async () => {
  const { stdout, stderr } = await promisify(execFile)("scripts/build-site.sh", { cwd: PACKAGE_ROOT });
  built = `${stdout}${stderr}`;
  server = createServer((request, response) => {
    const path = join(
      SITE,
      decodeURI((request.url ?? "/").replace(/[?#].*$/, "").replace(/\/$/, "/index.html")),
    );
    const isThere = existsSync(path) && statSync(path).isFile();
    response.writeHead(isThere ? 200 : 404, { "content-type": TYPES[extname(path)] ?? "text/plain" });
    if (isThere) createReadStream(path).pipe(response);
    else response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await launchBrowser();
}, 600_000);

afterAll(async () => {
  await browser.close();
  server.close();
});

function htmlFiles(): string[] {
  return readdirSync(SITE, { recursive: true, encoding: "utf8" }).filter(
    (path) => path.endsWith(".html") && !path.startsWith("files/dashboards") && path !== "404.html",
  );
}

const attributes = (html: string, name: string): string[] =>
  [...html.matchAll(new RegExp(`\\s${name}="([^"]*)"`, "g"))].map(([, value = ""]) =>
    value.replaceAll("&amp;", "&"),
  );

function expectFine({ complaints, requests }: WatchedPage): void {
  // What was fetched ahead for a page that is left again is given up.
  const own = `request failed: ${origin}/assets/`;
  expect(complaints.filter((complaint) => !complaint.startsWith(own))).toEqual([]);
  expect(requests.filter((url) => !url.startsWith(`${origin}/`))).toEqual([]);
}

const FEW = ["index.html", "five-minutes.html", "metrics.html", "migrating.html"];

test("it is built without a warning", () => {
  expect(built).toContain("build complete");
  expect(built).not.toMatch(/warn|\(!\)|error|deprecated/i);
});

test("every page of the docs is there", () => {
  for (const page of PAGES.filter((one) => one !== "README.md"))
    expect(existsSync(join(SITE, page.replace(/^docs\//, "").replace(/\.md$/, ".html"))), page).toBe(true);
});

test("every link and every anchor leads somewhere on the site, or to another one", () => {
  const dead: string[] = [];
  const anchors = new Map<string, Set<string>>();
  const anchorsOf = (file: string): Set<string> => {
    const known = anchors.get(file) ?? new Set(attributes(readFileSync(join(SITE, file), "utf8"), "id"));
    anchors.set(file, known);
    return known;
  };
  for (const file of htmlFiles()) {
    for (const href of attributes(readFileSync(join(SITE, file), "utf8"), "href")) {
      if (/^[a-z]+:/i.test(href)) continue;
      const [path = "", anchor = ""] = href.split("#");
      const plain = decodeURI(path.replace(/\?.*$/, ""));
      let target =
        plain === "" ? file : plain.startsWith("/") ? plain.slice(1) : posix.join(dirname(file), plain);
      if (target === "" || target.endsWith("/")) target += "index.html";
      const found = existsSync(join(SITE, target));
      const needsAnchor = anchor !== "" && target.endsWith(".html") && !target.startsWith("api/");
      if (!found || (needsAnchor && !anchorsOf(target).has(decodeURIComponent(anchor))))
        dead.push(`${file}: ${href}`);
    }
  }
  expect(dead).toEqual([]);
});

test("the search finds coordinated omission, offline", async () => {
  const watched = await watchedPage(browser, { viewport: { width: 1280, height: 800 } });
  await watched.page.goto(`${origin}/`);
  await watched.page.click("#local-search button");
  await watched.page.fill("#localsearch-input", "coordinated omission");
  const result = watched.page.locator("#localsearch-list li a").first();
  await result.waitFor();
  expect(await watched.page.locator("#localsearch-list").innerText()).toMatch(/glossary/i);
  if (process.env["SCREENSHOTS"] !== undefined)
    await watched.page.screenshot({ path: join(process.env["SCREENSHOTS"], "search-1280.png") });
  await result.click();
  await watched.page.waitForURL(/\.html/);
  expect(await watched.page.locator("main").innerText()).toMatch(/coordinated omission/i);
  expectFine(watched);
});

test.each([390, 1280])(
  "no page is wider than a screen of %i px, and none asks anyone else",
  async (width) => {
    const watched = await watchedPage(browser, { viewport: { width, height: 844 } });
    const wide: string[] = [];
    // Wide screens have room: a few pages tell.
    const files = width < 1000 ? htmlFiles().filter((path) => !/^(?:api|decisions)\//.test(path)) : FEW;
    for (const file of files) {
      await watched.page.goto(`${origin}/${file}`);
      const extra = await watched.page.evaluate<number>(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth",
      );
      if (extra > 0) wide.push(`${file}: ${extra} px`);
      if (process.env["SCREENSHOTS"] !== undefined)
        await watched.page.screenshot({
          path: join(process.env["SCREENSHOTS"], `${file.replaceAll("/", "_")}-${width}.png`),
        });
    }
    expect(wide).toEqual([]);
    expectFine(watched);
  },
);
