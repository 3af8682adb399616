/**
 * The style sheet of the page: system fonts, light and dark by the reader's own setting, one column on a phone, black
 * on white in print.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #fff; --ink: #1b1f24; --soft: #57606a; --rule: #d8dee4; --panel: #f6f8fa; --shade: #e7ebef;
  --good: #1a7f37; --bad: #c62d2d; --doubt: #8a5a00; --s0: #1f5fbf; --s1: #c2540a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f1318; --ink: #e3e8ee; --soft: #9aa5b1; --rule: #2d343c; --panel: #181e25; --shade: #20272f;
    --good: #57c46f; --bad: #ff8077; --doubt: #e0ac4a; --s0: #74a9ff; --s1: #ffa257;
  }
}
@media print {
  :root {
    color-scheme: light;
    --page: #fff; --ink: #000; --soft: #444; --rule: #bbb; --panel: #fff; --shade: #e7ebef;
    --good: #14612a; --bad: #a31f1f; --doubt: #6b4700; --s0: #1f5fbf; --s1: #c2540a;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem 1.25rem 4rem; max-width: 73rem;
  background: var(--page); color: var(--ink);
  font: 0.9375rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
h1 { margin: 0.75rem 0 0.25rem; font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 2.5rem 0 0.5rem; padding-bottom: 0.25rem; border-bottom: 1px solid var(--rule); font-size: 1.125rem; }
h3 { margin: 1.5rem 0 0.25rem; font-size: 0.9375rem; }
p { margin: 0.5rem 0; max-width: 48rem; }
ul { margin: 0.75rem 0; padding-left: 1.25rem; max-width: 48rem; }
code, pre { font: 0.8125rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code { overflow-wrap: anywhere; }
pre {
  margin: 0.5rem 0; padding: 0.75rem 1rem; overflow-x: auto;
  background: var(--panel); border: 1px solid var(--rule); border-radius: 0.375rem;
}
.soft { color: var(--soft); }
.note { color: var(--soft); font-size: 0.8125rem; }
.pass { color: var(--good); }
.fail, .void { color: var(--bad); }
.inconclusive, .degraded { color: var(--doubt); }
.verdict { margin: 0; font-size: 1.0625rem; }
.verdict strong {
  display: inline-block; margin-right: 0.5rem; padding: 0 0.6rem; border: 2px solid; border-radius: 0.375rem;
  letter-spacing: 0.04em;
}
.verdict span { color: var(--ink); }
.emulated {
  padding: 0.1em 0.45em; border: 1px solid var(--doubt); border-radius: 0.375rem; color: var(--doubt);
  font-size: 0.75rem; font-weight: 600; letter-spacing: 0.06em; vertical-align: middle; white-space: nowrap;
}
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(30rem, 100%), 1fr)); gap: 0 2.5rem; }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 0.3rem 0.75rem 0.3rem 0; border-bottom: 1px solid var(--rule); text-align: left; vertical-align: top; }
thead th { color: var(--soft); font-size: 0.8125rem; font-weight: 500; vertical-align: bottom; }
tbody th { font-weight: 400; }
tbody th[colspan] { padding-top: 1rem; color: var(--soft); font-size: 0.8125rem; }
.number { text-align: right; white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
.guess { color: var(--soft); }
.advised > * { border-bottom: 0; }
.advice td { padding-top: 0; color: var(--soft); font-size: 0.8125rem; }
dl { display: grid; grid-template-columns: max-content 1fr; margin: 0.5rem 0; }
dt, dd { margin: 0; padding: 0.3rem 0; border-bottom: 1px solid var(--rule); overflow-wrap: anywhere; }
dt { padding-right: 1.5rem; color: var(--soft); }
aside {
  margin-top: 2.5rem; padding: 0 1.25rem 1rem; background: var(--panel);
  border: 1px solid var(--rule); border-radius: 0.375rem;
}
aside h2 { margin-top: 1rem; border: 0; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); gap: 1.5rem; margin-top: 1rem; }
figure { margin: 0; break-inside: avoid; }
figcaption { font-size: 0.8125rem; font-weight: 600; }
.key { margin-left: 0.6rem; font-weight: 400; white-space: nowrap; }
.key::before { content: ""; display: inline-block; width: 0.9rem; margin-right: 0.3rem; border-top: 3px solid; vertical-align: middle; }
.key.s0 { color: var(--s0); }
.key.s1 { color: var(--s1); }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--soft); font-size: 11px; }
svg .label { font-size: 10px; }
svg .mid { text-anchor: middle; }
svg .end { text-anchor: end; }
.shade { fill: var(--shade); }
.grid { stroke: var(--rule); }
.tick { stroke: var(--soft); }
.line { fill: none; stroke-width: 1.75; stroke-linecap: round; stroke-linejoin: round; }
.line.s0 { stroke: var(--s0); }
.line.s1 { stroke: var(--s1); }
.bar { fill: var(--bad); }
@media (max-width: 40rem) {
  body { padding: 1rem 0.875rem 3rem; }
  h1 { font-size: 1.25rem; }
  th, td { padding-right: 0.5rem; }
  [role=region] tbody th, th:has(code) { min-width: 7.5rem; }
  thead th { font-size: 0.75rem; }
  dl { grid-template-columns: 1fr; }
  dt { padding-bottom: 0; border-bottom: 0; font-size: 0.8125rem; }
  dd { padding-top: 0; }
}
@media print {
  body { max-width: none; padding: 0; font-size: 9pt; }
  h2, h3 { break-after: avoid; }
  tr, aside { break-inside: avoid; }
  .charts { grid-template-columns: 1fr 1fr; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
}
`;
