/** deploy/server: the speech server by the NIM Operator and by the chart riva-nim. */
import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";

const text = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

interface Variable {
  name: string;
  value: string;
}

interface Cache {
  source: { ngc: { modelPuller: string; pullSecret: string; authSecret: string } };
  env: Variable[];
}

interface Service {
  image: { repository: string; tag: string; pullSecrets: string[] };
  authSecret: string;
  env: Variable[];
  storage: { nimCache: { name: string } };
  resources: object;
  expose: { service: { port: number; grpcPort: number } };
  startupProbe: { probe: { httpGet: object } & Record<string, unknown> };
}

interface Values {
  fullnameOverride: string;
  image: { repository: string; tag: string };
  imagePullSecrets: { name: string }[];
  nim: { ngcAPISecret: string; grpcPort: number };
  env: Variable[];
  service: { name: string; httpPort: number; grpcPort: number };
  resources: object;
  startupProbe: object;
}

const validate = new Ajv({ strict: false }).compile(
  JSON.parse(text("test/fixtures/nim-operator.schema.json")) as object,
);

const problems = (manifest: unknown): string =>
  validate(manifest)
    ? ""
    : (validate.errors ?? []).map((error) => `${error.message} ${JSON.stringify(error.params)}`).join("\n");

describe.each(["parakeet-rnnt", "parakeet-ctc"])("%s", (name) => {
  const manifests = parseAllDocuments(text(`deploy/server/nim-operator/${name}.yaml`)).map(
    (document) => document.toJS() as { kind: string; metadata: { name: string }; spec: unknown },
  );
  const [cache, service] = manifests.map(({ spec }) => spec) as [Cache, Service];
  const values = parse(text(`deploy/server/riva-nim/${name}.values.yaml`)) as Values;

  test("a NIMCache and a NIMService, each with fields that the operator has", () => {
    expect(manifests.map(({ kind, metadata }) => [kind, metadata.name])).toEqual([
      ["NIMCache", name],
      ["NIMService", name],
    ]);
    expect(manifests.map(problems)).toEqual(["", ""]);
  });

  test("a misspelt field is found, wherever it is", () => {
    const planted = [
      ["      modelPuller:", "      modelPullers:"],
      ["grpcPort:", "grpcport:"],
      ["sharedMemorySizeLimit:", "sharedMemoryLimit:"],
      ["failureThreshold:", "failureTreshold:"],
      ["volumeAccessMode: ReadWriteOnce", "volumeAccessMode: ReadWriteTwice"],
    ];
    for (const [right = "", wrong = ""] of planted) {
      const before = text(`deploy/server/nim-operator/${name}.yaml`);
      const after = before.replace(right, wrong);
      expect([right, after === before]).toEqual([right, false]);
      const found = parseAllDocuments(after).map((document) => problems(document.toJS()));
      expect([wrong, found.join("")]).not.toEqual([wrong, ""]);
    }
  });

  test("cache and service are of one image, one profile and the same Secrets", () => {
    const { ngc } = cache.source;
    expect(service.storage.nimCache.name).toBe(name);
    expect(ngc.modelPuller).toBe(`${service.image.repository}:${service.image.tag}`);
    expect(cache.env).toEqual(service.env);
    expect([ngc.authSecret, [ngc.pullSecret]]).toEqual([service.authSecret, service.image.pullSecrets]);
  });

  test("the values of riva-nim say the same", () => {
    const { image, env, nim, imagePullSecrets } = values;
    expect(image).toMatchObject({ repository: service.image.repository, tag: service.image.tag });
    expect(env).toEqual([{ name: "NIM_HTTP_API_PORT", value: "9000" }, ...service.env]);
    expect(imagePullSecrets.map((secret) => secret.name)).toEqual(service.image.pullSecrets);
    expect(nim).toEqual({ ngcAPISecret: service.authSecret, grpcPort: 50_051 });
    expect(values.service).toMatchObject({ name, httpPort: 9000, grpcPort: 50_051 });
    expect(service.expose.service).toMatchObject({ port: 9000, grpcPort: 50_051 });
    expect(values.resources).toEqual(service.resources);
    const { httpGet, ...times } = service.startupProbe.probe;
    expect(httpGet).toEqual({ path: "/v1/health/ready", port: 9000 });
    expect(values.startupProbe).toEqual({ enabled: true, path: "/v1/health/ready", ...times });
  });

  test("the first start may take 45 minutes", () => {
    const { periodSeconds, failureThreshold } = service.startupProbe.probe as Record<string, number>;
    expect((periodSeconds ?? 0) * (failureThreshold ?? 0)).toBeGreaterThanOrEqual(45 * 60);
  });
});
