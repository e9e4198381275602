"""Every word on the page, in one place. `{...}` is filled in, in Python or in the browser."""

from __future__ import annotations

from demo.rules import LOOKS

TITLE = "pix2pix"
TITLE_LONG = "pix2pix: your drawing becomes a picture"
DESCRIPTION = "Draw, and watch a neural network turn your drawing into a picture."
DRAW_TAB, TILE_TAB = "Draw", "Tiles"
MODEL = "Model"
SEED = "Look"
SEED_INFO = "Another number, another look (the seed of the noise)"
TILES = "Turn a satellite picture of any size into a map."
PICTURE, TILE_EXAMPLES = "A satellite picture of any size", "Examples, painted by a script"
CROP = "Crop to a square"
SLIDER = "Before | after"
TIMING = "{width} × {height} pixels in {ms:,.0f} ms"
TILE_EXAMPLE = "An example: {line}. Add your own picture on the left."
TILES_DONE = "Part {done} of {count}"
NO_FILES = "There are no files yet: add some first."
SEVERAL, SEVERAL_START, SEVERAL_RESULT = "Several at once", "Translate all", "All of them, in a zip"
DOWNLOADING = "Downloading {name}: {here:.0f} of {wanted:.0f} MB"
API = "Translate a picture of any size and kind by a model of this page, under a seed."

# Plain names of models whose config has no "title".
TITLES = {
    "paint2emoji": "Glossy things",
    "edges2emoji": "Glossy things",
    "edges2shoes": "Shoes",
    "edges2handbags": "Handbags",
    "edges2cats": "Cats",
    "edges2butterflies": "Butterflies",
    "labels2facade": "House fronts",
    "map2sat": "City from above",
    "sat2map": "Maps from satellites",
    "huggan/pix2pix-edge2shoes": "Shoes, the large model",
    "huggan/pix2pix-maps": "Maps, the large model",
    "huggan/pix2pix-night2day": "Night to day",
    "nielsr/pix2pix-cityscapes": "Streets to labels",
}
COST = "{megabytes} MB to download"

