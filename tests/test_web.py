"""The page's scripts that need no browser, tested by Node's own test runner; the tests are in web/."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

WEB = Path(__file__).resolve().parent / "web"


def test_shapes_areas_colours_and_links_by_node():
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node: `apt-get install nodejs`")
    tests = [str(path) for path in sorted(WEB.glob("*.test.mjs"))]
    found = subprocess.run([node, "--test", *tests], capture_output=True, text=True, timeout=120)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "# fail 0" in found.stdout and "# pass 0" not in found.stdout
