"""The page: Gradio around the compact core. `build` makes it; `launch.main` opens it."""
