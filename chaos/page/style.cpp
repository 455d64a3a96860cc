#include "chaos/page/style.hpp"

namespace quorate::page {
namespace {

markup colours() {
  return R"css(
:root{color-scheme:light dark;--paper:#fdfdfc;--panel:#f5f6f7;--ink:#1c2430;--soft:#5a6575;--rule:#dfe3e8;--link:#1f5f99;
--pass:#17703f;--pass-back:#e3f3e9;--fail:#a8231b;--fail-back:#fbe7e5;--other:#6a5412;--other-back:#f6efd9;
--ok-bar:#7fa9d1;--failed-bar:#d2493e;--median:#4b3a94;--slowest:#b0a3dd;--fault-back:#f1c75b;--equal:#17703f;--dot:#1f5f99}
@media (prefers-color-scheme:dark){:root{--paper:#14181e;--panel:#1b2129;--ink:#e3e7ed;--soft:#9aa6b5;--rule:#2c343f;
--link:#86b9ea;--pass:#79d3a0;--pass-back:#14301f;--fail:#ff9a91;--fail-back:#3d1b19;--other:#e5c977;--other-back:#332b14;
--ok-bar:#4778a8;--failed-bar:#e0645a;--median:#c3b5ff;--slowest:#6c5fa8;--fault-back:#a97f1c;--equal:#79d3a0;
--dot:#86b9ea}}
)css"_html;
}

markup layout() {
  return R"css(
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",sans-serif;overflow-wrap:break-word}
main{max-width:71rem;margin:0 auto;padding:2rem clamp(1rem,4vw,2.5rem) 3rem}
h1{font-size:clamp(1.4rem,5vw,2.1rem);line-height:1.2;letter-spacing:-.015em;margin:.3rem 0 .8rem;overflow-wrap:anywhere}
h2{font-size:1.3rem;line-height:1.3;margin:3rem 0 .8rem;padding-top:1.2rem;border-top:1px solid var(--rule)}
h3{font-size:1.05rem;line-height:1.35;margin:2.2rem 0 .4rem}
p{margin:.5rem 0;max-width:46rem}
p,li,td.w{overflow-wrap:anywhere}
a{color:var(--link);text-underline-offset:.15em;text-decoration-thickness:1px}
ul,ol{padding-left:1.2rem;margin:.5rem 0;max-width:46rem}
li{margin:.25rem 0}
code,pre{font:.86em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
pre{background:var(--panel);padding:.8rem 1rem;border-radius:6px;overflow:auto;max-height:32rem;margin:.6rem 0}
.lead{font-size:1.1rem}
.soft,.none{color:var(--soft)}
nav{font-size:.9rem;color:var(--soft)}
nav a{margin-right:1rem;white-space:nowrap}
.badge{display:inline-block;font-size:.75rem;font-weight:650;letter-spacing:.04em;line-height:1.5;padding:0 .55em;
border-radius:4px;border:1px solid currentColor;vertical-align:.12em;white-space:nowrap}
h1 .badge{font-size:.9rem;vertical-align:.3em}
.pass{color:var(--pass)}.fail{color:var(--fail)}.other{color:var(--other)}
.badge.pass{background:var(--pass-back)}.badge.fail{background:var(--fail-back)}.badge.other{background:var(--other-back)}
dl.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,15rem),1fr));gap:.7rem 1.6rem;margin:1.2rem 0}
dl.facts dt{font-size:.8rem;color:var(--soft)}
dl.facts dd{margin:0;overflow-wrap:anywhere}
dl.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:1px;background:var(--rule);
border:1px solid var(--rule);border-radius:8px;overflow:hidden;margin:1.4rem 0}
dl.figures div{background:var(--paper);padding:.7rem .9rem}
dl.figures dt{font-size:.8rem;line-height:1.35;color:var(--soft)}
dl.figures dd{margin:.15rem 0 0;font-size:1.4rem;line-height:1.25;font-weight:600;font-variant-numeric:tabular-nums}
.note{border-left:3px solid var(--other);background:var(--panel);padding:.5rem 1rem;margin:1rem 0;border-radius:0 6px 6px 0}
.note.fail{border-color:var(--fail);color:inherit}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,18rem),1fr));gap:1rem;margin:1rem 0}
.cards section{background:var(--panel);border-radius:8px;padding:.4rem 1.1rem .8rem}
.cards h3{margin:.6rem 0 .2rem}
.cards p,.cards li{font-size:.94rem}
.scroll{overflow-x:auto;margin:.8rem 0;border:1px solid var(--rule);border-radius:8px}
.scroll:focus-visible,summary:focus-visible,a:focus-visible{outline:2px solid var(--link);outline-offset:2px}
table{border-collapse:collapse;width:100%;font-size:.87rem;line-height:1.4;font-variant-numeric:tabular-nums}
th,td{padding:.42rem .6rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule);white-space:nowrap}
tbody tr:last-child td{border-bottom:0}
th{font-weight:600;color:var(--soft);background:var(--panel);vertical-align:bottom;white-space:normal;line-height:1.25}
td.n{text-align:right}td.w{white-space:normal;min-width:13rem}
tr.worst td{background:var(--other-back)}
.checks{list-style:none;padding:0}
.checks li{display:flex;gap:.7rem;align-items:baseline;margin:.35rem 0}
.checks li>:last-child{min-width:0;overflow-wrap:anywhere}
.checks .badge{flex:none;min-width:4.6em;text-align:center}
details{margin:.6rem 0}
summary{cursor:pointer;color:var(--link);padding:.2rem 0}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,21rem),1fr));gap:1.2rem 2rem;margin:1rem 0}
figure{margin:0;min-width:0;break-inside:avoid}
figcaption{font-size:.85rem;line-height:1.5;color:var(--soft);margin-bottom:.35rem}
.key{white-space:nowrap;margin-right:.7em}
.key::before{content:"";display:inline-block;width:.75em;height:.75em;border-radius:2px;margin-right:.35em}
.key.ok::before{background:var(--ok-bar)}.key.failed::before{background:var(--failed-bar)}
.key.median::before{background:var(--median);height:.2em;vertical-align:.25em}
.key.slowest::before{background:var(--slowest);height:.2em;vertical-align:.25em}
.key.fault::before{background:var(--fault-back);opacity:.5}
footer{margin-top:3.5rem;padding-top:1.2rem;border-top:1px solid var(--rule);font-size:.9rem;color:var(--soft)}
)css"_html;
}

