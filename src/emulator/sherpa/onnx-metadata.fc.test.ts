/** Any bytes in the place of a model are read or refused, never anything else. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { writeToyTransducer } from "../../../test/support/sherpa-toys.ts";
import type { BenchError } from "../../base/errors.ts";
import { onnxMetadata } from "./onnx-metadata.ts";

const root = mkdtempSync(join(tmpdir(), "riva-bench-onnx-"));
afterAll(() => rmSync(root, { recursive: true }));
writeToyTransducer(root);
const whole = readFileSync(join(root, "encoder.onnx"));
const path = join(root, "changed.onnx");

async function mustBeReadOrRefused(bytes: Uint8Array): Promise<void> {
  writeFileSync(path, bytes);
  const read = await onnxMetadata(path).catch((error: unknown) => error);
  if (!(read instanceof Map)) expect(read).toMatchObject({ exitCode: 2 } satisfies Partial<BenchError>);
}

it("of the toy: what it says of itself", async () => {
  writeFileSync(path, whole);
  expect(Object.fromEntries(await onnxMetadata(path))).toEqual({
    ...{ model_type: "lstm", num_encoder_layers: "1", T: "32", decode_chunk_len: "32" },
    ...{ rnn_hidden_size: "4", d_model: "4" },
  });
});

it("a file with one byte changed", () =>
  fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), (at, value) =>
      mustBeReadOrRefused(whole.with(at, value)),
    ),
  ));

it("a file that is cut off is refused, but between two fields", () =>
  fc.assert(
    fc.asyncProperty(fc.nat(whole.length), (length) => mustBeReadOrRefused(whole.subarray(0, length))),
  ));

it("any bytes", () => fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), mustBeReadOrRefused)));
