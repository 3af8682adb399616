/** Writes ONNX files for tests: the few messages of onnx.proto that a small graph takes. */
import { writeFileSync } from "node:fs";
import protobuf from "protobufjs";

const ModelProto = protobuf
  .parse(
    `syntax = "proto3"; package onnx;
    message Attribute { string name = 1; int64 i = 3; Tensor t = 5; repeated int64 ints = 8; int32 type = 20; }
    message Node { repeated string input = 1; repeated string output = 2; string op_type = 4; repeated Attribute attribute = 5; }
    message Tensor { repeated int64 dims = 1; int32 data_type = 2; repeated float float_data = 4; repeated int64 int64_data = 7; string name = 8; }
    message Dim { int64 dim_value = 1; string dim_param = 2; }
    message Shape { repeated Dim dim = 1; }
    message TensorType { int32 elem_type = 1; Shape shape = 2; }
    message Type { TensorType tensor_type = 1; }
    message Value { string name = 1; Type type = 2; }
    message Graph { repeated Node node = 1; string name = 2; repeated Tensor initializer = 5; repeated Value input = 11; repeated Value output = 12; }
    message Opset { string domain = 1; int64 version = 2; }
    message Entry { string key = 1; string value = 2; }
    message Model { int64 ir_version = 1; Graph graph = 7; repeated Opset opset_import = 8; repeated Entry metadata_props = 14; }`,
    { keepCase: true },
  )
  .root.lookupType("onnx.Model");

const TYPES = { float: 1, int32: 6, int64: 7 } as const;
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_INTS = 7;

/** Name, element type, and dimensions; a word is a dimension that is not known before a call. */
export type Port = readonly [name: string, type: keyof typeof TYPES, dims: readonly (number | string)[]];

/** Operator, inputs, outputs, and its whole numbers. */
export type Operation = readonly [
  type: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes?: Readonly<Record<string, number | readonly number[]>>,
];

export interface OnnxGraph {
  inputs: readonly Port[];
  outputs: readonly Port[];
  operations: readonly Operation[];
  /** Constants: numbers by name. */
  constants?: Readonly<
    Record<string, { type: "float" | "int64"; dims: readonly number[]; values: readonly number[] }>
  >;
  metadata?: Readonly<Record<string, string | number>>;
}

/** Writes the graph to `path`, for opset 13. */
export function writeOnnx(path: string, graph: OnnxGraph): void {
  const { constants = {}, metadata = {} } = graph;
  const value = ([name, type, dims]: Port): object => ({
    name,
    type: {
      tensor_type: {
        elem_type: TYPES[type],
        shape: {
          dim: dims.map((dim) => (typeof dim === "number" ? { dim_value: dim } : { dim_param: dim })),
        },
      },
    },
  });
  const model = {
    ir_version: 8,
    opset_import: [{ domain: "", version: 13 }],
    metadata_props: Object.entries(metadata).map(([key, of]) => ({ key, value: String(of) })),
    graph: {
      name: "toy",
      input: graph.inputs.map(value),
      output: graph.outputs.map(value),
      initializer: Object.entries(constants).map(([name, { type, dims, values }]) => ({
        ...{ name, dims, data_type: TYPES[type] },
        ...(type === "float" ? { float_data: values } : { int64_data: values }),
      })),
      node: graph.operations.map(([type, input, output, attributes = {}]) => ({
        ...{ op_type: type, input, output },
        attribute: Object.entries(attributes).map(([name, of]) =>
          typeof of === "number"
            ? { name, type: ATTRIBUTE_INT, i: of }
            : { name, type: ATTRIBUTE_INTS, ints: of },
        ),
      })),
    },
  };
  writeFileSync(path, ModelProto.encode(ModelProto.fromObject(model)).finish());
}
