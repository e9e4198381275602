"""Gradio components of our own. (Gradio writes a `.pyi` beside a module that holds one; git ignores it.)"""

from __future__ import annotations

from typing import Any

import gradio as gr


class PictureFile(gr.Image):
    """An image upload that hands on the path of the file as it came. `gr.Image` would open it first, and answer a
    letter or a decompression bomb in its own way; here every picture enters by `pix2pix.open_image`."""

    is_template = True  # in the browser it is an Image

    def preprocess(self, payload: Any) -> str | None:
        return payload.path if payload else None
