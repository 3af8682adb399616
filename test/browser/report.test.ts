import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDigest } from "../../src/metrics/result/session-digest.ts";
import type { SessionDigest } from "../../src/metrics/result/session-digest.ts";
import { renderHtml } from "../../src/report/html/html.ts";
import type { WatchedPage } from "../support/browser.ts";
import { launchBrowser, watchedPage } from "../support/browser.ts";
import { hostile } from "../support/hostile-result.ts";
import { hourLongDigest, hourLongResult } from "../support/long-result.ts";
import { PASSED, SAMPLES } from "../support/sample-result.ts";
import { spokenSession } from "../support/session-line.ts";

let browser: Browser;
let folder: string;

beforeAll(async () => {
  browser = await launchBrowser();
  folder = mkdtempSync(join(tmpdir(), "report-page-"));
});

afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

/** With a failed session, and a text that would like to be more than text. */
function digest(): SessionDigest {
  const made = createDigest(PASSED);
  for (let seq = 0; seq < 20; seq++) made.add(spokenSession({ seq, scheduledMs: 10_000 + seq * 1000 }));
  made.add(spokenSession({ seq: 99, failed: "deadline", text: "</script><script>alert(1)</script>" }));
  return made.end();
}

async function opened(page: string, options?: BrowserContextOptions): Promise<WatchedPage> {
  const file = join(folder, "report.html");
  writeFileSync(file, page);
  const watched = await watchedPage(browser, options);
  await watched.page.goto(pathToFileURL(file).href);
  return watched;
}

const LOOKS = [
  ["light, wide", { colorScheme: "light", viewport: { width: 1280, height: 900 } }],
  ["dark, phone", { colorScheme: "dark", viewport: { width: 360, height: 740 }, hasTouch: true }],
] as const;

/** Where the pictures are kept, when somebody wants to look at them. */
const PICTURES = process.env["PICTURES"];

describe.each(SAMPLES)("the page of a run that %s", (name, result) => {
  test.each(LOOKS)(
    "%s: no complaint, no request, nothing beyond the right edge but tables that scroll",
    async (look, options) => {
      const { page, complaints, requests } = await opened(renderHtml(result, digest()), options);
      const charts = result.timeline.length === 0 ? 0 : await page.locator("figure[data-chart]").count();
      expect(await page.locator("figure[data-chart] canvas").count()).toBe(charts);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(options.viewport.width);
      const cut =
        "[...document.querySelectorAll('.wide:not([role])')].filter((one) => one.scrollWidth > one.clientWidth)";
      expect(await page.evaluate(`${cut}.map((one) => one.innerText)`)).toEqual([]);
      expect(await page.locator(".verdict strong").first().innerText()).toBe(result.verdict.toUpperCase());
      expect([complaints, requests]).toEqual([[], []]);
      if (PICTURES !== undefined) {
        mkdirSync(PICTURES, { recursive: true });
        await page.screenshot({ path: join(PICTURES, `${name}, ${look}.png`), fullPage: true });
      }
      await page.close();
    },
  );

  test("hostile names run nothing", async () => {
    const { page, complaints, requests } = await opened(renderHtml(hostile(result), digest()));
    expect(await page.locator("script").count()).toBe(result.timeline.length === 0 ? 2 : 3);
    expect([complaints, requests]).toEqual([[], []]);
    await page.close();
  });
});

test("dragging across one chart zooms into all of them, and the button shows the whole run again", async () => {
  const { page, complaints } = await opened(renderHtml(PASSED));
  const button = page.getByRole("button", { name: "Show the whole run" });
  const plots = page.locator("figure[data-chart] .u-over");
  const pictures = (): Promise<string[]> =>
    page.evaluate("[...document.querySelectorAll('canvas')].map((canvas) => canvas.toDataURL())");
  await expect.poll(() => button.isVisible()).toBe(false);
  await plots.nth(1).scrollIntoViewIfNeeded();
  const before = await pictures();
  const box = (await plots.nth(1).boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.3, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 40, { steps: 4 });
  await page.mouse.up();
  await expect.poll(() => button.isVisible()).toBe(true);
  const zoomed = await pictures();
  for (const [index, picture] of zoomed.entries()) expect(picture).not.toBe(before[index]);
  await button.click();
  await expect.poll(() => button.isVisible()).toBe(false);
  await page.mouse.move(0, 0);
  await expect.poll(pictures).toEqual(before);
  expect(complaints).toEqual([]);
  await page.close();
});

test("a lone value is a dot, and a second without failures has no bar", async () => {
  const [point] = PASSED.timeline.slice(30);
  const { page } = await opened(renderHtml({ ...PASSED, timeline: [point!] }));
  /** Whether a chart has anything in that color of the page. */
  const has = (chart: string, name: string): Promise<boolean> =>
    page.evaluate(`(() => {
      const canvas = document.querySelector("[data-chart=${chart}] canvas");
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const hex = getComputedStyle(document.documentElement).getPropertyValue("--${name}").trim();
      const wanted = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
      return data.some((_, at) => at % 4 === 0 && wanted.every((value, part) => data[at + part] === value));
    })()`);
  expect([await has("open", "s0"), await has("failures", "bad")]).toEqual([true, false]);
  await page.close();
});

test("values are read where the pointer is", async () => {
  const { page } = await opened(renderHtml(PASSED));
  await page.locator("figure[data-chart=open] .u-over").hover();
  expect(await page.locator("figure[data-chart=open] output").innerText()).toMatch(/^\s*(49|50)$/);
  await page.close();
});

test("without scripts, and in print, the drawings stand in the charts' place", async () => {
  const still = await opened(renderHtml(PASSED), { javaScriptEnabled: false });
  expect(await still.page.locator("figure[data-chart] svg").first().isVisible()).toBe(true);
  expect(await still.page.getByRole("button").isVisible()).toBe(false);
  const printed = await opened(renderHtml(PASSED));
  await printed.page.emulateMedia({ media: "print" });
  expect(await printed.page.locator("figure[data-chart] svg").first().isVisible()).toBe(true);
  expect(await printed.page.locator("figure[data-chart] .live").first().isVisible()).toBe(false);
  await still.page.close();
  await printed.page.close();
});

test("an hour is less than 3 MB and opens without complaint", async () => {
  const result = hourLongResult();
  const text = renderHtml(result, hourLongDigest(result));
  expect(Buffer.byteLength(text)).toBeLessThan(3e6);
  expect(text).toContain("Every point is the highest of 15 points");
  const { page, complaints } = await opened(text);
  expect(await page.locator("figure[data-chart] canvas").count()).toBeGreaterThan(5);
  expect(complaints).toEqual([]);
  await page.close();
});
