/** A NATS server as a run uses it. The only importer of NATS's packages, loaded when a run has `--nats` and not before. */
import type { JetStreamManager } from "@nats-io/jetstream";
import { jetstream, JetStreamApiCodes, JetStreamApiError } from "@nats-io/jetstream";
import type { KV } from "@nats-io/kv";
import { Kvm } from "@nats-io/kv";
import type { ObjectStore } from "@nats-io/obj";
import { Objm } from "@nats-io/obj";
import type { Authenticator, ConnectionOptions, NatsConnection } from "@nats-io/transport-node";
import { connect, credsAuthenticator, errors, nanos, nkeyAuthenticator } from "@nats-io/transport-node";
import { createHash } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { BenchError, messageOf } from "../../base/errors.ts";
import type { BrokerOptions } from "./broker-options.ts";
import type { RunBus, StoredMessage } from "./run-bus.ts";

/** A broker that does not answer for so long does not answer. */
const CONNECT_LIMIT_MS = 5000;
const ANSWER_LIMIT_MS = 2000;
const CLOSE_LIMIT_MS = 500;
/** The places of a run whose coordinator was killed go after this long. */
const KEPT_MS = 3 * 24 * 3_600_000;
const READ_AT_ONCE = 64;
/** Header in which a message carries the id that keeps it from being stored twice. */
const ID_HEADER = "Nats-Msg-Id";
const DATASETS = "bench-datasets";
/** Messages of a batch can be read since this version of the server. */
const OLDEST_SERVER = [2, 11] as const;

/**
 * Connects to the broker of a run.
 * @throws BenchError (exit 1) that says what is wrong: not there, credentials, encryption, version, no JetStream
 */
export async function connectBroker(options: BrokerOptions, runId: string): Promise<RunBus> {
  const connection = await connected(options);
  try {
    const [major = 0, minor = 0] = (connection.info?.version ?? "").split(".").map(Number);
    if (major < OLDEST_SERVER[0] || (major === OLDEST_SERVER[0] && minor < OLDEST_SERVER[1])) {
      throw new BenchError(`the NATS server at ${options.shown} is version ${major}.${minor}`, {
        hint: `Runs need ${OLDEST_SERVER.join(".")} or later.`,
      });
    }
    const client = jetstream(connection, { timeout: ANSWER_LIMIT_MS });
    const manager = await client.jetstreamManager().catch((error: unknown) => {
      throw new BenchError(`the NATS server at ${options.shown} has no JetStream: ${messageOf(error)}`, {
        hint: "Start it with -js, or enable JetStream for this account.",
      });
    });
    return busOf(connection, client, manager, nameOf(runId));
  } catch (error) {
    await connection.close();
    throw error;
  }
}

async function connected(options: BrokerOptions): Promise<NatsConnection> {
  const { shown, servers, tls } = options;
  try {
    return await connect({
      servers: [...servers],
      name: "riva-bench",
      timeout: CONNECT_LIMIT_MS,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 200,
      // A broker that restarts may not know its accounts yet.
      ignoreAuthErrorAbort: true,
      pingInterval: 3000,
      maxPingOut: 2,
      ...login(options),
      ...(tls === undefined ? {} : { tls }),
    });
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    if ([error, cause].some((each) => each instanceof errors.AuthorizationError)) {
      throw new BenchError(`the NATS server at ${shown} refuses these credentials: ${messageOf(error)}`, {
        hint: "Give --nats-creds, --nats-nkey or --nats-token-file, NATS_USER and NATS_PASSWORD, or nats://user:password@host.",
      });
    }
    const why = [...new Set([messageOf(error), messageOf(cause)])].join(": ");
    throw new BenchError(`no NATS server can be used at ${shown}: ${why}`, {
      hint: /certificate|tls|ssl/i.test(why)
        ? "Give the authority of its certificate with --nats-ca, and tls:// as the scheme."
        : "Is it running there (nats-server -js), and does a firewall let this machine through?",
    });
  }
}

function login({ user, password, token, creds, nkeySeed }: BrokerOptions): ConnectionOptions {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  const by = (authenticator: Authenticator): ConnectionOptions => ({ authenticator });
  if (creds !== undefined) return by(credsAuthenticator(bytes(creds)));
  if (nkeySeed !== undefined) return by(nkeyAuthenticator(bytes(nkeySeed)));
  if (token !== undefined) return { token };
  return user === undefined ? {} : { user, pass: password ?? "" };
}

const PLAIN_NAME = /^[\w-]{1,100}$/;

/** A run's id as buckets, streams and subjects take it: itself, or made of it where it has dots or other letters. */
function nameOf(runId: string): string {
  if (PLAIN_NAME.test(runId)) return runId;
  const hash = createHash("sha256").update(runId).digest("hex").slice(0, 12);
  return `${runId.replaceAll(/[^\w-]+/g, "_").slice(0, 80)}_${hash}`;
}

