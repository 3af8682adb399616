import { expect, test } from "vitest";
import { createAddresses } from "./address.ts";

function request(remoteAddress: string, forwarded?: string) {
  const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
  return { headers, socket: { remoteAddress } } as unknown as Parameters<
    ReturnType<typeof createAddresses>["ofRequest"]
  >[0];
}

test.each([
  ["10.1.2.3", "10.1.2.3"],
  ["::ffff:10.1.2.3", "10.1.2.3"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::9", "2001:db8:1:2::/64"],
  ["2001:0db8::1", "2001:db8:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
])("%s counts as %s", (remoteAddress, owner) => {
  expect(createAddresses([]).ofSocket({ remoteAddress })).toBe(owner);
});

test("what callers say of themselves is believed of trusted proxies only, from the right", () => {
  const { ofSocket, ofRequest } = createAddresses(["10.0.0.0/8", "192.168.1.1"]);
  expect(ofSocket({ remoteAddress: "::ffff:10.0.0.7" })).toBeUndefined();
  expect(ofRequest(request("203.0.113.5", "1.1.1.1"))).toBe("203.0.113.5");
  expect(ofRequest(request("10.0.0.7", "6.6.6.6, 198.51.100.9, 192.168.1.1"))).toBe("198.51.100.9");
  expect(ofRequest(request("10.0.0.7", "nonsense"))).toBe("10.0.0.7");
  expect(ofRequest(request("10.0.0.7"))).toBe("10.0.0.7");
});

test.each([
  ...["nginx", "10.0.0.0/33", "10.0.0.0/x", "2001:db8::/129", "10.0.0.0/-0", "10.0.0.0/", "10.0.0.0/8.0"],
  ...["10.0.0.0/1e1", "10.0.0.0/8/9", ""],
])("%s is no network", (entry) => {
  expect(() => createAddresses([entry])).toThrow(`trustedProxies: ${entry}`);
});
