/** The target as a worker gets it: its address, its certificates and what is sent with each call. */
import { defined } from "../base/defined.ts";
import type { WorkerTarget } from "../loadgen/workers/protocol.ts";
import type { ResolvedTarget } from "../scenario/target/target.ts";
import { secretsOf } from "../scenario/target/target-secrets.ts";

/** @param transport name of the transport that speaks to it */
export function workerTarget(transport: string, target: ResolvedTarget): WorkerTarget {
  const { address, path, metadata, tls, route } = target;
  return {
    ...{ transport, address, path, metadata, secrets: secretsOf(target) },
    ...tlsPart(tls),
    ...defined({ route }),
  };
}

function tlsPart(tls: ResolvedTarget["tls"]): Pick<WorkerTarget, "tls"> {
  if (tls === undefined) return {};
  const text = (pem: Buffer | undefined, key: string): object =>
    pem === undefined ? {} : { [key]: pem.toString("utf8") };
  return {
    tls: {
      ...text(tls.rootCa, "rootCa"),
      ...text(tls.clientCert, "clientCert"),
      ...text(tls.clientKey, "clientKey"),
      ...defined({ serverName: tls.serverName }),
    },
  };
}
