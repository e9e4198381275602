"""A run as one page: `OUT/training/report.html`, complete in one file. It is rewritten at looks at val, at most every
two seconds, and when the run ends."""

from __future__ import annotations

import dataclasses
import html
import math
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from pix2pix.files import write_text
from pix2pix.pairs.source import Readings, Source
from pix2pix.pictures.images import data_url
from pix2pix.training.card import command
from pix2pix.training.log import Watcher
from pix2pix.training.progress import Progress
from pix2pix.training.settings import Settings, flag

FILE = "report.html"
FRAMES = 40  # most frames of the slider
FRAME_WIDTH = 768  # greatest width, in pixels
FEWEST_SHOWN = 3  # pairs in the grids; training pairs where val has fewer
PAIRS = 12  # training pairs on the page
PAIR_SIDE = 128  # pixels
CHART = (720, 200)  # width and height, in SVG's units
LOSSES = {
    "L1": "L1 while training, from 0 to 2",
    "L2": "L2 while training",
    "GAN": "GAN loss of the generator",
    "D": "loss of the discriminator",
    "mode_seeking": "mode seeking",
}
STATES = {
    "measuring": "measures its speed",
    "training": "is running",
    "finishing": "is being evaluated",
    "done": "is finished",
    "stopped": "was stopped; --resume continues it",
    "failed": "has failed",
}

