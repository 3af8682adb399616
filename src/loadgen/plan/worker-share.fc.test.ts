import fc from "fast-check";
import { expect, it } from "vitest";
import { workerShare } from "./plan-input.ts";

it("deals every session to one worker of one part, however many workers each part has", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 }), (workersOf) => {
      const of = workersOf.length;
      const shares = workersOf.flatMap((workers, index) =>
        Array.from({ length: workers }, (_, worker) => workerShare({ index, of }, worker, workers)),
      );
      for (let session = 0; session < 200; session++) {
        const takers = shares.filter((share) => session % share.of === share.index);
        expect(takers.length).toBe(1);
        // The part is that of the machine, whatever goes on inside it.
        expect((takers[0]?.index ?? -1) % of).toBe(session % of);
      }
      // Their places tell the workers of all parts apart.
      expect(new Set(shares.map(({ index }) => index)).size).toBe(shares.length);
    }),
  );
});
