"""The page: Gradio around the compact core. `build` makes it; `app.py` launches it."""
