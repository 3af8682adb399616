/** docs/gateway-protocol.md names every limit with the default that the code has. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseDurationMs } from "../src/base/duration.ts";
import { PACKAGE_ROOT } from "../src/base/process/package-root.ts";
import { gatewayFile } from "../src/gateway/config.ts";

test("the table of limits is that of the code", () => {
  const text = readFileSync(join(PACKAGE_ROOT, "docs/gateway-protocol.md"), "utf8");
  const rows = [...text.matchAll(/^\| `(\w+)` +\| ([\d,]+)(ms|s|m|h)? +\| /gm)];
  const documented = rows.map(([, name = "", digits = "", unit = ""]) => {
    const amount = digits.replaceAll(",", "");
    return [name, unit === "" ? Number(amount) : parseDurationMs(amount + unit)];
  });
  expect(Object.fromEntries(documented)).toEqual(gatewayFile.parse({}).limits);
});
