"""What "Colour it for me" paints with where any hue would look odd: fur and leather. Each set begins with the colour of
the largest area. Models that are not named here get colours of all hues, which web/colours.js makes."""

MATERIALS: dict[str, list[list[str]]] = {
    "edges2cats": [
        ["#d98436", "#f1d3a8", "#7fae4a", "#e79a9a", "#5b3a21"],
        ["#8d929b", "#c9ccd2", "#e0b23a", "#d99a9a", "#3b3f46"],
        ["#2b2d33", "#55585f", "#8cc63f", "#c98787", "#f0ece4"],
        ["#8a5a3b", "#d9a06b", "#8fb04a", "#e0a0a0", "#3a281c"],
        ["#ead7b8", "#6b4a36", "#5aa0d8", "#caa08f", "#3d2c22"],
        ["#c9b08c", "#8a6a4a", "#e0b23a", "#d99a9a", "#4a3626"],
    ],
    "edges2shoes": [
        ["#8a5a3b", "#2b2d33", "#d9a06b", "#f0ece4"],
        ["#2b2d33", "#f0ece4", "#8d929b", "#d62f3a"],
        ["#d62f3a", "#f0ece4", "#2b2d33", "#f8c630"],
        ["#2f56c4", "#f0ece4", "#f2762e", "#2b2d33"],
        ["#2f7d4f", "#e8ddc5", "#2b2d33", "#d9a06b"],
        ["#6f2c3a", "#2b2d33", "#d9a06b", "#c9b28a"],
        ["#d9a06b", "#6b4a36", "#f0ece4", "#2b2d33"],
        ["#2fa6a0", "#f0ece4", "#f8c630", "#2b2d33"],
    ],
    "edges2handbags": [
        ["#8a5a3b", "#5b3a26", "#c9a24a", "#d9a06b"],
        ["#b5333c", "#7a2028", "#c9a24a", "#2b2d33"],
        ["#2b2d33", "#55585f", "#c9a24a", "#8d929b"],
        ["#d9a06b", "#8a5a3b", "#e3c27a", "#5b3a26"],
        ["#2f56a8", "#1f3a70", "#cfd2d8", "#f0ece4"],
        ["#2f7d5b", "#1f5640", "#c9a24a", "#e8ddc5"],
        ["#e6b4c0", "#b9788a", "#cfd2d8", "#f0ece4"],
        ["#6b3fa0", "#472a6e", "#c9a24a", "#e6b4c0"],
    ],
}
