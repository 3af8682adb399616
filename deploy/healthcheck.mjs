// Health of a container: HEALTH_URL, or the address that is its argument, answers with 2xx. Without either there is no server to ask.
// With https, HEALTH_CERT and HEALTH_KEY are the client certificate for a server that demands one, HEALTH_CA the authority of the
// server's (PEM files). A server of this machine that HEALTH_URL names by a loopback address is asked without HEALTH_CA, too: its
// certificate is made for the name that callers use.
import { readFileSync } from "node:fs";
import { get as getHttp } from "node:http";
import { get as getHttps } from "node:https";

const LIMIT_MS = 2500;
const { HEALTH_CA, HEALTH_CERT, HEALTH_KEY } = process.env;
const address = process.argv[2] ?? process.env.HEALTH_URL ?? "";

const file = (path) => (path === undefined || path === "" ? undefined : readFileSync(path));

function ask(url) {
  const secure = url.protocol === "https:";
  const isLoopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  const ca = file(HEALTH_CA);
  const options = {
    ca,
    cert: file(HEALTH_CERT),
    key: file(HEALTH_KEY),
    rejectUnauthorized: !(isLoopback && ca === undefined),
    signal: AbortSignal.timeout(LIMIT_MS),
  };
  return new Promise((resolve, reject) => {
    (secure ? getHttps : getHttp)(url, secure ? options : { signal: options.signal }, (response) => {
      response.resume();
      resolve(response.statusCode >= 200 && response.statusCode < 300);
    }).on("error", reject);
  });
}

if (address !== "") {
  try {
    process.exitCode = (await ask(new URL(address))) ? 0 : 1;
  } catch (error) {
    // Docker shows it in `docker inspect`.
    console.error(`healthcheck: ${address.replace(/\/\/[^/@]*@/, "//")}: ${error.message}`);
    process.exitCode = 1;
  }
}
