// Health of a container: HEALTH_URL answers with 2xx. Without HEALTH_URL there is no server here to ask.
const url = process.env.HEALTH_URL;
if (url !== undefined && url !== "") {
  const answer = await fetch(url, { signal: AbortSignal.timeout(2500) }).catch(() => undefined);
  process.exitCode = answer?.ok === true ? 0 : 1;
}
