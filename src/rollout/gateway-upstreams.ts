/** The upstreams in the file of a gateway. */
import { z } from "zod";
import { parseYaml, withYamlKey } from "../base/yaml.ts";

/** As the gateway's file has it. */
export interface Upstream {
  name: string;
  uri: string;
}

const form = z
  .looseObject({
    upstreams: z.array(z.looseObject({ name: z.string().exactOptional(), uri: z.string() })).nullish(),
  })
  .nullish();

/**
 * The text of a gateway's file with `order` first in its list. Upstreams that are no slots stay behind them, as the last resort that they
 * were; comments and all other keys stay as they are.
 *
 * @param slots names of all slots
 * @throws BenchError (exit 2) for a file that is no gateway's
 */
export function withUpstreams(
  text: string,
  path: string,
  order: readonly Upstream[],
  slots: readonly string[],
): string {
  const { upstreams } = parseYaml(text, path, form) ?? {};
  const others = (upstreams ?? []).filter(({ name }) => name === undefined || !slots.includes(name));
  return withYamlKey(text, path, "upstreams", [...order, ...others]);
}
