"""Values shared by the scripts and the server, read from web/rules.js, which explains each."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).resolve().parent / "web" / "rules.js"
RULES: dict[str, Any] = {
    name: json.loads(value)
    for name, value in re.findall(r"^export const (\w+) = (.+?);", SOURCE.read_text(encoding="utf-8"), re.M | re.S)
}

SIDE: int = RULES["SIDE"]
DRAWN: list[str] = RULES["DRAWN"]
LARGEST_SEED: int = RULES["LARGEST_SEED"]
LARGEST_RATE: float = RULES["LARGEST_RATE"]
HANDLED: dict[str, list[Any]] = RULES["HANDLED"]
LOOKS: int = RULES["LOOKS"]
LINE_PEN: int = RULES["LINE_PEN"]
AREA_PEN: int = RULES["AREA_PEN"]
LARGEST_PEN: int = RULES["LARGEST_PEN"]
THRESHOLD: float = RULES["THRESHOLD"]
SPREAD_SHOWN_WHITE: float = RULES["SPREAD_SHOWN_WHITE"]
ALIKE_BELOW: float = RULES["ALIKE_BELOW"]
LONGEST_NAME: int = RULES["LONGEST_NAME"]
UNTIL_STOPPED: float = RULES["UNTIL_STOPPED"]
CHANNEL_MULTIPLE: int = RULES["CHANNEL_MULTIPLE"]
