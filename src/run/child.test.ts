import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { tempFolder } from "../../test/support/bench-process.ts";

it("a child whose parent dies while it is about to speak ends without a word", async () => {
  const folder = tempFolder();
  // The child stands still until its parent is gone: the end of the channel is there and not read yet.
  writeFileSync(
    join(folder, "child.ts"),
    `import { tellParent } from ${JSON.stringify(join(import.meta.dirname, "child.ts"))};
tellParent({ here: true });
setTimeout(() => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  tellParent({ late: true });
}, 50);
`,
  );
  writeFileSync(
    join(folder, "parent.mjs"),
    `import { fork } from "node:child_process";
const options = { execArgv: ["--import", "tsx"], stdio: ["ignore", "ignore", "inherit", "ipc"] };
fork(${JSON.stringify(join(folder, "child.ts"))}, options).once("message", () => setTimeout(() => process.exit(), 250));
`,
  );
  const parent = spawn(process.execPath, [join(folder, "parent.mjs")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  parent.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
  // The child holds it open to its own end.
  await new Promise((resolve) => parent.once("close", resolve));
  expect(stderr).toBe("");
});
