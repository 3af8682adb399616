/**
 * Server reflection (v1 and v1alpha), for grpcurl and its like. The only importer of @grpc/reflection and protobufjs.
 *
 * The descriptors that protobufjs makes of parsed files name types relative to their package, leave out what a file depends
 * on, and call the entries of maps by another name than protoc; clients that link descriptors (grpcurl) refuse them. All
 * three are put right here.
 */
import type { Server } from "@grpc/grpc-js";
import { ReflectionService } from "@grpc/reflection";
import type { IDescriptorProto, IFileDescriptorProto } from "protobufjs/ext/descriptor/index.js";
import descriptor from "protobufjs/ext/descriptor/index.js";
import { rivaPackage } from "../base/riva-proto.ts";

type PackageDefinition = ConstructorParameters<typeof ReflectionService>[0];

/** Lets clients ask `server` which services and messages it has. */
export function addReflection(server: Server): void {
  // The library has its own copy of the loader, whose types are the same but in name.
  const definition = rivaPackage() as unknown as PackageDefinition;
  new ReflectionService(linked(definition)).addToServer(server);
}

/** The same definitions, with descriptors that stand by themselves. */
function linked(definition: PackageDefinition): PackageDefinition {
  const files = new Map<string, IFileDescriptorProto>();
  for (const { fileDescriptorProtos } of Object.values(definition)) {
    // Services have none of their own; their files come with the messages.
    for (const bytes of Array.isArray(fileDescriptorProtos) ? fileDescriptorProtos : []) {
      const file = descriptor.FileDescriptorProto.decode(bytes) as IFileDescriptorProto;
      for (const message of file.messageType ?? []) nameMapEntries(message);
      files.set(file.name ?? "", file);
    }
  }
  const definedIn = new Map<string, string>();
  for (const [name, file] of files) {
    for (const type of typesOf(file, file.package ?? "")) definedIn.set(type, name);
  }
  const fileDescriptorProtos = [...files.values()].map((file) => {
    link(file, definedIn);
    return Buffer.from(descriptor.FileDescriptorProto.encode(file).finish());
  });
  return Object.fromEntries(
    Object.entries(definition).map(([name, entry]) => [
      name,
      "fileDescriptorProtos" in entry ? { ...entry, fileDescriptorProtos } : entry,
    ]),
  ) as PackageDefinition;
}

/** Calls the entry type of each map as protoc does: the field `a_map` has entries `AMapEntry`. */
function nameMapEntries(message: IDescriptorProto): void {
  for (const nested of message.nestedType ?? []) {
    nameMapEntries(nested);
    if (nested.options?.mapEntry !== true) continue;
    const field = message.field?.find(({ typeName }) => typeName === nested.name);
    if (!field) continue;
    const camel = (field.name ?? "").replace(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase());
    nested.name = `${camel}Entry`;
    field.typeName = nested.name;
  }
}

/** Full names of the messages and enums in `scope`, nested ones too. */
function typesOf(
  { messageType, nestedType, enumType }: IFileDescriptorProto & IDescriptorProto,
  scope: string,
): string[] {
  const messages = [...(messageType ?? []), ...(nestedType ?? [])];
  return [
    ...(enumType ?? []).map(({ name }) => `${scope}.${name ?? ""}`),
    ...messages.flatMap((message) => {
      const name = `${scope}.${message.name ?? ""}`;
      return [name, ...typesOf(message, name)];
    }),
  ];
}

/** Makes every type name in `file` a full one, and lists the files they are defined in. */
function link(file: IFileDescriptorProto, definedIn: ReadonlyMap<string, string>): void {
  const dependencies = new Set<string>();

  function qualified(name: string, scope: string): string {
    if (name === "" || name.startsWith(".")) return name;
    // As protobuf resolves names: in the innermost scope first, then outwards.
    for (let within = scope; ; within = within.slice(0, Math.max(0, within.lastIndexOf(".")))) {
      const candidate = within === "" ? name : `${within}.${name}`;
      const from = definedIn.get(candidate);
      if (from !== undefined) {
        if (from !== file.name) dependencies.add(from);
        return `.${candidate}`;
      }
      if (within === "") throw new Error(`protos/: the type ${name} is not defined anywhere`);
    }
  }

  function linkMessage(message: IDescriptorProto, scope: string): void {
    const within = `${scope}.${message.name ?? ""}`;
    for (const field of message.field ?? []) {
      if (field.typeName) field.typeName = qualified(field.typeName, within);
    }
    for (const nested of message.nestedType ?? []) linkMessage(nested, within);
  }

  const scope = file.package ?? "";
  for (const message of file.messageType ?? []) linkMessage(message, scope);
  for (const { method } of file.service ?? []) {
    for (const rpc of method ?? []) {
      rpc.inputType = qualified(rpc.inputType ?? "", scope);
      rpc.outputType = qualified(rpc.outputType ?? "", scope);
    }
  }
  file.dependency = [...dependencies];
}
