/** The steps of `bench check`, from the name of the server to one spoken sentence. Each says what it found. */
import { isIP } from "node:net";
import { hostAndPort } from "../../client/endpoint.ts";
import { connectTransport, openSocket, resolveName, shakeHands, tellProxy } from "./check-connection.ts";
import type { CheckContext, Finding, RouteFinding } from "./check-finding.ts";
import { speaksGrpc } from "./check-finding.ts";
import { askGatewayState, askHealth, askReadiness, listModels } from "./check-server.ts";
import { sayOneSentence } from "./check-utterance.ts";
import type { ResolvedTarget } from "../../scenario/target/target.ts";
import { secretsOf, withoutSecrets } from "../../scenario/target/target-secrets.ts";

interface Step {
  name: string;
  applies(target: ResolvedTarget): boolean;
  /** Undefined: there is nothing to say of this target. */
  run(context: CheckContext): RouteFinding | undefined | Promise<RouteFinding | undefined>;
}

const always = (): boolean => true;
const isGateway = ({ kind }: ResolvedTarget): boolean => kind === "gateway";

function isLookedUpHere({ address, route }: ResolvedTarget): boolean {
  return (
    route?.proxy === undefined && isIP((hostAndPort(address)?.host ?? address).replace(/%[^]*/, "")) === 0
  );
}

/** In order; each needs the ones before it. */
const CHECK_STEPS: readonly Step[] = [
  { name: "proxy", applies: ({ route, direct }) => (route?.proxy ?? direct) !== undefined, run: tellProxy },
  { name: "dns", applies: isLookedUpHere, run: resolveName },
  { name: "tcp", applies: always, run: openSocket },
  { name: "tls", applies: ({ tls }) => tls !== undefined, run: shakeHands },
  { name: "grpc", applies: speaksGrpc, run: connectTransport },
  { name: "websocket", applies: (target) => !speaksGrpc(target), run: connectTransport },
  { name: "health", applies: speaksGrpc, run: askHealth },
  { name: "http", applies: (target) => !isGateway(target), run: askReadiness },
  // Its realtime dialect may be a gateway's, too.
  { name: "upstreams", applies: (target) => !speaksGrpc(target), run: askGatewayState },
  { name: "models", applies: speaksGrpc, run: listModels },
  { name: "utterance", applies: always, run: sayOneSentence },
];

export interface StepFinding extends Finding {
  name: string;
  tookMs: number;
}

/** Runs the steps up to the first that fails. */
export async function runSteps(context: CheckContext, print: (line: string) => void): Promise<StepFinding[]> {
  const findings: StepFinding[] = [];
  let current = context;
  for (const { name, applies, run } of CHECK_STEPS) {
    if (!applies(context.target)) continue;
    const startMs = context.clock.nowMs();
    const answer = await run(current);
    if (answer === undefined) continue;
    const { route, ...found } = answer;
    const finding = withoutSecrets(found, secretsOf(context.target));
    if (route !== undefined) current = { ...current, target: { ...current.target, route } };
    const tookMs = context.clock.nowMs() - startMs;
    findings.push({ name, tookMs, ...finding });
    const mark = finding.skipped === true ? "skip" : finding.ok ? "ok  " : "FAIL";
    print(`  ${mark}  ${name.padEnd(9)} ${tookMs.toFixed(0).padStart(5)} ms  ${finding.detail}`);
    if (finding.ok) continue;
    if (finding.advice !== undefined) print(`        ${finding.advice}`);
    break;
  }
  return findings;
}
