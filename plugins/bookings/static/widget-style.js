// How it looks: the widget, and the page that stands in frames.

const sheet = new CSSStyleSheet();
sheet.replaceSync(`
:host {
  --ink: var(--parlour-ink, #241e22); --muted: var(--parlour-muted, #655c62); --surface: var(--parlour-surface, #ffffff);
  --line: var(--parlour-line, #e7e1dd); --field: var(--parlour-field-line, #8a8085);
  --accent: var(--parlour-accent, var(--own-accent, #8a3b6a)); --soft: var(--parlour-accent-soft, var(--own-soft, #f5e9f0));
  --on-accent: var(--parlour-on-accent, var(--own-on, #ffffff)); --bad: var(--parlour-bad, #a82f26); --good: var(--parlour-good, #2a6f51);
  --radius: var(--parlour-radius, 10px);
  display: block; container-type: inline-size; box-sizing: border-box; max-inline-size: 560px; margin-inline: auto;
  font: var(--parlour-font, 400 16px/1.45 system-ui, -apple-system, Segoe UI, Roboto, sans-serif);
  color: var(--ink); background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius); text-align: start;
}
:host([theme="light"]) { color-scheme: light; }
:host([theme="dark"]) { color-scheme: dark; }
:host([framed]) { border: 0; border-radius: 0; min-block-size: 100%; }
:host([hidden]) { display: none; }
@supports (color: light-dark(#000, #fff)) { :host {
  --ink: var(--parlour-ink, light-dark(#241e22, #f3edf0)); --muted: var(--parlour-muted, light-dark(#655c62, #a89ca4));
  --surface: var(--parlour-surface, light-dark(#ffffff, #211b20)); --line: var(--parlour-line, light-dark(#e7e1dd, #3a3138));
  --field: var(--parlour-field-line, light-dark(#8a8085, #8a7d85));
  --accent: var(--parlour-accent, var(--own-accent, light-dark(#8a3b6a, #d98bb8)));
  --soft: var(--parlour-accent-soft, var(--own-soft, light-dark(#f5e9f0, #3a2533)));
  --on-accent: var(--parlour-on-accent, var(--own-on, light-dark(#ffffff, #171316)));
  --bad: var(--parlour-bad, light-dark(#a82f26, #e88a80)); --good: var(--parlour-good, light-dark(#2a6f51, #6fc39c));
} }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
header { display: flex; gap: 8px; align-items: center; justify-content: space-between; min-block-size: 48px; padding: 4px 8px 0; }
header strong { padding-inline: 8px; overflow-wrap: anywhere; }
.body { padding: 4px 16px 16px; min-block-size: 220px; }
h2 { font-size: 1.3em; line-height: 1.25; margin: 8px 0 14px; outline: none; overflow-wrap: anywhere; }
h3 { font-size: .86em; font-weight: 600; color: var(--muted); margin: 16px 0 8px; }
p { margin: 8px 0; } ul { list-style: none; margin: 0; padding: 0; }
button, input, select, textarea { font: inherit; color: inherit; }
button, .button { cursor: pointer; min-block-size: 44px; border-radius: var(--radius); border: 1px solid var(--line); background: transparent;
  padding: 8px 14px; text-align: center; text-decoration: none; display: inline-flex; align-items: center; justify-content: center; gap: 8px; color: inherit; }
@media (hover: hover) { button:hover:not(:disabled), .button:hover { border-color: var(--accent); } }
:focus-visible:not(h2) { outline: 3px solid var(--accent); outline-offset: 2px; }
button:disabled { cursor: default; color: var(--muted); }
.main { background: var(--accent); color: var(--on-accent); border-color: var(--accent); font-weight: 600; inline-size: 100%; }
.quiet { border-color: transparent; color: var(--accent); padding-inline: 8px; }
.danger { color: var(--bad); }
a { color: var(--accent); }
.row { display: flex; gap: 12px; inline-size: 100%; justify-content: space-between; align-items: center; text-align: start; margin-block-end: 8px;
  padding: 10px 14px; min-block-size: 56px; }
.row > span:first-child, .who { min-inline-size: 0; overflow-wrap: anywhere; }
.who { flex: 1; }
.face { flex: none; inline-size: 56px; block-size: 56px; border-radius: 50%; overflow: hidden; position: relative; background: var(--soft); color: var(--accent);
  display: grid; place-items: center; font-weight: 600; align-self: flex-start; }
.face canvas { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; }
.any::before, .any::after { content: ""; position: absolute; background: currentColor; inset-inline: 0; margin-inline: auto; }
.any::before { inline-size: 18px; block-size: 18px; inset-block-start: 12px; border-radius: 50%; }
.any::after { inline-size: 34px; block-size: 30px; inset-block-start: 34px; border-radius: 50%; }
.about { white-space: pre-line; }
details.about { margin: -2px 0 12px; padding-inline: 14px; color: var(--muted); font-size: .86em; }
summary { cursor: pointer; color: var(--accent); min-block-size: 44px; padding-block: 10px; }
.row b { display: block; font-weight: 600; }
.sub { color: var(--muted); font-size: .86em; display: block; }
.agreed { margin: .3em 0 .6em; padding-inline-start: 1.2em; font-size: .86em; list-style: disc; }
.price { white-space: nowrap; font-variant-numeric: tabular-nums; text-align: end; }
.strip { display: flex; gap: 6px; overflow-x: auto; padding: 4px; margin-inline: -4px; scrollbar-width: thin; }
.strip button { flex: 0 0 auto; flex-direction: column; gap: 0; min-inline-size: 56px; padding: 6px 8px; font-variant-numeric: tabular-nums; line-height: 1.25; }
.strip small { font-size: .8em; color: var(--muted); }
[aria-pressed="true"] { background: var(--soft); border-color: var(--accent); color: var(--accent); font-weight: 600; }
[aria-pressed="true"] small { color: inherit; }
.strip button[aria-disabled="true"] { text-decoration: line-through; color: var(--muted); border-style: dashed; cursor: default; }
.times { display: grid; grid-template-columns: repeat(auto-fill, minmax(82px, 1fr)); gap: 8px; font-variant-numeric: tabular-nums; }
.times button { padding-inline: 4px; white-space: nowrap; }
.times.wide { grid-template-columns: 1fr; }
.pager { display: flex; justify-content: space-between; gap: 8px; flex-wrap: wrap; }
label { display: block; margin-block-end: 14px; }
label > span { display: block; font-weight: 600; margin-block-end: 4px; }
label small { font-weight: 400; color: var(--muted); }
input:not([type="checkbox"]), textarea, select { inline-size: 100%; min-block-size: 46px; padding: 10px 12px; border: 1px solid var(--field);
  border-radius: var(--radius); background: var(--surface); font-size: max(16px, 1em); }
textarea { min-block-size: 72px; resize: vertical; }
[aria-invalid="true"] { border-color: var(--bad) !important; }
.error { color: var(--bad); font-weight: 400; }
label > .error { margin: 4px 0 0; font-weight: 400; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); column-gap: 10px; }
.stars, .rate .on { color: var(--accent); }
.rate { border: 0; margin: 0 0 14px; padding: 0; min-inline-size: 0; }
.rate legend { font-weight: 600; padding: 0; }
.rate div { display: flex; }
.rate label { margin: 0; color: var(--field); cursor: pointer; position: relative; font-size: 2em; line-height: 1; }
.rate label span { padding: 8px 6px; font-weight: 400; margin: 0; }
.rate input[type="radio"] { position: absolute; inset: 0; opacity: 0; inline-size: 100%; block-size: 100%; min-block-size: 0; margin: 0; cursor: pointer; }
.rate label:has(:focus-visible) { outline: 3px solid var(--accent); border-radius: 4px; }
.check { display: flex; gap: 10px; align-items: flex-start; }
.check > span { font-weight: 400; margin: 0; }
.check input { inline-size: 22px; block-size: 22px; flex: none; margin: 1px 0 0; accent-color: var(--accent); }
.note { border-inline-start: 3px solid var(--accent); background: var(--soft); padding: 10px 12px; border-radius: 4px; }
.note.bad { border-color: var(--bad); } 
slot { display: block; padding: 0 16px 16px; overflow-wrap: anywhere; }
.chosen { position: sticky; inset-block-end: 0; background: var(--surface); border-block-start: 1px solid var(--line); padding: 10px 16px;
  border-radius: 0 0 var(--radius) var(--radius); }
.chosen li, .sum { display: flex; gap: 8px; justify-content: space-between; align-items: center; }
.chosen li span:first-child { min-inline-size: 0; overflow-wrap: anywhere; }
.chosen .remove { min-block-size: 32px; min-inline-size: 32px; padding: 0; border: 0; color: var(--muted); }
.chosen b { font-weight: 600; }
.visit { border: 1px solid var(--line); border-radius: var(--radius); padding: 12px 14px; margin-block-end: 12px; }
.acts { display: flex; flex-wrap: wrap; gap: 8px; margin-block-start: 10px; }
.acts b { flex: 1 0 100%; }
.badge { color: var(--muted); font-size: .86em; } .badge.good { color: var(--good); }
.offer { border-block-start: 1px solid var(--line); margin-block-start: 16px; padding-block-start: 14px; }
.wait { opacity: 0; animation: appear 0s .2s forwards; color: var(--muted); }
@keyframes appear { to { opacity: 1; } }
.said { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@container (max-width: 320px) { .body { padding-inline: 12px; } .row { padding-inline: 10px; gap: 8px; } .face { inline-size: 40px; block-size: 40px; font-size: .86em; } .any { display: none; } .strip button { min-inline-size: 50px; } }
`);

// The page of a frame has no style sheet of its own: one request less.
const page = new CSSStyleSheet();
page.replaceSync("html,body{margin:0;background:#fff;background:light-dark(#fff,#211b20)}h1{font:600 1.2em system-ui;margin:16px}");
