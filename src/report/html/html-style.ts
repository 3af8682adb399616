/**
 * The style sheet of the page: system fonts, light and dark by the reader's own setting, one column on a phone, black
 * on white in print. Text has a contrast of at least 4.5 to 1 on its ground, lines of charts at least 3 to 1.
 */
export const STYLE: string = `
:root {
  color-scheme: light dark;
  --page: #fff; --ink: #1a1f26; --soft: #596370; --rule: #e1e5ea; --panel: #f6f7f9; --shade: #eef0f3;
  --good: #1a7440; --bad: #b93030; --doubt: #8a5a00;
  --good-panel: #edf7f0; --bad-panel: #fcf0ef; --doubt-panel: #fbf5e6;
  --s0: #2f78c4; --s1: #c2590c; --s2: #8a4fa8; --heat: #1f5fa8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161b; --ink: #e4e8ed; --soft: #98a3b0; --rule: #2a313a; --panel: #191f26; --shade: #1e252d;
    --good: #5cc585; --bad: #f58b82; --doubt: #e0b05a;
    --good-panel: #14241b; --bad-panel: #2a1918; --doubt-panel: #272013;
    --s0: #68a8ee; --s1: #f0954f; --s2: #c194dd; --heat: #78b4f5;
  }
}
@media print {
  :root {
    color-scheme: light;
    --page: #fff; --ink: #000; --soft: #444; --rule: #c4c9cf; --panel: #fff; --shade: #eef0f3;
    --good: #14612a; --bad: #a31f1f; --doubt: #6b4700;
    --good-panel: #fff; --bad-panel: #fff; --doubt-panel: #fff;
    --s0: #2f78c4; --s1: #c2590c; --s2: #8a4fa8; --heat: #1f5fa8;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 2rem 1.5rem 5rem; max-width: 76rem;
  background: var(--page); color: var(--ink);
  font: 0.9375rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
h1 { margin: 1.75rem 0 0.25rem; font-size: 1.75rem; font-weight: 650; line-height: 1.2; letter-spacing: -0.015em; overflow-wrap: anywhere; }
h2 { margin: 3.25rem 0 0.75rem; font-size: 1.25rem; font-weight: 650; letter-spacing: -0.01em; scroll-margin-top: 1rem; }
h3 { margin: 1.75rem 0 0.5rem; font-size: 0.9375rem; font-weight: 650; }
h4 { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 0.75rem; margin: 0 0 0.25rem; font-size: 0.9375rem; font-weight: 600; overflow-wrap: anywhere; }
h4 .soft { font-size: 0.8125rem; font-weight: 400; }
p { margin: 0.5rem 0; max-width: 46rem; }
ul { margin: 0.75rem 0 0; padding-left: 1.25rem; max-width: 52rem; }
li + li { margin-top: 0.25rem; }
code, pre { font: 0.8125rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code { overflow-wrap: anywhere; }
pre {
  margin: 0.75rem 0; padding: 0.875rem 1.125rem; overflow-x: auto;
  background: var(--panel); border-radius: 0.5rem;
}
.lead { font-size: 1.0625rem; }
.soft { color: var(--soft); }
.note { color: var(--soft); font-size: 0.8125rem; }
.pass { color: var(--good); }
.fail, .void { color: var(--bad); }
.inconclusive, .degraded { color: var(--doubt); }

.verdict { padding: 1rem 1.25rem; border-left: 0.3125rem solid; border-radius: 0.375rem; }
.verdict.pass { background: var(--good-panel); }
.verdict.fail, .verdict.void { background: var(--bad-panel); }
.verdict.inconclusive { background: var(--doubt-panel); }
.verdict p { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 0.875rem; margin: 0; max-width: none; }
.verdict strong { font-size: 1.5rem; font-weight: 750; line-height: 1.3; letter-spacing: 0.03em; }
.verdict span { font-size: 1.0625rem; color: var(--ink); }
.verdict ul { color: var(--ink); font-size: 0.875rem; }
.emulated {
  padding: 0.15em 0.55em; border: 1px solid; border-radius: 1em; color: var(--doubt);
  font-size: 0.6875rem; font-weight: 650; letter-spacing: 0.08em; vertical-align: 0.35em;
}
nav { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin-top: 1.75rem; padding: 0.625rem 0; border: solid var(--rule); border-width: 1px 0; font-size: 0.8125rem; }
nav a { color: var(--soft); text-decoration: none; }
nav a:hover, nav a:focus-visible { color: var(--ink); text-decoration: underline; }

.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: 1.25rem 1.5rem; margin: 1.75rem 0 0; }
.tiles dt { padding: 0; border: 0; color: var(--soft); font-size: 0.8125rem; }
.tiles dd { padding: 0; border: 0; color: var(--soft); }
.tiles b { color: var(--ink); font-size: 1.75rem; font-weight: 600; line-height: 1.25; letter-spacing: -0.02em; font-variant-numeric: tabular-nums; }
.tiles small { display: block; font-size: 0.75rem; }

.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(30rem, 100%), 1fr)); gap: 0 3rem; }
.wide {
  overflow-x: auto;
  /* A shadow at the side to which there is more: it stays while the covers, in the color of the page, scroll away. */
  --shadow: color-mix(in srgb, var(--soft) 40%, transparent);
  background:
    linear-gradient(to right, var(--page) 40%, transparent) left / 2.5rem 100% no-repeat local,
    linear-gradient(to left, var(--page) 40%, transparent) right / 2.5rem 100% no-repeat local,
    linear-gradient(to right, var(--shadow), transparent) left / 0.625rem 100% no-repeat,
    linear-gradient(to left, var(--shadow), transparent) right / 0.625rem 100% no-repeat;
}
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.875rem; }
th, td { padding: 0.4rem 0.875rem 0.4rem 0; border-bottom: 1px solid var(--rule); text-align: left; vertical-align: top; }
thead th { color: var(--soft); font-size: 0.75rem; font-weight: 500; vertical-align: bottom; }
tbody th { font-weight: 400; }
tbody th[colspan] { padding-top: 1.25rem; color: var(--soft); font-size: 0.75rem; }
tbody tr:last-child > * { border-bottom-color: transparent; }
.number { text-align: right; white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
del { color: var(--bad); }
ins { color: var(--good); text-decoration: underline; }
td.pass, td.fail, td.void, td.inconclusive, td.degraded { font-weight: 600; }
.guess { color: var(--soft); }
.advised > * { border-bottom: 0; }
.advice td { padding-top: 0; color: var(--soft); font-size: 0.8125rem; }
dl { display: grid; grid-template-columns: max-content 1fr; margin: 0.5rem 0; }
dt, dd { margin: 0; padding: 0.4rem 0; border-bottom: 1px solid var(--rule); font-size: 0.875rem; overflow-wrap: anywhere; }
dt { padding-right: 1.75rem; color: var(--soft); }
/* The covers of a table in here have its ground, not the page's. */
aside { --page: var(--panel); margin-top: 3.25rem; padding: 0.25rem 1.5rem 1.25rem; background: var(--panel); border-radius: 0.5rem; }
aside h2 { margin-top: 1.25rem; }

.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); gap: 2rem; margin-top: 1.25rem; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); gap: 2rem; margin-top: 1.25rem; }
.plots figure { max-width: 44rem; }
.charts figure { display: flex; flex-direction: column; justify-content: flex-end; }
figure { margin: 0; min-width: 0; break-inside: avoid; }
figcaption { display: flex; flex-wrap: wrap; gap: 0 0.75rem; margin-bottom: 0.25rem; font-size: 0.8125rem; font-weight: 600; }
.key { font-weight: 400; white-space: nowrap; }
.key::before { content: ""; display: inline-block; width: 0.875rem; margin-right: 0.35rem; border-top: 3px solid; border-radius: 2px; vertical-align: middle; }
output { font-weight: 600; font-variant-numeric: tabular-nums; }
.key.s0 { color: var(--s0); }
.key.s1 { color: var(--s1); }
.key.s2 { color: var(--s2); }
.scale { margin-left: auto; color: var(--soft); font-weight: 400; white-space: nowrap; }
.scale i { display: inline-block; width: 0.75rem; height: 0.625rem; background: var(--heat); print-color-adjust: exact; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--soft); font-size: 11px; }
svg .label { font-size: 10px; }
svg .mid { text-anchor: middle; }
svg .end { text-anchor: end; }
.shade { fill: var(--shade); }
.grid { stroke: var(--rule); }
.tick { stroke: var(--soft); }
[hidden] { display: none; }
.limit { fill: none; stroke: var(--bad); stroke-dasharray: 4 3; }
svg .limit-label { fill: var(--bad); stroke: var(--page); stroke-width: 3px; paint-order: stroke; font-size: 10px; }
.limit.s0 { stroke: var(--s0); }
.limit.s1 { stroke: var(--s1); }
.limit.s2 { stroke: var(--s2); }
svg .limit-label.s0 { fill: var(--s0); }
svg .limit-label.s1 { fill: var(--s1); }
svg .limit-label.s2 { fill: var(--s2); }
.line { fill: none; stroke-width: 1.75; stroke-linecap: round; stroke-linejoin: round; }
.line.dot { stroke-width: 5; }
.line.bar { stroke-width: 1; opacity: 0.7; }
.line.beyond { stroke-dasharray: 1 4; }
.line.s0 { stroke: var(--s0); }
.line.s1 { stroke: var(--s1); }
.line.s2 { stroke: var(--s2); }
.bar { fill: var(--bad); }
.heat { fill: var(--heat); }
.h0 { opacity: 0.2; }
.h1 { opacity: 0.4; }
.h2 { opacity: 0.6; }
.h3 { opacity: 0.8; }
.zoomed, .live { display: none; }
.zooms .zoomed { display: inline; }
.zooms .live { display: block; }
.zooms .still, .zooms .charts svg { display: none; }
.u-select { background: color-mix(in srgb, var(--s0) 18%, transparent); }
.u-cursor-x, .u-cursor-y { border-color: var(--soft); }
button { padding: 0.125rem 0.625rem; background: none; border: 1px solid var(--rule); border-radius: 1em; color: var(--s0); font: inherit; font-size: 0.8125rem; cursor: pointer; }

article { margin: 1rem 0; padding: 0.875rem 0 0.5rem; border-top: 1px solid var(--rule); break-inside: avoid; }
.waterfall { max-width: 48rem; }
.speech { fill: var(--soft); opacity: 0.35; }
.chunk { stroke: var(--soft); }
.chunk.sent { stroke: var(--s0); }
.chunk.late { stroke: var(--bad); stroke-width: 2; }
.blank { fill: var(--page); stroke: var(--s2); }
.partial, .final { fill: var(--s2); }
.wait.first { fill: var(--s1); }
.wait.last { fill: var(--s0); }
.failed { stroke: var(--bad); stroke-width: 2; }
summary { color: var(--soft); font-size: 0.8125rem; cursor: pointer; }
ol { margin: 0.5rem 0; padding: 0; font-size: 0.8125rem; list-style: none; }
.at { display: inline-block; min-width: 4.5rem; color: var(--soft); text-align: right; margin-right: 0.75rem; font-variant-numeric: tabular-nums; }
.is-final { font-weight: 600; }
:focus-visible { outline: 2px solid var(--s0); outline-offset: 2px; }
@media (max-width: 40rem) {
  body { padding: 1rem 1rem 3rem; }
  h1 { font-size: 1.375rem; }
  h2 { margin-top: 2.5rem; }
  .tiles { grid-template-columns: 1fr 1fr; }
  .tiles b { font-size: 1.5rem; }
  th, td { padding-right: 0.5rem; }
  .waterfall text { font-size: 13px; }
  .plots svg text { font-size: 14px; }
  .plots svg .limit-label { font-size: 12px; }
  [role=region] tbody th, th:has(code) { min-width: 7.5rem; }
  dl:not(.tiles) { grid-template-columns: 1fr; }
  dl:not(.tiles) dt { padding-bottom: 0; border-bottom: 0; font-size: 0.8125rem; }
  dl:not(.tiles) dd { padding-top: 0; }
}
@media (max-width: 24rem) {
  body { padding: 1rem 0.75rem 3rem; }
  th, td { padding-right: 0.375rem; }
  thead th { font-size: 0.6875rem; }
  [role=region] tbody th, th:has(code) { min-width: 6.5rem; }
}
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
@media print {
  body { max-width: none; padding: 0; font-size: 9pt; }
  h2, h3 { break-after: avoid; }
  tr, aside { break-inside: avoid; }
  nav, summary, .zooms .zoomed, .zooms .live { display: none; }
  .zooms .still { display: inline; }
  .zooms .charts svg { display: block; }
  .charts, .plots { grid-template-columns: 1fr 1fr; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  .wide { background: none; }
}
`;
