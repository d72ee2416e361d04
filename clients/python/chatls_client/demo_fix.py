"""The demo's scratch project: a small module with a bug, a test that shows it, and a script that mends it, asking."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

MODULE = "basket.py"
CODE = '''\
"""What a basket costs."""


def total(prices: list[float], discount: float = 0.0) -> float:
    """The sum of all prices, less the discount: 0.1 is ten percent."""
    return sum(prices) * discount
'''
TEST = """\
import unittest

from basket import total


class TotalTest(unittest.TestCase):
    def test_a_discount_is_taken_off(self) -> None:
        self.assertEqual(total([2.0, 3.0], 0.1), 4.5)
"""
BUG, MENDED = "sum(prices) * discount", "sum(prices) * (1 - discount)"

PROMPT = "The test fails. Please mend the code."


def make_project(folder: Path) -> Path:
    """The folder of a new project, in which one test fails."""
    project = folder / "shop"
    project.mkdir()
    (project / MODULE).write_text(CODE, "utf-8")
    (project / "test_basket.py").write_text(TEST, "utf-8")
    return project


def settings(folder: Path) -> dict[str, Any]:
    """With a model that plays the script, which is written there."""
    path = folder / "script.json"
    path.write_text(json.dumps({"replies": _replies(), "chunkChars": 4, "chunkDelay": 0.02}), "utf-8")
    return {"model": "scripted/demo", "providers": {"scripted": {"kind": "scripted", "script": str(path)}}}


def state(project: Path) -> str:
    """How things stand, whatever a model says: looked up and tried, not remembered."""
    changed = (project / MODULE).read_text("utf-8") != CODE
    tried = subprocess.run([sys.executable, *_UNITTEST], cwd=project, capture_output=True, check=False)
    verb = "was changed" if changed else "is as it was"
    return f"{MODULE} {verb}, and its test {'passes' if tried.returncode == 0 else 'fails'}."


_UNITTEST = ("-B", "-m", "unittest")


def _replies() -> list[list[dict[str, Any]]]:
    python = "python3" if shutil.which("python3") else sys.executable
    test = _call("run_command", command=" ".join((python, *_UNITTEST)))
    edit = _call("edit_file", path=MODULE, edits=[{"old_text": BUG, "new_text": MENDED}])
    return [
        [{"text": "First I run the test, to see how it fails."}, test],
        [{"text": "Now the code that it tests. I may read it without asking."}, _call("read_file", path=MODULE)],
        [{"text": "The total is multiplied by the discount, and not reduced by it. I change that line."}, edit],
        [{"text": "And the test once more."}, test],
        [{"text": "That was all. I am a script and say this whatever you answered; how things stand is told below."}],
    ]


def _call(name: str, **arguments: Any) -> dict[str, Any]:
    return {"toolCall": {"name": name, "arguments": arguments}}
