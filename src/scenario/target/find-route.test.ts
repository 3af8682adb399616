import { describe, expect, test } from "vitest";
import type { Dial } from "../../client/dial.ts";
import type { ProxyServer } from "../../client/endpoint.ts";
import type { RouteSeams } from "./find-route.ts";
import { addressPart, findRoute, routeNotes } from "./find-route.ts";

const NAME = "riva.test:50051";
const PROXY: ProxyServer = {
  host: "p",
  port: 1,
  url: "http://p:1",
  source: "http_proxy",
  credentials: "u:SECRET",
};

/** A name with these addresses; those with a text can't be connected to. */
function seams(addresses: Record<string, string | undefined>): RouteSeams & { probed: Dial[] } {
  const probed: Dial[] = [];
  return {
    probed,
    lookup: () => Promise.resolve(Object.keys(addresses)),
    probe(to) {
      probed.push(to);
      return Promise.resolve(addresses[to.ip ?? ""]);
    },
  };
}

describe("a name with several addresses", () => {
  const two = { "10.0.0.1": undefined, "10.0.0.2": undefined };

  test("gets sessions on each", async () => {
    const found = await findRoute({ address: NAME }, "all", seams(two));
    expect(found).toEqual({
      route: { addresses: ["10.0.0.1", "10.0.0.2"] },
      listed: ["10.0.0.1", "10.0.0.2"],
      leftOut: [],
    });
    expect(addressPart(found, { "10.0.0.1": 4, "10.0.0.2": 3 })).toEqual({
      addresses: [
        { address: "10.0.0.1", sessions: 4 },
        { address: "10.0.0.2", sessions: 3 },
      ],
    });
    expect(routeNotes({ address: NAME }, found)).toEqual([
      "riva.test:50051 has 2 addresses, sessions go to each in turn: 10.0.0.1, 10.0.0.2",
    ]);
  });

  test("with --resolve first gets them on the first, and says so of the others", async () => {
    const found = await findRoute({ address: NAME }, "first", seams(two));
    expect(found.route).toEqual({ addresses: ["10.0.0.1"] });
    expect(addressPart(found, { "10.0.0.1": 7 })).toEqual({
      addresses: [
        { address: "10.0.0.1", sessions: 7 },
        { address: "10.0.0.2", sessions: 0, leftOut: "--resolve first" },
      ],
    });
  });

  test.each([
    ["all", { "10.0.0.1": undefined, "10.0.0.2": "refused" }, /10\.0\.0\.2 can't be used: refused/],
    ["all", { "10.0.0.1": "refused", "10.0.0.2": "refused" }, /10\.0\.0\.1 can't be used: refused/],
    ["first", { "10.0.0.1": "refused", "10.0.0.2": undefined }, /10\.0\.0\.1 can't be used: refused/],
    // Half of a family is no family that this machine lacks.
    ["all", { "fd00::1": "no route", "fd00::2": undefined, "10.0.0.1": undefined }, /fd00::1 can't be used/],
  ] as const)("%s: is refused when an address does not answer", async (resolve, addresses, message) => {
    await expect(findRoute({ address: NAME }, resolve, seams(addresses))).rejects.toMatchObject({
      exitCode: 7,
      message: expect.stringMatching(message) as string,
    });
  });

  test("is left with one family where the other does not answer at all, and says so", async () => {
    const found = await findRoute(
      { address: NAME },
      "all",
      seams({ "fd00::1": "no route", "fd00::2": "no route", "10.0.0.1": undefined }),
    );
    expect(found.route).toEqual({ addresses: ["10.0.0.1"] });
    expect(routeNotes({ address: NAME }, found)).toEqual([
      "fd00::1 of riva.test:50051 gets no sessions: no route",
      "fd00::2 of riva.test:50051 gets no sessions: no route",
    ]);
  });
});

test("localhost is one machine: the address that answers is taken without a word", async () => {
  const found = await findRoute(
    { address: "localhost:50051" },
    "all",
    seams({ "::1": "refused", "127.0.0.1": undefined }),
  );
  expect(found.route).toEqual({ addresses: ["127.0.0.1"] });
  expect([routeNotes({ address: NAME }, found), addressPart(found, {})]).toEqual([[], {}]);
});

test.each(["10.0.0.7:1", "[fd00::1]:1"])("%s is looked up nowhere", async (address) => {
  const none = seams({ "1.1.1.1": undefined, "2.2.2.2": undefined });
  expect(await findRoute({ address }, "all", none)).toEqual({ route: {}, listed: [], leftOut: [] });
});

test("one address is left to the system", async () => {
  const found = await findRoute({ address: NAME }, "all", seams({ "10.0.0.1": undefined }));
  expect([found.route, addressPart(found, {})]).toEqual([{}, {}]);
});

test("a proxy looks the name up; it is tried first, and its credentials stay unsaid", async () => {
  const through = { address: NAME, route: { proxy: PROXY } };
  const found = await findRoute(through, "all", seams({ "": undefined, "10.0.0.2": "refused" }));
  expect(found).toEqual({ route: { proxy: PROXY }, listed: [], leftOut: [] });
  expect(routeNotes(through, found)).toEqual(["connections go through the proxy http://p:1 (http_proxy)"]);
  const refused = seams({ "": "the proxy http://p:1 (http_proxy) answered 407 to CONNECT riva.test:50051" });
  await expect(findRoute(through, "all", refused)).rejects.toMatchObject({
    exitCode: 7,
    message: expect.stringContaining("answered 407") as string,
    hint: expect.stringContaining("wants credentials") as string,
  });
});

test("a name that is not there is refused", async () => {
  const unknown = {
    ...seams({}),
    lookup: () => Promise.reject(new Error("getaddrinfo ENOTFOUND riva.test")),
  };
  await expect(findRoute({ address: NAME }, "all", unknown)).rejects.toMatchObject({
    exitCode: 7,
    message: "riva.test can't be looked up: getaddrinfo ENOTFOUND riva.test",
    hint: "Check the host name of the target.",
  });
});
