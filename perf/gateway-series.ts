/** The gateway at several numbers of sessions, in its dialects and without it, turn about. */
import type { Pinning } from "./children.ts";
import type { Dialect, GatewayRow, GatewaySetting } from "./gateway.ts";
import { measureGateway, medianGatewayRow } from "./gateway.ts";
import type { Timing } from "./workload.ts";

/** @param onStep before each measurement */
export async function measureGatewaySeries(
  { dialects, sessionCounts }: { dialects: readonly Dialect[]; sessionCounts: readonly number[] },
  setting: GatewaySetting,
  { repeats, timingOf }: { repeats: number; timingOf(sessions: number): Timing },
  pinning: Pinning,
  onStep: (name: string, repeat: number) => void,
): Promise<{ rows: GatewayRow[]; samples: GatewayRow[] }> {
  const samples: GatewayRow[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const sessions of sessionCounts) {
      const order = repeat % 2 === 0 ? dialects : [...dialects].reverse();
      for (const dialect of order) {
        onStep(`gateway, ${dialect}, ${sessions} sessions`, repeat);
        samples.push(await measureGateway(dialect, sessions, setting, timingOf(sessions), pinning));
      }
    }
  }
  const rows = sessionCounts.flatMap((sessions) =>
    dialects.flatMap((dialect) => {
      const [first, ...others] = samples.filter(
        (row) => row.sessions === sessions && row.dialect === dialect,
      );
      return first === undefined ? [] : [medianGatewayRow([first, ...others])];
    }),
  );
  return { rows, samples };
}
