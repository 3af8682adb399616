/** Single sessions on the page: those that failed, the slowest, and a typical one to hold them against. */
import { sessionValue } from "../../metrics/catalogue/values-by-name.ts";
import { failureOf, type Observation, type ResponseRecord } from "../../metrics/observation/observation.ts";
import type { RunResult } from "../../metrics/result/result.ts";
import { section } from "./html-tables.ts";
import { markup, type Markup } from "../words/markup.ts";
import type { SessionDigest, ShownSession } from "../../metrics/result/session-digest.ts";
import { waterfall } from "../chart/waterfall.ts";
import { headingOf, short } from "../words/wording.ts";

const GROUPS: readonly (readonly [why: ShownSession["why"], title: string])[] = [
  ["failed", "Failed"],
  ["slowest", "Slowest"],
  ["typical", "Typical, to compare with"],
];

/** Undefined when no session is at hand. */
export function shownSessionsSection(
  digest: SessionDigest | undefined,
  { run, sessionsByPhase }: RunResult,
): Markup | undefined {
  if (digest === undefined || digest.shown.length === 0) return undefined;
  const groups = GROUPS.flatMap(([why, title]) => {
    const cards = digest.shown.filter((shown) => shown.why === why).map(card);
    return cards.length === 0 ? [] : [markup`<h3>${title}</h3>\n${cards}`];
  });
  const all = Object.values(sessionsByPhase).reduce((sum, { scheduled }) => sum + scheduled, 0);
  const lost = all - digest.sessions;
  return section(
    "Single sessions",
    markup`<p>Time counts from the opening of the microphone. Ticks are chunks of audio, as due and as sent; circles are partial
results, hollow ones without text; diamonds are finals. ${lost > 0 ? `${digest.sessions} of ${all}` : `All ${digest.sessions}`} sessions are in
<code>sessions.ndjson</code> of run <code>${run.id}</code>, one a line${lost > 0 ? "; of the others no end was recorded" : ""}.</p>
${groups}`,
  );
}

function card(shown: ShownSession): Markup {
  const { session } = shown;
  const { seq, slot, phase, clip } = session;
  const failure = failureOf(session);
  return markup`<article>
<h4>${heading(shown)} <span class="soft">session ${seq} · caller ${slot} · ${phase === "warmup" ? "warm-up" : phase} · clip ${clip.id}</span></h4>
${failure === undefined ? undefined : markup`<p class="fail">${failure.class} in ${failure.phase}, ${failure.origin}: ${failure.code}${failure.message === "" ? "" : `, ${failure.message}`}</p>`}
${waterfall(session, `session-${seq}`)}${transcript(session)}</article>
`;
}

function heading({ session, why, metric }: ShownSession): string {
  if (why === "failed" || metric === undefined) return failureOf(session)?.class ?? "failed";
  const label = headingOf(metric);
  const value = sessionValue(metric, session);
  return `${label}: ${value === undefined ? "-" : `${short(value)} ms`}`;
}

const MOST_LINES = 40;

/** What was heard and when, where it changed. */
function transcript({ responses, anchorMs = 0 }: Observation): Markup | undefined {
  const changes = responses.filter(
    ({ final, text }, index) => final || text.trim() !== (responses[index - 1]?.text ?? "").trim(),
  );
  if (changes.length === 0) return undefined;
  const shown = changes.length <= MOST_LINES ? changes : changes.slice(-MOST_LINES);
  const left = changes.length - shown.length;
  return markup`<details><summary>What was heard</summary>
${left === 0 ? undefined : markup`<p class="note">The last ${MOST_LINES} of ${changes.length} changes.</p>`}<ol>
${shown.map((response) => line(response, anchorMs))}</ol></details>
`;
}

function line({ atMs, final, text }: ResponseRecord, anchorMs: number): Markup {
  const said = text.trim() === "" ? markup`<span class="soft">(no text)</span>` : markup`${text.trim()}`;
  return markup`<li${final ? markup` class="is-final"` : undefined}><span class="at">${((atMs - anchorMs) / 1000).toFixed(2)} s</span> ${said}${final ? markup` <span class="soft">final</span>` : undefined}</li>
`;
}
