/** Reads the gateway's configuration again on SIGHUP, and when a file of certificates or keys changes. */
import { unwatchFile, watchFile } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { BenchError, messageOf } from "../../base/errors.ts";
import type { UpstreamChanges } from "../../gateway/upstream/upstreams.ts";
import type { LoadedGateway } from "./gateway-config.ts";
import { tlsMode } from "./gateway-config.ts";

export interface Reloading {
  load(): Promise<LoadedGateway>;
  /** Uses it, all or nothing. @throws BenchError (exit 2) when it can't be used: then all stays as it was */
  use(next: LoadedGateway): UpstreamChanges;
  log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

/** How often the files are looked at. */
const LOOK_EVERY_MS = 2000;

/** @param started the configuration that it began with; returns a function that ends it */
export function reloadOnHangup(started: LoadedGateway, { load, use, log }: Reloading): () => void {
  let current = started;
  let watched: readonly string[] = [];
  /** One after the other, so that the last to be asked for is the last to be used. */
  let turn: Promise<void> = Promise.resolve();

  async function once(): Promise<void> {
    try {
      const next = await load();
      refuseRestart(started, next);
      const upstreams = use(next);
      log.info({ ...changesOf(current, next), upstreams }, "configuration read again");
      const ignored = needRestart(started, next);
      if (ignored.length > 0)
        log.warn({ ignored }, "settings that need a restart have changed and are not used");
      for (const warning of next.warnings) log.warn({}, warning);
      current = next;
      watch(next.watched);
    } catch (error) {
      log.warn({ error: messageOf(error) }, "the new configuration can't be used; the old one stays");
    }
  }
  const reload = (): void => void (turn = turn.then(once));

  /** By looking, not by events: mounted secrets are links that are exchanged. */
  function watch(files: readonly string[]): void {
    for (const file of watched) if (!files.includes(file)) unwatchFile(file, reload);
    for (const file of files)
      if (!watched.includes(file)) watchFile(file, { interval: LOOK_EVERY_MS, persistent: false }, reload);
    watched = files;
  }

  process.on("SIGHUP", reload);
  watch(started.watched);
  return () => {
    process.off("SIGHUP", reload);
    watch([]);
  };
}

/** Whether callers must prove who they are is settled when it begins to listen: a reload never changes it by mistake. */
function refuseRestart(started: LoadedGateway, next: LoadedGateway): void {
  if (tlsMode(next.tls) !== tlsMode(started.tls))
    throw BenchError.usage(
      "a reload can't turn TLS or client certificates on or off: start the gateway again",
    );
  if (next.keys.length > 0 !== started.keys.length > 0)
    throw BenchError.usage("a reload can't turn API keys on or off: start the gateway again");
}

/** What new sessions get that those before did not. */
function changesOf(before: LoadedGateway, next: LoadedGateway): object {
  const differ = (of: (loaded: LoadedGateway) => unknown): boolean =>
    !isDeepStrictEqual(of(before), of(next));
  return {
    certificates: differ(({ tls }) => tls),
    apiKeys: differ(({ keys }) => keys),
    limits: differ(({ config }) => config.limits),
    allowedOrigins: differ(({ config }) => config.allowedOrigins),
    tokenLife: differ(({ config }) => config.tokenLife),
  };
}

/** Settings that differ from those it was started with and are used from the next start on. */
function needRestart({ config: a }: LoadedGateway, { config: b }: LoadedGateway): string[] {
  const settled = ["host", "port", "fallback", "trustedProxies", "log"] as const;
  return settled.filter((name) => !isDeepStrictEqual(a[name], b[name]));
}
