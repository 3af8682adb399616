/**
 * A headless browser for tests of pages: the system's Chromium, driven by playwright-core. A test hears of everything a
 * page should not do: messages on its console, errors, requests to anywhere.
 */
import { existsSync } from "node:fs";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { chromium } from "playwright-core";

const CANDIDATES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** @throws Error that says how to get one, when there is none */
export async function launchBrowser(args: readonly string[] = []): Promise<Browser> {
  const executablePath = process.env["CHROMIUM"] ?? CANDIDATES.find((path) => existsSync(path));
  if (executablePath === undefined)
    throw new Error("no Chromium: run scripts/install-browser.sh, or name one in CHROMIUM");
  // CI containers run as root, where Chromium's sandbox refuses to start, and have a small /dev/shm.
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage", ...args] });
}

export interface WatchedPage {
  page: Page;
  /** What went wrong, in sentences, as it happens. */
  complaints: string[];
  /** Addresses asked for, but those of `file:` and `data:`. */
  requests: string[];
}

/** Opens an empty page whose every complaint is kept. */
export async function watchedPage(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const page = await browser.newPage(options);
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("requestfailed", (request) => complaints.push(`request failed: ${request.url()}`));
  page.on("request", (request) => {
    if (!/^(file|data):/.test(request.url())) requests.push(request.url());
  });
  return { page, complaints, requests };
}
