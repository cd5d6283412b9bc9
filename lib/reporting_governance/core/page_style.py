"""How our pages look: one sheet for the audit report and the status page.

Only the reader's own fonts; light and dark; paper.  Nothing is fetched, and nothing is said by colour alone.
"""

RULES = """
:root { color-scheme: light dark;
  --paper: #ffffff; --ink: #1b1f24; --quiet: #505b66; --line: #d3d9df; --panel: #f5f7f9; --link: #0b4f9e;
  --good: #14602c; --good-paper: #e6f4ea; --bad: #931a1a; --bad-paper: #fdeceb; --warn: #6b4300;
  --warn-paper: #fcf1da;
  --said: #7a3e9d; --evidence: #14602c; --watch: #a33b00; --rules: #0b4f9e; --told: #00605f; --person: #3d4650; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #14181c; --ink: #e7eaed; --quiet: #aab4be; --line: #3a434c; --panel: #1d2329; --link: #8ec1ff;
  --good: #86d9a0; --good-paper: #14301e; --bad: #ffa49c; --bad-paper: #3d1917; --warn: #f0c674;
  --warn-paper: #352809;
  --said: #d5a6f2; --evidence: #86d9a0; --watch: #ffb07f; --rules: #8ec1ff; --told: #6fd6d3; --person: #c6ced6; } }
* { box-sizing: border-box; }
html { font: 100%/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif;
  -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); overflow-wrap: anywhere; }
.skip { position: absolute; left: -100vw; padding: .5rem 1rem; background: var(--paper); color: var(--link); }
.skip:focus { left: .5rem; top: .5rem; z-index: 1; }
header, nav, main, footer { max-width: 68rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 1.75rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .35rem; letter-spacing: -.01em; }
h2 { font-size: 1.3rem; line-height: 1.3; margin: 3rem 0 .6rem; padding-bottom: .3rem;
  border-bottom: 2px solid var(--line); }
h3 { font-size: 1.05rem; line-height: 1.35; margin: 1.75rem 0 .5rem; }
h4 { font-size: .95rem; margin: 1rem 0 .35rem; }
p { margin: .5rem 0; max-width: 46rem; }
a { color: var(--link); text-underline-offset: .15em; }
a:focus-visible, [tabindex]:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .75rem 0 0; padding: .6rem 0;
  border-block: 1px solid var(--line); font-size: .93rem; }
footer { margin-top: 3rem; padding-block: 1rem 2rem; border-top: 1px solid var(--line); color: var(--quiet);
  font-size: .87rem; }
code, pre, .id { font-family: ui-monospace, "SFMono-Regular", "DejaVu Sans Mono", "Noto Sans Mono", monospace;
  font-size: .9em; }
pre { margin: .75rem 0; padding: .75rem 1rem; background: var(--paper); border: 1px solid var(--line);
  border-radius: .35rem;
  white-space: pre-wrap; overflow-wrap: anywhere; }
.quiet { color: var(--quiet); }
.small { font-size: .87rem; }
.value { white-space: pre-line; unicode-bidi: isolate; }
.unseen { font-family: ui-monospace, monospace; font-size: .8em; color: var(--warn); background: var(--warn-paper);
  border: 1px solid currentColor; border-radius: .2rem; padding: 0 .15rem; white-space: nowrap;
  unicode-bidi: isolate; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.panel { background: var(--panel); border: 1px solid var(--line); border-left: .35rem solid var(--quiet);
  border-radius: .35rem;
  padding: .9rem 1.1rem; margin: 1rem 0; }
.panel > :first-child { margin-top: 0; } .panel > :last-child { margin-bottom: 0; }
.panel.good { border-left-color: var(--good); } .panel.warn { border-left-color: var(--warn); }
.panel.bad { border-left-color: var(--bad); }
.badge { display: inline-block; padding: .05rem .5rem; border: 1px solid currentColor; border-radius: 1rem;
  font-size: .85rem;
  font-weight: 600; line-height: 1.45; color: var(--person); background: var(--panel); }
.badge.good { color: var(--good); background: var(--good-paper); } .badge.warn { color: var(--warn);
  background: var(--warn-paper); }
.badge.bad { color: var(--bad); background: var(--bad-paper); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; margin: 1rem 0;
  padding: 0;
  list-style: none; }
.tiles li { padding: .7rem .9rem; border: 1px solid var(--line); border-radius: .35rem; background: var(--panel); }
.tiles .number { display: block; font-size: 1.55rem; font-weight: 650; line-height: 1.15;
  font-variant-numeric: tabular-nums; }
.tiles .what { font-size: .87rem; color: var(--quiet); line-height: 1.35; display: block; }
dl.facts { display: grid; grid-template-columns: minmax(8rem, 13rem) 1fr; gap: .35rem 1.25rem; margin: 1rem 0; }
dl.facts dt { color: var(--quiet); } dl.facts dd { margin: 0; min-width: 0; }
ul.checks { list-style: none; margin: .6rem 0; padding: 0; } ul.checks li { margin: .4rem 0; }
.scroll { overflow-x: auto; margin: .75rem 0 1.25rem; border: 1px solid var(--line); border-radius: .35rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; line-height: 1.4; }
caption { text-align: left; padding: .55rem .7rem; font-weight: 600; }
th, td { text-align: left; vertical-align: top; padding: .45rem .7rem; border-top: 1px solid var(--line); }
thead th { background: var(--panel); font-size: .83rem; color: var(--quiet); border-top: 1px solid var(--line); }
td p { margin: .3rem 0; } td > p:first-child { margin-top: 0; } th .quiet { font-weight: 400; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.narrow { min-width: 4.5rem; } .middle { min-width: 8.5rem; } .wide { min-width: 13rem; }
.even { width: 38%; }
.time { font-variant-numeric: tabular-nums; white-space: nowrap; }
figure { margin: .75rem 0; } figcaption { font-size: .87rem; color: var(--quiet); }
svg { display: block; } .scroll > svg { min-width: 44rem; width: 100%; height: auto; }
svg text { font: 11px system-ui, "Noto Sans", "DejaVu Sans", sans-serif; fill: var(--ink); }
svg .faint { fill: var(--quiet); } svg .rule { stroke: var(--line); } svg .axis { stroke: var(--quiet);
  stroke-width: 1.5; }
svg .ground { fill: var(--panel); }
.lane-said { color: var(--said); } .lane-evidence { color: var(--evidence); } .lane-watch { color: var(--watch); }
.lane-rules { color: var(--rules); } .lane-told { color: var(--told); } .lane-person { color: var(--person); }
.full { fill: currentColor; stroke: currentColor; } .open { fill: var(--paper); stroke: currentColor;
  stroke-width: 1.8; }
.stroke { fill: none; stroke: currentColor; stroke-width: 2.4; stroke-linecap: round; }
.stretch { fill: currentColor; fill-opacity: .22; stroke: currentColor; }
ul.legend { list-style: none; padding: 0; margin: .5rem 0; display: grid;
  grid-template-columns: repeat(auto-fit, minmax(16rem, 1fr));
  gap: .3rem 1.5rem; }
ul.legend li { display: flex; gap: .5rem; align-items: flex-start; font-size: .92rem; } ul.legend svg { flex: none;
  margin-top: .2rem; }
article { border: 1px solid var(--line); border-radius: .35rem; padding: .2rem 1rem .8rem; margin: 1rem 0; }
article h3 { margin-top: .8rem; } article .scroll { margin-bottom: .5rem; }
ol.way { margin: .5rem 0; padding-left: 1.4rem; } ol.way li { margin: .25rem 0; }
ol.proofs { list-style: none; display: flex; flex-wrap: wrap; gap: .3rem; padding: 0; margin: .5rem 0;
  font-size: .87rem; }
ol.proofs li { padding: .1rem .6rem; border: 1px dashed var(--quiet); border-radius: 1rem; color: var(--quiet); }
ol.proofs li.reached { border-style: solid; border-color: currentColor; color: var(--good);
  background: var(--good-paper); font-weight: 600; }
@media (max-width: 40rem) {
  h1 { font-size: 1.4rem; } h2 { margin-top: 2.25rem; } header, nav, main, footer { padding-inline: .9rem; }
  dl.facts { grid-template-columns: 1fr; gap: 0; } dl.facts dd { margin-bottom: .6rem; }
  article { padding-inline: .75rem; } }
@media (forced-colors: active) { .badge, .panel { border-color: CanvasText; } }
@page { size: A4; margin: 16mm 14mm; }
@media print {
  :root { --paper: #ffffff; --ink: #000000; --quiet: #3d4650; --line: #b6bec6; --panel: #ffffff; --link: #000000;
    --good: #14602c; --good-paper: #ffffff; --bad: #931a1a; --bad-paper: #ffffff; --warn: #6b4300;
  --warn-paper: #ffffff;
    --said: #7a3e9d; --evidence: #14602c; --watch: #a33b00; --rules: #0b4f9e; --told: #00605f; --person: #3d4650; }
  html { font-size: 9.5pt; } header, nav, main, footer { max-width: none; padding-inline: 0; }
  nav, .skip { display: none; } a { text-decoration: none; }
  .scroll { overflow: visible; border: 0; } .scroll > svg { min-width: 0; }
  .narrow { min-width: 3.5rem; } .middle { min-width: 5rem; } .wide { min-width: 8rem; }
  thead { display: table-header-group; } td.middle { width: 16%; }
  tr, li, .panel, .tiles, figure, .proofs { break-inside: avoid; }
  h1, h2, h3, h4, caption, h3 + p { break-after: avoid; }
  article { break-inside: auto; } }
"""