# For the files in web/: {{name}} in the HTML, texts.name in the scripts.
WEB = {
    "models": "Model",
    "model_card": "{title} ({code})",
    "tools": "Drawing tools",
    "size": "Size",
    "size_label": "Size of the pen in pixels",
    "palette": "Colour",
    "other_colour": "Any other colour",
    "recent": "Recent colours",
    "colour_it": "Colour it for me",
    "colour_it_title": "Fill the enclosed areas with colours that go together; again for others",
    "nothing_enclosed": "No area is enclosed yet: close an outline first.",
    "drawing": "Drawing",
    "sheet": "Drawing sheet",
    "sheet_keys": "Arrow keys move the cursor, Space puts the pen down and lifts it, Enter fills.",
    "invitation": "Draw something here",
    "invitation_more": "It becomes a picture while you draw.",
    "undo": "Undo",
    "undo_title": "Undo (Ctrl+Z)",
    "redo": "Redo",
    "redo_title": "Redo (Ctrl+Shift+Z)",
    "clear": "Clear",
    "clear_title": "Clear the sheet",
    "mirror": "Mirror",
    "mirror_title": "Draw both halves at once (M)",
    "upload": "Open a picture",
    "upload_title": "Put a drawing or a photo on the sheet; dropping or pasting one works too",
    "upload_file": "Picture for the sheet",
    "trace": "Trace",
    "trace_title": "Lay a faint picture over the sheet, to trace",
    "trace_picture": "Trace a picture",
    "trace_camera": "Trace the camera",
    "trace_freeze": "Freeze the camera",
    "trace_stop": "Stop tracing",
    "trace_file": "Picture to trace",
    "live": "Live camera",
    "live_stop": "Stop the live camera",
    "no_camera": "The camera cannot be used: allow it for this page, or trace a picture.",
    "taken_as": "Taken as",
    "kind_scene": "a photo",
    "kind_paper": "a drawing on paper",
    "kind_light": "light lines on dark",
    "kind_dark": "dark lines",
    "found_paper": "This looks like a drawing on paper: its light is evened out.",
    "found_light": "These look like light lines on dark: they are inverted.",
    "lines": "Fewer lines",
    "threshold": "How strong an edge of the photo must be",
    "keep_colours": "Keep its colours",
    "picture": "Picture",
    "picture_alt": "The picture of the drawing",
    "empty": "The picture appears here.",
    "unsure": "Where it is unsure",
    "unsure_title": "The lighter a place, the more the variations differ there",
    "unsure_alt": "Where the model is unsure",
    "look_group": "Look",
    "look": "Look",
    "look_title": "Each number is another look of the same drawing (the seed of the noise)",
    "rate": "How different",
    "rate_title": "How much the looks differ (the rate of dropout); far left, not at all",
    "dice": "Dice",
    "dice_title": "Another look (D)",
    "variations": f"{LOOKS} looks",
    "variations_title": f"Show {LOOKS} looks of this drawing (V)",
    "variations_strip": "Variations",
    "variations_empty": f"{LOOKS} looks of your drawing appear here.",
    "variation": "Take look {seed}",
    "alike": "This model draws nearly the same picture whatever the look, so one stands for all.",
    "alike_off": "All looks are the same while \u201cHow different\u201d is at its left end.",
    "draw_first": "Draw something first.",
    "examples": "Start from",
    "start_from": "Start from {name}",
    "history": "Your work",
    "history_label": "What you drew; click one to go back to it",
    "history_empty": "What you draw is kept here, on this device.",
    "go_back": "Go back to {title}, look {seed}",
    "remix": "Remix",
    "remix_title": "The same drawing through the other models",
    "remix_heading": "Your drawing, remixed",
    "replay": "Replay",
    "replay_title": "Watch the drawing again, and save it as a film",
    "film_heading": "Replay",
    "film_making": "The film is being made while it plays.",
    "film_saved": "The film is saved.",
    "no_film": "This browser cannot record films: try Chrome, Edge or Firefox.",
    "download": "Download",
    "download_title": "Download the picture",
    "download_more": "More downloads",
    "save_512": "Picture, 512 pixels",
    "save_1024": "Picture, 1024 pixels",
    "save_card": "Drawing and picture",
    "save_drawing": "Drawing alone",
    "save_copy": "Copy the picture",
    "saved": "Saved to your downloads.",
    "copied": "The picture is copied.",
    "no_copy": "This browser does not let a page copy pictures: download it instead.",
    "share": "Share",
    "share_title": "Copy a link to this drawing, model and look",
    "share_subject": "A drawing on pix2pix",
    "copied_link": "The link is copied. Whoever opens it sees this picture.",
    "no_clipboard": "Copy this link: {link}",
    "bad_link": "The drawing in this link is damaged: ask for the link again.",
    "not_a_picture": "{name} is not a picture that this browser can read: choose a PNG or JPEG file.",
    "busy": "The server is busy. Your drawing has waited {seconds} s.",
    "gone": "The server is away. Your drawing is safe and is sent when it is back.",
    "place_device": "on your device",
    "place_server": "on the server",
    "place_alone": "on your device, without the server",
    "place_loading": "Getting the model: {percent} %",
    "no_device": "Your device cannot draw with this model. {reason}",
    "too_slow": "It would take longer than the server.",
    "settings": "Settings",
    "settings_title": "Size of the pen, look, and how different looks are",
    "help": "Help",
    "help_title": "How it works, and all keys (?)",
    "close": "Close",
    "guide_title": "How it works",
    "guide_keys": "Keys",
    "guide": "<p>Draw on the left. A neural network, pix2pix, turns the drawing into the picture on the right while "
    "you draw.</p><p>Each model above has learned one kind of picture from pairs of drawings and pictures.</p>"
    "<p><b>Look</b> is the seed of the network\u2019s noise. <b>How different</b> is the rate of dropout, the noise "
    "itself.</p>",
}
