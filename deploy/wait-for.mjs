// Waits until servers take connections: the pods of a run start in any order, and none of them is tried again.
//   node wait-for.mjs SECONDS URL...      a URL may be several of one cluster, with commas between them: one is enough
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

const TRY_MS = 2000;
const PAUSE_MS = 250;

const [seconds, ...urls] = process.argv.slice(2);
const endMs = performance.now() + Number(seconds) * 1000;

function takesConnections(address) {
  const { hostname, port } = new URL(address);
  return new Promise((resolve) => {
    const socket = connect(Number(port || 4222), hostname.replace(/^\[|\]$/g, ""));
    const end = (isThere) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.setTimeout(TRY_MS, () => end(false));
    socket.on("connect", () => end(true)).on("error", () => end(false));
  });
}

// This process is the container's first: without a handler a signal would do nothing.
for (const [signal, code] of Object.entries({ SIGTERM: 143, SIGINT: 130 }))
  process.on(signal, () => process.exit(code));

for (const url of urls) {
  const addresses = url.split(",").map((address) => address.trim());
  const shown = url.replaceAll(/\/\/[^/@,]*@/g, "//");
  while (!(await Promise.all(addresses.map(takesConnections))).includes(true)) {
    if (performance.now() > endMs) {
      console.error(`wait-for: ${shown} took no connection within ${seconds} s`);
      process.exit(1);
    }
    await pause(PAUSE_MS);
  }
  console.error(`wait-for: ${shown} is there`);
}
