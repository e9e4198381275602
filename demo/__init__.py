"""The page: a Gradio app around the compact core. `page.build` builds it, and `launch.main` opens it."""
