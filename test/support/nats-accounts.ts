/** Accounts of a NATS server as an operator makes them: signed texts, made here so that no tool is needed. */
import { createAccount, createOperator, createUser, type KeyPair } from "@nats-io/nkeys";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempFolder } from "./bench-process.ts";

export interface NatsAccounts {
  /** A server's configuration file: only users of the account get in. */
  config: string;
  /** File of a user of the account, for `--nats-creds`. */
  creds: string;
  /** File of a user of another account, whom the server does not know. */
  strangerCreds: string;
}

export function makeNatsAccounts(): NatsAccounts {
  const folder = tempFolder();
  const operator = createOperator();
  const [system, account, stranger] = [createAccount(), createAccount(), createAccount()];
  const unlimited = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, conn: -1, leaf: -1 };
  const jetStream = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
  const accountText = signed(operator, "bench", account, {
    ...{ type: "account", version: 2 },
    limits: { ...unlimited, ...jetStream },
  });
  const systemText = signed(operator, "system", system, { type: "account", version: 2, limits: unlimited });
  const config = join(folder, "nats.conf");
  writeFileSync(
    config,
    `operator: ${signed(operator, "operator", operator, { type: "operator", version: 2 })}
resolver: MEMORY
system_account: ${system.getPublicKey()}
resolver_preload: { ${system.getPublicKey()}: ${systemText}, ${account.getPublicKey()}: ${accountText} }
`,
  );
  const credsOf = (issuer: KeyPair, name: string): string => {
    const user = createUser();
    const path = join(folder, `${name}.creds`);
    const text = signed(issuer, name, user, { type: "user", version: 2, subs: -1, data: -1, payload: -1 });
    writeFileSync(
      path,
      `-----BEGIN NATS USER JWT-----
${text}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${Buffer.from(user.getSeed()).toString()}
------END USER NKEY SEED------
`,
    );
    return path;
  };
  return { config, creds: credsOf(account, "runner"), strangerCreds: credsOf(stranger, "stranger") };
}

/** A server's configuration with one user who is known by an nkey, and the file with the user's seed. */
export function makeNkeyUser(): { config: string; seed: string } {
  const folder = tempFolder();
  const user = createUser();
  const [config, seed] = [join(folder, "nats.conf"), join(folder, "user.nk")];
  writeFileSync(config, `authorization: { users: [{ nkey: ${user.getPublicKey()} }] }\n`);
  writeFileSync(seed, `${Buffer.from(user.getSeed()).toString()}\n`);
  return { config, seed };
}

function signed(issuer: KeyPair, name: string, subject: KeyPair, nats: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { jti: name, iat: 1_700_000_000, iss: issuer.getPublicKey(), name };
  const head = part({ typ: "JWT", alg: "ed25519-nkey" });
  const text = `${head}.${part({ ...claims, sub: subject.getPublicKey(), nats })}`;
  return `${text}.${Buffer.from(issuer.sign(Buffer.from(text))).toString("base64url")}`;
}
