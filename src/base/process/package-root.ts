import { fileURLToPath } from "node:url";

/** The package's own folder, where `protos/`, `scenarios/`, `targets/` and `datasets/` are; ends with a separator. */
// src/base and dist/base are both two levels below it.
export const PACKAGE_ROOT: string = fileURLToPath(new URL("../../../", import.meta.url));
