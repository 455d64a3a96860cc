"""How a browser shows the pages: on a wide screen and on a phone, light and dark.

browser_test.py PAGE_FIXTURE QUORATE_CHAOS [DIRECTORY_FOR_SCREENSHOTS]
"""
import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

from webdriver import Browser, programs

WIDTHS = [1280, 360]
CLASSES = 18

# Everything is asked of the page in one go.
LOOK = """
const box = e => e.getBoundingClientRect();
const charts = suffix => [...document.querySelectorAll(`svg[id$="${suffix}"]`)];
const drawn = svg => {
  const parts = [...svg.querySelectorAll('path')].filter(p => p.getBBox().width > 0);
  const labels = [...svg.querySelectorAll('text')].filter(t => box(t).width > 0);
  const style = c => { const e = svg.querySelector(c); return e ? getComputedStyle(e) : null; };
  return {width: box(svg).width, height: box(svg).height, parts: parts.length, labels: labels.length,
          bars: style('.ok') ? style('.ok').fill : '', letters: labels.length ? box(labels[0]).height : 0,
          named: !!svg.querySelector('title').textContent && !!svg.querySelector('desc').textContent,
          outside: labels.filter(t => box(t).left < box(svg).left - 1 || box(t).right > box(svg).right + 1)
                         .map(t => t.textContent)};
};
const wide = [...document.querySelectorAll('main *')]
  .filter(e => !e.closest('.scroll') && !e.closest('pre') && !e.closest('svg'))
  .filter(e => box(e).right > document.documentElement.clientWidth + 1).map(e => e.tagName + ' ' + e.className);
const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
return {
  page: document.documentElement.scrollWidth, window: document.documentElement.clientWidth, wide: wide.slice(0, 5),
  timelines: charts('-timeline').map(drawn), convergences: charts('-convergence').map(drawn),
  paper: getComputedStyle(document.body).backgroundColor, ink: getComputedStyle(document.body).color,
  badges: [...document.querySelectorAll('.badge')].map(e => e.textContent),
  scripts: document.scripts.length, images: document.images.length,
  loaded: performance.getEntriesByType('resource').map(e => e.name).filter(n => !n.startsWith('data:')),
  twice: ids.filter((id, at) => ids.indexOf(id) !== at),
  dead: [...document.querySelectorAll('a[href^="#"]')].map(a => a.getAttribute('href').slice(1))
        .filter(id => !document.getElementById(id)),
  heading: document.querySelector('h1').textContent,
};
"""

problems = []


def expect(holds, where, what):
    if not holds:
        problems.append(f"{where}: {what}")


def luminance(colour):
    red, green, blue = (int(part) / 255 for part in colour[colour.index("(") + 1:-1].split(",")[:3])
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (red, green, blue)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def colours_in(png):
    """How many different pixels; an 8-bit PNG with three or four channels, as browsers make them."""
    at, packed, width, height, channels = 8, b"", 0, 0, 0
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at:at + 8])
        body = png[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height, _, colour = struct.unpack(">IIBB", body[:10])
            channels = {2: 3, 6: 4}[colour]
        packed += body if kind == b"IDAT" else b""
        at += 12 + size
    rows = zlib.decompress(packed)
    stride = width * channels
    # Filtered rows differ wherever the picture does; a blank picture has blank rows, whatever the filter.
    return len({rows[y * (stride + 1) + 1 + x:y * (stride + 1) + 1 + x + channels]
                for y in range(height) for x in range(0, stride, channels)})


def check_run_page(seen, where, charts):
    expect(len(seen["timelines"]) == charts, where, f"{len(seen['timelines'])} timelines, not {charts}")
    expect(len(seen["convergences"]) == charts, where, f"{len(seen['convergences'])} convergence charts, not {charts}")
    for number, chart in enumerate(seen["timelines"] + seen["convergences"]):
        which = f"{where}, chart {number}"
        expect(chart["width"] > 250 and chart["height"] > 120, which, f"only {chart['width']} x {chart['height']}")
        expect(chart["parts"] >= 4 and chart["labels"] >= 8, which, f"hardly anything drawn: {chart}")
        expect(chart["named"], which, "has no name")
        expect(chart["letters"] >= 10, which, f"letters of {chart['letters']} px")
        expect(not chart["outside"], which, f"labels outside: {chart['outside']}")
    for chart in seen["timelines"]:
        expect(chart["bars"] not in ("", "none", "rgb(0, 0, 0)"), where, f"bars are {chart['bars']}")


def check_any_page(seen, where, dark):
    expect(seen["page"] <= seen["window"], where, f"{seen['page']} px wide in {seen['window']}: {seen['wide']}")
    expect(not seen["wide"], where, f"sticks out: {seen['wide']}")
    paper, ink = luminance(seen["paper"]), luminance(seen["ink"])
    expect((paper < 0.1) == dark, where, f"paper {seen['paper']} with dark = {dark}")
    expect((max(paper, ink) + 0.05) / (min(paper, ink) + 0.05) > 7, where, f"{seen['ink']} on {seen['paper']}")
    expect(seen["scripts"] == 0 and seen["images"] == 0, where, "has scripts or images")
    expect(not seen["loaded"], where, f"loads {seen['loaded']}")
    expect(not seen["twice"], where, f"ids given twice: {seen['twice']}")
    expect(not seen["dead"], where, f"links to nowhere: {seen['dead']}")


def main(fixture, chaos, runs, pictures):
    subprocess.run([fixture, runs], check=True)
    subprocess.run([chaos, "render", runs], check=True)
    pages = {"index.html": None, "passes/index.html": CLASSES, "fails/index.html": CLASSES - 2, "torn/index.html": 0}
    with Browser() as browser:
        for page, charts in pages.items():
            for width in WIDTHS:
                for dark in (False, True):
                    where = f"{page} at {width} px, {'dark' if dark else 'light'}"
                    browser.show((runs / page).resolve().as_uri(), width, dark)
                    seen = browser.run(LOOK)
                    check_any_page(seen, where, dark)
                    if charts is not None:
                        check_run_page(seen, where, charts)
                    expect(colours_in(browser.screenshot()) > 20, where, "is blank")
                    # Shows open folds too: what is in them must not stick out either.
                    browser.run("document.querySelectorAll('details').forEach(d => d.open = true)")
                    check_any_page(browser.run(LOOK), where + ", unfolded", dark)
                    if pictures:
                        browser.run("document.querySelectorAll('details').forEach(d => d.open = false)")
                        name = f"{page.split('/')[0].removesuffix('.html')}-{width}-{'dark' if dark else 'light'}.png"
                        (runs / name).write_bytes(browser.screenshot(whole=True))
            if page.startswith("passes"):
                expect("PASS" in seen["heading"] and "FAIL" not in seen["badges"], page, f"badges {seen['badges']}")
            if page.startswith("fails"):
                expect("FAIL" in seen["heading"] and "SKIPPED" in seen["badges"], page, f"badges {seen['badges']}")
        for line in browser.console():
            expect(False, "console", line["message"])


if __name__ == "__main__":
    if None in programs():
        print("skipped: needs chromium and chromedriver (Debian: chromium, chromium-driver)")
        sys.exit(77)
    with tempfile.TemporaryDirectory(prefix="quorate-page.") as scratch:
        kept = sys.argv[3] if len(sys.argv) > 3 else None
        main(sys.argv[1], sys.argv[2], pathlib.Path(kept or scratch), kept is not None)
    print("\n".join(problems) or "every page is as it should be")
    sys.exit(1 if problems else 0)
