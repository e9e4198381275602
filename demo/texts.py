"""Every word on the page, in one place. `{...}` is filled in, in Python or in the browser."""

from __future__ import annotations

TITLE = "pix2pix"
INTRODUCTION = """\
# pix2pix
Draw, and watch the picture follow your pen. Everything runs on this machine, on models that come with it.
"""
DRAW_TAB, TILE_TAB = "Draw", "Tiles"
MODEL = "Model"
CANVAS, RESULT = "Your drawing", "Its translation"
SEED, DICE, VARIATIONS = "Seed", "Roll the dice", "{count} variations"
RATE, RATE_INFO = "Dropout, the noise", "0 is off; {rate:g} as in training"
SPREAD = "Click one to keep its seed. On average two of these differ by {distance:.1%} of the range."
HARDLY = (
    " This model hardly listens to its dropout noise, as pix2pix trained by the paper's recipe does not, so one of the "
    "eight stands for all."
)
UNSURE = "Where it is unsure: the lighter, the more the variations differ"
VARIATIONS_LABEL = "Variations"
PICTURE, TILE_EXAMPLES = "A picture of any size", "Painted by a script"
CROP = "Crop to a square"
SLIDER = "Before | after"
TIMING = "{width} × {height} pixels in {ms:,.0f} ms"
TILES_DONE = "Tile {done} of {count}"
SEVERAL, SEVERAL_START, SEVERAL_RESULT = "Several at once", "Translate all", "All of them, in a zip"
DOWNLOADING = "Downloading {name}: {here:.0f} of {wanted:.0f} MB"
API = "Translate a picture of any size and kind by a model of this page, under a seed."

# For the files in web/: {{name}} in the HTML, props.texts.name in the scripts.
WEB = {
    "tools": "Drawing tools",
    "pen": "Pen",
    "eraser": "Eraser",
    "fill": "Fill",
    "line": "Line",
    "rectangle": "Box",
    "ellipse": "Oval",
    "polygon": "Polygon",
    "pen_title": "Pen (B)",
    "eraser_title": "Eraser (E)",
    "fill_title": "Fill an area (F)",
    "line_title": "Line (L)",
    "rectangle_title": "Rectangle (R)",
    "ellipse_title": "Ellipse (O)",
    "polygon_title": "Polygon (P): click its corners, the first one again to close it; Esc drops it",
    "size": "Size",
    "size_label": "Pen size in pixels",
    "mirror": "Mirror",
    "mirror_title": "Draw both halves at once (M)",
    "trace": "Trace",
    "trace_title": "Lay a faint picture over the canvas, to trace",
    "undo": "Undo",
    "undo_title": "Undo (Ctrl+Z)",
    "redo": "Redo",
    "redo_title": "Redo (Ctrl+Shift+Z)",
    "clear": "Clear",
    "palette": "What to paint",
    "canvas": "Drawing canvas",
    "many_lines": "Lines of the photo: many",
    "few_lines": "few",
    "threshold": "How strong an edge of the photo must be",
    "examples": "Drawings to start from",
    "upload": "Upload a drawing",
    "upload_title": "Put a picture of a drawing, or a photo, on the canvas",
    "upload_file": "Drawing to upload",
    "trace_file": "Picture to trace",
    "surprise": "Surprise me",
    "surprise_title": "Another drawing, another seed",
    "history": "What you drew on this visit; click one to go back to it",
    "start_from": "Start from {name}",
    "go_back": "Go back to drawing {number}",
    "not_a_picture": "{name} is not a picture that this browser can read: choose a PNG or JPEG file.",
    "last_visit": "The drawing",
    "translation": "Translation",
    "translation_alt": "Translation of the drawing",
    "waiting": "The translation appears here as you draw.",
    "download": "Download",
    "download_drawing": "Drawing",
    "download_pair": "Side by side",
    "copy": "Copy",
    "copy_link": "Link",
    "copy_link_title": "Copy the address of this model and seed",
    "copied": "Copied.",
    "no_copy": "This browser does not let a page copy pictures: download it instead.",
    "busy": "The server is busy: your drawing waits for its turn.",
    "timing": "model {ms} ms{trip} · seed {seed}",
    "trip": " · pen to picture {ms} ms{flow}",
    "flow": " · {rate} pictures/s",
    "preview": "Show the translation",
}
