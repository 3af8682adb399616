/** The gateway's page in a real browser, its microphone fed from a clip of the dataset. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { realClock } from "../../src/base/clock.ts";
import { loadDataset, selectClips } from "../../src/base/dataset.ts";
import { PACKAGE_ROOT } from "../../src/base/package-root.ts";
import { loadPage } from "../../src/cli/gateway-page.ts";
import { findProfile } from "../../src/emulator/profiles.ts";
import type { Emulator } from "../../src/emulator/server.ts";
import { createEmulator } from "../../src/emulator/server.ts";
import { launchBrowser, watchedPage } from "../support/browser.ts";
import type { TestGateway } from "../support/gateway.ts";
import { testGateway } from "../support/gateway.ts";
import { wavFile } from "../support/wav.ts";

const CLIP = "asterisk-demo-nogo";
const dataset = selectClips(await loadDataset("default"), { only: [CLIP] });
const clip = dataset.clips[0]!;

let folder: string;
let emulator: Emulator;
let gateway: TestGateway;
let browser: Browser;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "microphone-"));
  // A pause before and after, as a caller makes; Chromium plays the file again and again.
  const silence = Buffer.alloc(32_000);
  writeFileSync(join(folder, "mic.wav"), wavFile(Buffer.concat([silence, clip.pcm, silence, silence])));
  emulator = await createEmulator({
    ...{ profile: findProfile("nim"), dataset, clock: realClock, host: "127.0.0.1", port: 0 },
  });
  gateway = await testGateway([`127.0.0.1:${emulator.port}`], { page: await loadPage(PACKAGE_ROOT) });
  browser = await launchBrowser([
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    `--use-file-for-fake-audio-capture=${join(folder, "mic.wav")}`,
  ]);
});

afterAll(async () => {
  await browser.close();
  await gateway.gateway.drain();
  await emulator.close();
  rmSync(folder, { recursive: true });
});

const PICTURES = process.env["PICTURES"];

test("start, speak, stop: the clip's words stand on the page as final text", async () => {
  const { page, complaints } = await watchedPage(browser, { viewport: { width: 900, height: 720 } });
  const picture = async (name: string): Promise<void> => {
    if (PICTURES === undefined) return;
    mkdirSync(PICTURES, { recursive: true });
    await page.screenshot({ path: join(PICTURES, `microphone-${name}.png`) });
  };
  await page.goto(gateway.http);
  await picture("idle");
  // By keyboard alone.
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.locator("#state[data-state=live]").waitFor();
  expect(await page.locator("#toggle").getAttribute("aria-pressed")).toBe("true");
  // The page's content security policy forbids evaluating strings, so what it shows is polled.
  await expect.poll(() => page.locator("#interim").innerText(), { timeout: 15_000 }).toMatch(/.{20}/);
  await picture("live");
  expect(await page.locator("#delay").innerText()).toMatch(/^\d+ ms$/);
  await expect
    .poll(async () => parseFloat(await page.locator("#length").innerText()), { timeout: 30_000 })
    .toBeGreaterThan(clip.audioMs / 1000 + 1.5);
  await page.locator("#toggle").click();
  await page.locator("#state[data-state=idle]").waitFor();
  const words = (text: string): string[] =>
    text
      .toLowerCase()
      .replace(/[^a-z' ]/g, "")
      .split(/\s+/)
      .filter(Boolean);
  const heard = words(await page.locator("#finals").innerText());
  const said = words(clip.text ?? "");
  expect(heard.slice(0, said.length)).toEqual(said);
  await picture("done");
  expect(complaints).toEqual([]);
}, 60_000);

test("a file that is dropped, on a phone, in the dark; then the recogniser is gone, and the page says so in words", async () => {
  const { page } = await watchedPage(browser, { viewport: { width: 360, height: 740 }, colorScheme: "dark" });
  await page.goto(gateway.http);
  const wav = join(folder, "clip.wav");
  writeFileSync(wav, wavFile(Buffer.from(clip.pcm.subarray(0, 96_000))));
  await page.locator("details.settings summary").click();
  await page.locator("#file").setInputFiles(wav);
  await page.locator("#state[data-state=live]").waitFor();
  await page.locator("#state[data-state=idle]").waitFor({ timeout: 20_000 });
  expect(await page.locator("#finals").innerText()).not.toBe("");
  expect((await page.locator("main").boundingBox())?.width).toBeLessThanOrEqual(360);
  await emulator.close();
  await expect
    .poll(async () => (await fetch(`${gateway.http}/health/ready`)).status, { timeout: 3000 })
    .toBe(503);
  await page.locator("#toggle").click();
  await page.locator("#state[data-state=failed]").waitFor();
  expect(await page.locator("#problem").innerText()).toContain("No speech recogniser can be reached");
  if (PICTURES !== undefined)
    await page.screenshot({ path: join(PICTURES, "microphone-failed-phone-dark.png") });
}, 60_000);
