"""The pictures of an evaluation on a page: one HTML file that contains everything."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any

from PIL import Image
from torch import Tensor

from pix2pix.evaluation.report import metrics_text
from pix2pix.pictures.images import data_url, to_image

EXTREMES = 8  # worst and best pairs shown
FIRST = 12  # first pairs by name, uncurated

PAGE = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 62em; padding: 0 1em; }}
table {{ border-collapse: collapse; }}
th, td {{ padding: 3px 14px 3px 0; text-align: left; border-bottom: 1px solid #ddd; }}
figure {{ margin: 0 0 1em; }}
img {{ width: 32%; image-rendering: auto; }}
figcaption {{ color: #666; }}
</style></head><body>
<h1>{title}</h1>
{figures}
{sections}
</body></html>
"""


@dataclass(frozen=True)
class Row:
    """One pair of an evaluation."""

    name: str
    input: Image.Image
    output: Image.Image
    target: Image.Image
    figures: dict[str, float]


class Sheet:
    """Collects an evaluation's pictures; see `pix2pix.evaluation.metrics.evaluate`'s `keep`."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def keep(self, name: str, x: Tensor, output: Image.Image, target: Tensor, figures: dict[str, float]) -> None:
        self.rows.append(Row(name, to_image(x.numpy()), output, to_image(target.numpy()), figures))

    def html(self, title: str, metrics: dict[str, Any]) -> str:
        """The page: the figures, then the first pairs by name, the worst and the best by L1, each as
        input | output | target."""
        by_l1 = sorted(self.rows, key=lambda row: row.figures["l1"])
        sections = [section("The first by name", self.rows[:FIRST])]
        if len(self.rows) > FIRST:
            sections.append(section("The worst", by_l1[: -EXTREMES - 1 : -1]))
            sections.append(section("The best", by_l1[:EXTREMES]))
        figures = as_html(metrics_text(metrics))
        return PAGE.format(title=html.escape(title), figures=figures, sections="\n".join(sections))


def as_html(markdown: str) -> str:
    """A Markdown text of one table and paragraphs, as HTML."""
    rows: list[str] = []
    paragraphs: list[str] = []
    for line in filter(None, html.escape(markdown).splitlines()):
        if not line.startswith("|"):
            paragraphs.append(f"<p>{line}</p>")
        elif not line.startswith("|---"):
            cell = "td" if rows else "th"
            cells = (f"<{cell}>{text.strip()}</{cell}>" for text in line.strip("|").split("|"))
            rows.append(f"<tr>{''.join(cells)}</tr>")
    return "\n".join(["<table>", *rows, "</table>", *paragraphs])


def section(heading: str, rows: list[Row]) -> str:
    figures = [
        "<figure>"
        + "".join(
            f'<img alt="{word} of {html.escape(row.name)}" src="{data_url(image)}"> '
            for word, image in (("input", row.input), ("output", row.output), ("target", row.target))
        )
        + f"<figcaption>{html.escape(row.name)}: L1 {row.figures['l1']:.4f}, SSIM {row.figures['ssim']:.3f}; "
        "input, output, target</figcaption></figure>"
        for row in rows
    ]
    return f"<h2>{heading}</h2>\n" + "\n".join(figures)
