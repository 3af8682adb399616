import { expect, it } from "vitest";
import { metadataSha256 } from "./target-secrets.ts";

const publicMetadata = ["function-id"];
const digest = (metadata: Record<string, string>): string => metadataSha256({ metadata, publicMetadata });

it("tells targets apart by names of metadata and public values, and not by secrets", () => {
  const one = digest({ "function-id": "a", authorization: "Bearer 1" });
  expect(digest({ Authorization: "Bearer 2", "Function-Id": "a" })).toBe(one);
  expect(digest({ "function-id": "b", authorization: "Bearer 1" })).not.toBe(one);
  expect(digest({ "function-id": "a" })).not.toBe(one);
});
