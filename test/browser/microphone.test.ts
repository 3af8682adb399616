/** The gateway's page in a real browser, its microphone fed from a clip of the dataset. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { realClock } from "../../src/base/clock.ts";
import { loadDataset, selectClips } from "../../src/base/dataset/dataset.ts";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";
import { loadPage } from "../../src/cli/gateway/gateway-page.ts";
import { findProfile } from "../../src/emulator/timing/profiles.ts";
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

/** Drags a file of this machine onto a place, as a hand does. */
async function drop(page: Page, selector: string, file: string, onOver: () => Promise<void>): Promise<void> {
  const box = (await page.locator(selector).boundingBox())!;
  const hand = await page.context().newCDPSession(page);
  const at = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  const data = { items: [], files: [file], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver"] as const)
    await hand.send("Input.dispatchDragEvent", { type, ...at, data });
  await onOver();
  await hand.send("Input.dispatchDragEvent", { type: "drop", ...at, data });
}

test("a WAV is dropped on the page, beside the transcript: its words are heard, and what is no audio is said so", async () => {
  const { page, complaints } = await watchedPage(browser, { viewport: { width: 900, height: 720 } });
  await page.goto(gateway.http);
  const wav = join(folder, "dropped.wav");
  writeFileSync(wav, wavFile(Buffer.from(clip.pcm.subarray(0, 96_000))));
  await drop(page, "h1", wav, async () => {
    expect(await page.locator("#transcript").getAttribute("class")).toContain("over");
  });
  await page.locator("#state[data-state=live]").waitFor();
  expect(await page.locator("#state-text").innerText()).toBe("Playing dropped.wav");
  expect(await page.locator("#transcript").getAttribute("class")).not.toContain("over");
  await drop(page, "#transcript", wav, () => Promise.resolve());
  expect(await page.locator("#problem").innerText()).toContain("Press Stop first");
  await page.locator("#state[data-state=idle]").waitFor({ timeout: 20_000 });
  expect(await page.locator("#finals").innerText()).not.toBe("");
  expect(await page.locator("#length").innerText()).toBe("3.0 s");

  const text = join(folder, "notes.txt");
  writeFileSync(text, "no audio at all");
  await drop(page, "#transcript", text, () => Promise.resolve());
  await page.locator("#state[data-state=failed]").waitFor();
  expect(await page.locator("#problem").innerText()).toBe(
    "notes.txt is not an audio file that this browser can read.",
  );
  expect(page.url()).toBe(`${gateway.http}/`);
  expect(complaints).toEqual([]);
}, 60_000);

const DESKTOP = { width: 900, height: 720 };
const PHONE = { width: 360, height: 740 };

// Pictures to look at; what they must show is asserted, and nothing may be wider than the screen.
test.each([
  ["desktop", "light", DESKTOP],
  ["desktop", "dark", DESKTOP],
  ["phone", "light", PHONE],
  ["phone", "dark", PHONE],
] as const)(
  "idle, live, done and failed fit on a %s in the %s",
  async (device, colorScheme, viewport) => {
    const { page } = await watchedPage(browser, { viewport, colorScheme });
    const look = async (state: string): Promise<void> => {
      const { width = 0 } = (await page.locator("main").boundingBox()) ?? {};
      expect(width).toBeLessThanOrEqual(viewport.width);
      if (PICTURES === undefined) return;
      mkdirSync(PICTURES, { recursive: true });
      await page.screenshot({ path: join(PICTURES, `${device}-${colorScheme}-${state}.png`) });
    };
    await page.goto(gateway.http);
    await look("idle");
    const wav = join(folder, `${device}-${colorScheme}.wav`);
    writeFileSync(wav, wavFile(Buffer.from(clip.pcm.subarray(0, 128_000))));
    await drop(page, "#transcript", wav, () => Promise.resolve());
    await page.locator("#state[data-state=live]").waitFor();
    await expect.poll(() => page.locator("#interim").innerText(), { timeout: 15_000 }).toMatch(/.{10}/);
    await look("live");
    await page.locator("#state[data-state=idle]").waitFor({ timeout: 20_000 });
    await page.locator("details.settings summary").click();
    await look("done");
    const text = join(folder, "notes.txt");
    writeFileSync(text, "no audio at all");
    await drop(page, "h1", text, () => Promise.resolve());
    await page.locator("#state[data-state=failed]").waitFor();
    await look("failed");
  },
  60_000,
);

test("a file that is chosen, on a phone, in the dark; then the recogniser is gone, and the page says so in words", async () => {
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