PAGE = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; \
script-src 'unsafe-inline'">
<style>
:root {{ color-scheme: light dark; --ink: #1b1d24; --faint: #5b6070; --paper: #fbfbfd; --card: #fff; --edge: #dcdee6;
  --line: #4f46e5; }}
@media (prefers-color-scheme: dark) {{ :root {{ --ink: #f0f1f5; --faint: #a6abb9; --paper: #14161b; --card: #1e2027;
  --edge: #343843; --line: #a5b4fc; }} }}
body {{ margin: 0 auto; max-width: 1080px; padding: 24px 20px 60px; font: 15px/1.5 system-ui, sans-serif;
  color: var(--ink); background: var(--paper); }}
h1 {{ margin: 0 0 2px; font-size: 26px; letter-spacing: -.02em; }}
h2 {{ margin: 34px 0 10px; font-size: 18px; }}
p {{ margin: 0 0 8px; }}
.faint, figcaption, th {{ color: var(--faint); }}
.warn {{ color: #c2410c; font-weight: 600; }}
.facts {{ display: flex; flex-wrap: wrap; gap: 8px; margin: 14px 0; }}
.facts div {{ padding: 8px 14px; background: var(--card); border: 1px solid var(--edge); border-radius: 12px; }}
.facts b {{ display: block; font-size: 18px; font-variant-numeric: tabular-nums; }}
.facts span {{ font-size: 12px; color: var(--faint); }}
.watch {{ display: block; width: min(100%, 768px); border-radius: 10px; border: 1px solid var(--edge); }}
.heads {{ display: grid; grid-template-columns: 1fr 1fr 1fr; width: min(100%, 768px); color: var(--faint);
  font-size: 13px; text-align: center; }}
label {{ display: flex; align-items: center; gap: 12px; max-width: 768px; margin: 0 0 10px;
  font-variant-numeric: tabular-nums; }}
input[type=range] {{ flex: 1; accent-color: var(--line); }}
.charts {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: 14px; }}
figure {{ margin: 0; padding: 10px 12px; background: var(--card); border: 1px solid var(--edge); border-radius: 12px; }}
figure svg {{ display: block; width: 100%; }}
svg text {{ font: 11px system-ui, sans-serif; fill: var(--faint); }}
.pairs {{ display: flex; flex-wrap: wrap; gap: 8px; }}
.pairs img {{ height: 96px; border-radius: 8px; border: 1px solid var(--edge); }}
pre {{ padding: 12px 14px; white-space: pre-wrap; background: var(--card); border: 1px solid var(--edge);
  border-radius: 12px; }}
table {{ border-collapse: collapse; font-size: 13px; }}
th {{ text-align: start; font-weight: 400; padding: 1px 18px 1px 0; }}
</style></head><body>
<h1>{title}</h1>
<p class="faint">This run {state}.</p>
{trouble}
<div class="facts">{facts}</div>
{watch}
<h2>Curves</h2>
<div class="charts">{charts}</div>
{pairs}
<h2>Settings</h2>
<pre>{command}</pre>
<table>{settings}</table>
</body></html>
"""
WATCH = """\
<h2>What it draws</h2>
<p class="faint">{which}, which are the same at every step. Drag the slider to go back in time.</p>
<label><span>Step</span><input type="range" id="time" min="0" max="{last}" value="{last}">
<output id="step">{step}</output><button type="button" id="play">Play</button></label>
<div class="heads"><span>input</span><span>output</span><span>target</span></div>
<img class="watch" id="watch" alt="Rows of input, output and target" src="{latest}">
<script>
const frames = [{frames}];
const [time, picture, step] = ["time", "watch", "step"].map((id) => document.getElementById(id));
const show = () => {{ [step.textContent, picture.src] = frames[time.value]; }};
time.addEventListener("input", show);
let playing = 0;
document.getElementById("play").addEventListener("click", () => {{
  clearInterval(playing);
  time.value = 0;
  show();
  playing = setInterval(() => {{
    if (time.value === time.max) return clearInterval(playing);
    time.value++;
    show();
  }}, 150);
}});
</script>
"""


class Report:
    """The page of a run.

    Args:
        settings: of the run.
        watcher: whose log and grids it shows.
        pairs: those trained on.
        readings: what their values mean.
        held: number of pairs of val, which are the first rows of the grids; the others are pairs trained on.
    """

    def __init__(self, settings: Settings, watcher: Watcher, pairs: Source, readings: Readings, held: int) -> None:
        self.settings, self.watcher, self.held = settings, watcher, held
        self.pairs, self.readings = pairs, readings
        self._frames: dict[Path, str] = {}  # a grid never changes
        self._pairs = ""

    def write(self, progress: Progress) -> None:
        """
        Raises:
            OSError: it cannot be written. An existing page stays.
            DataError: a pair cannot be read.
        """
        write_text(self.watcher.folder / FILE, self.html(progress))

    def html(self, progress: Progress) -> str:
        lines = self.watcher.lines()
        names = [name for name in LOSSES if any(name in line for line in lines)]
        charts = [
            chart("L1 on val, from 0 to 1", [(look["step"], look["l1"]) for look in progress.looks if look["l1"]])
        ]
        charts += [
            chart(LOSSES[name], [(line["step"], line[name]) for line in lines if name in line]) for name in names
        ]
        return PAGE.format(
            title=html.escape(f"{Path(self.settings.out).name}, a training run"),
            state=STATES[progress.state],
            trouble=f'<p class="warn">{html.escape(progress.trouble)}</p>' if progress.trouble else "",
            facts="".join(
                f"<div><b>{html.escape(value)}</b><span>{name}</span></div>" for name, value in facts(progress)
            ),
            watch=self._watch(),
            charts="\n".join(charts),
            pairs=self._shown_pairs(),
            command=html.escape(command(self.settings)),
            settings=settings_rows(self.settings),
        )

    def _watch(self) -> str:
        grids = self.watcher.chosen(FRAMES)
        if not grids:
            return ""
        self._frames = {path: self._frames.get(path) or picture(path) for path in grids}
        steps = [path.stem.replace("epoch_", "epoch ").replace("step_", "") for path in self._frames]
        words = [word if "epoch" in word else f"{int(word):,}" for word in steps]
        pairs = zip(words, self._frames.values(), strict=True)
        return WATCH.format(
            which=self._which(),
            last=len(words) - 1,
            step=words[-1],
            latest=self._frames[grids[-1]],
            frames=",\n".join(f'["{word}", "{url}"]' for word, url in pairs),
        )

    def _which(self) -> str:
        """What the rows of the grids are."""
        if not self.held:
            return "Pairs that it is trained on, for there is no val split"
        if self.held >= FEWEST_SHOWN:
            return "Pairs held out for val"
        first = "The first pair is" if self.held == 1 else f"The first {self.held} pairs are"
        return f"{first} held out for val; it is trained on the others"

    def _shown_pairs(self) -> str:
        if not self._pairs:
            count = min(PAIRS, len(self.pairs.names))
            shown = []
            apart = 1 if self.settings.streaming else len(self.pairs.names) // count  # the first have arrived
            for index in (i * apart for i in range(count)):
                a, b = self.pairs.open(index, self.readings)
                pair = Image.new("RGB", (2 * PAIR_SIDE, PAIR_SIDE))
                pair.paste(a.resize((PAIR_SIDE, PAIR_SIDE)), (0, 0))
                pair.paste(b.resize((PAIR_SIDE, PAIR_SIDE)), (PAIR_SIDE, 0))
                shown.append(f'<img alt="{html.escape(self.pairs.names[index])}" src="{data_url(pair)}">')
            total = f"{len(self.pairs.names):,} pairs to train on"
            some = f"; these are {count} of them" if count < len(self.pairs.names) else ""
            self._pairs = f'<h2>Pairs</h2><p class="faint">{total}{some}.</p><div class="pairs">{"".join(shown)}</div>'
        return self._pairs


def facts(progress: Progress) -> list[tuple[str, str]]:
    """What stands on top of the page: names and values."""
    found = [("steps", f"{progress.step:,}" + (f" of {progress.steps:,}" if progress.steps else ""))]
    found.append(("taken", clock(progress.seconds)))
    if progress.left is not None and progress.state in ("measuring", "training"):
        found.append(("left", clock(progress.left)))
    measured = [look for look in progress.looks if look["l1"] is not None]
    if measured:
        best = min(measured, key=lambda look: look["l1"])
        found.append(("L1 on val at first", f"{measured[0]['l1']:.4f}"))
        found.append((f"the lowest, at step {best['step']:,}", f"{best['l1']:.4f}"))
        found.append(("now", f"{measured[-1]['l1']:.4f}"))
        if progress.kept != progress.step:
            found.append(("step whose weights are kept", f"{progress.kept:,}"))
    return found


def clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def chart(title: str, points: Sequence[tuple[float, float]]) -> str:
    """A curve as SVG, with its lowest and highest values and its first and last steps."""
    points = [(x, y) for x, y in points if math.isfinite(y)]
    if not points:
        return ""
    width, height = CHART
    left, right, top, bottom = 46, width - 10, 10, height - 22
    xs, ys = [x for x, _ in points], [y for _, y in points]
    low, high, first, last = min(ys), max(ys), min(xs), max(xs)

    def place(x: float, y: float) -> str:
        across = left + (right - left) * ((x - first) / (last - first) if last > first else 1)
        return f"{across:.1f},{bottom - (bottom - top) * ((y - low) / (high - low) if high > low else 0.5):.1f}"

    path = " ".join(place(x, y) for x, y in points)
    x, y = place(*points[-1]).split(",")
    rules = "".join(
        f'<line x1="{left}" x2="{right}" y1="{at}" y2="{at}" stroke="var(--edge)"/>' for at in {top, bottom}
    )
    values = f'<text x="{left - 6}" y="{top + 4}" text-anchor="end">{high:.3g}</text>' if high > low else ""
    return (
        f'<figure><figcaption>{title}: <b>{ys[-1]:.4g}</b></figcaption><svg viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{title}, from {ys[0]:.4g} to {ys[-1]:.4g}">{rules}'
        f'{values}<text x="{left - 6}" y="{bottom + 4}" text-anchor="end">{low:.3g}</text>'
        f'<text x="{left}" y="{height - 6}">{first:,}</text>'
        f'<text x="{right}" y="{height - 6}" text-anchor="end">step {last:,}</text>'
        f'<polyline points="{path}" fill="none" stroke="var(--line)" stroke-width="1.8" stroke-linejoin="round"/>'
        f'<circle cx="{x}" cy="{y}" r="3" fill="var(--line)"/></svg></figure>'
    )


def settings_rows(settings: Settings) -> str:
    rows = []
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if value not in ("", None):
            words = " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
            rows.append(f"<tr><th>{flag(field.name)}</th><td>{html.escape(words)}</td></tr>")
    return "".join(rows)


def picture(path: Path) -> str:
    with Image.open(path) as grid:
        frame = grid.convert("RGB")
    frame.thumbnail((FRAME_WIDTH, 4 * FRAME_WIDTH))
    return data_url(frame)
