import { expect, test } from "vitest";
import { corpusOf } from "./fuzz/corpus.ts";
import { HANG_MS } from "./fuzz/engine.ts";
import { FUZZ_TARGETS } from "./fuzz/targets/index.ts";

test.each(FUZZ_TARGETS.map((target) => [target.name, target] as const))(
  "%s reads its whole corpus, finds among it, without a crash or a hang",
  async (name, target) => {
    const entries = corpusOf(name);
    expect(entries.length).toBeGreaterThan(0);
    for (const { name: entry, bytes } of entries) {
      const startedMs = performance.now();
      await expect(
        Promise.resolve().then(() => target.run(bytes)),
        entry,
      ).resolves.toBeTypeOf("string");
      expect(performance.now() - startedMs, entry).toBeLessThan(HANG_MS);
    }
  },
);