function busOf(
  connection: NatsConnection,
  client: ReturnType<typeof jetstream>,
  manager: JetStreamManager,
  run: string,
): RunBus {
  const bucket = `bench-${run}`;
  const stream = `bench-${run}`;
  const subject = (tail: string): string => `bench.${run}.${tail}`;
  const logPrefix = subject("log.");
  const kvm = new Kvm(client);
  const objm = new Objm(client);
  let keys: KV | undefined;
  let isConnected = true;
  void (async () => {
    for await (const { type } of connection.status()) {
      if (type === "disconnect") isConnected = false;
      else if (type === "reconnect") isConnected = true;
    }
  })();
  const mostBytes = (): number => connection.info?.max_payload ?? Infinity;
  const openKeys = async (): Promise<KV> => (keys ??= await kvm.open(bucket, { allow_direct: true }));
  const datasets = (): Promise<ObjectStore> =>
    objm.create(DATASETS, { description: "datasets of riva-bench" });

  return {
    async makePlaces() {
      await manager.streams.add({
        name: stream,
        subjects: [`${logPrefix}>`],
        allow_direct: true,
        max_age: nanos(KEPT_MS),
      });
      keys = await kvm.create(bucket, { ttl: KEPT_MS });
    },
    async create(key, value) {
      try {
        await (await openKeys()).create(key, value);
        return true;
      } catch (error) {
        if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamWrongLastSequence)
          return false;
        throw error;
      }
    },
    async put(key, value) {
      await (await openKeys()).put(key, value);
    },
    async get(key) {
      try {
        const entry = await (await openKeys()).get(key);
        return entry?.operation === "PUT" ? entry.string() : undefined;
      } catch (error) {
        // Nobody answers for a stream that is not there.
        if (error instanceof errors.NoRespondersError || isNoResponders(error)) return undefined;
        throw error;
      }
    },
    async store(tail, body, id) {
      const { seq } = await client.publish(logPrefix + tail, body, { msgID: id, timeout: ANSWER_LIMIT_MS });
      return seq;
    },
    async stored(fromSeq) {
      const found: StoredMessage[] = [];
      const batch = await manager.direct.getBatch(stream, { seq: fromSeq, batch: READ_AT_ONCE });
      try {
        for await (const message of batch) {
          const { seq, data, subject: full, header } = message;
          const id = header.get(ID_HEADER);
          found.push({
            seq,
            tail: full.slice(logPrefix.length),
            id,
            body: Buffer.from(data.buffer, data.byteOffset, data.byteLength),
          });
        }
      } catch (error) {
        // On a slow link a batch takes longer than its limit: what came of it is taken, the rest is asked for again.
        if (found.length === 0) throw error;
      }
      return found;
    },
    publish(tail, body) {
      // What is too large is lost as if the broker had been down: whoever counts notices.
      const fits = Buffer.byteLength(body) <= mostBytes();
      if (fits && !connection.isClosed()) connection.publish(subject(tail), body);
    },
    listen(tail, hear) {
      const skipped = subject("").length;
      connection.subscribe(subject(tail), {
        callback: (error, message) => {
          if (error !== null) return;
          try {
            hear(message.string(), message.subject.slice(skipped));
          } catch {
            // Not a message of ours. What is thrown here would end all reading of this connection.
          }
        },
      });
    },
    answer(tail, reply) {
      connection.subscribe(subject(tail), {
        callback: (error, message) => {
          // Any other subject would be written to with this process's rights.
          if (error === null && message.reply?.startsWith("_INBOX.") === true) message.respond(reply());
        },
      });
    },
    async ask(tail, limitMs) {
      return (await connection.request(subject(tail), "", { timeout: limitMs })).string();
    },
    mostBytes,
    isConnected: () => isConnected,
    async hasObject(name) {
      return (await (await datasets()).info(name)) !== null;
    },
    async saveObject(name, bytes) {
      await (await datasets()).put({ name }, bytes, { timeout: CONNECT_LIMIT_MS });
    },
    async openObject(name) {
      const found = await (await datasets()).get(name);
      return found === null ? undefined : checkedBytes(found.data, found.error);
    },
    async removePlaces() {
      await manager.streams.delete(stream);
      await manager.streams.delete(`KV_${bucket}`);
    },
    async close() {
      // Down, it takes nothing any more, and says so to nobody.
      await Promise.race([connection.flush().catch(() => undefined), setTimeout(CLOSE_LIMIT_MS)]);
      await connection.close();
    },
  };
}

function isNoResponders(error: unknown): boolean {
  return error instanceof errors.RequestError && error.isNoResponders();
}

async function* checkedBytes(
  bytes: ReadableStream<Uint8Array>,
  failure: Promise<Error | null>,
): AsyncGenerator<Uint8Array, void> {
  const reader = bytes.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (value !== undefined) yield value;
    if (done) break;
  }
  // Its type promises null where it gives undefined.
  const error: Error | null | undefined = await failure;
  if (error) throw error;
}