markup charts() {
  return R"css(
.chart{display:block;width:100%;height:auto;overflow:visible}
.chart text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:var(--soft);font-variant-numeric:tabular-nums}
.chart .x{text-anchor:middle}.chart .y{text-anchor:end}.chart .strong{fill:var(--equal)}
.chart path{fill:none}
.chart .grid{stroke:var(--rule);stroke-width:1}.chart .axis{stroke:var(--soft);stroke-width:1}
.chart .ok{fill:var(--ok-bar)}.chart .failed{fill:var(--failed-bar)}
.chart .fault{fill:var(--fault-back);opacity:.28}
.chart .median{stroke:var(--median);stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round}
.chart .slowest{stroke:var(--slowest);stroke-width:1.2;stroke-linejoin:round;stroke-linecap:round}
.chart .equal{stroke:var(--equal);stroke-width:1.4;stroke-dasharray:4 3}
.chart .stem{stroke:var(--rule);stroke-width:1.5}
.chart .dot{stroke:var(--dot);stroke-width:5;stroke-linecap:round}.chart .cross{stroke:var(--fail);stroke-width:1.8}
@media print{main{max-width:none;padding:0}.scroll{overflow:visible}table{font-size:.7rem}h2,h3{break-after:avoid}
th,td{white-space:normal;padding:.2rem .4rem}pre{max-height:none;white-space:pre-wrap}}
)css"_html;
}

}  // namespace

std::string document(const std::string& title, const markup& content) {
  // A page that says of itself that it loads and runs nothing is held to it by the browser.
  const auto head =
      R"(<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"><meta name="referrer" content="no-referrer"><link rel="icon" href="data:,">)"_html;
  const auto body = element("body", element("main", content));
  const auto page =
      element("html", {{"lang", "en"}},
              element("head", head + element("title", text(title)) + element("style", colours() + layout() + charts()))
                  + "\n"_html + body);
  return "<!doctype html>\n" + page.html() + "\n";
}

}  // namespace quorate::page
