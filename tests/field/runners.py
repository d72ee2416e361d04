"""Runs a runner of field cases where it lies, against the daemon of this environment, and tells which cases hold.

CHATLS_FIELD names the folder of the cases. They are made of public reports, and are not part of the project.
"""

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = os.environ.get("CHATLS_FIELD")
REASON = "CHATLS_FIELD is not set: NO FIELD CASE IS TESTED"
_LONGEST = 120.0
"""Seconds for one run; the runners take less than a minute of their own."""
_LAST = re.compile(r"(\d+) of (\d+) field cases hold")


@dataclass(frozen=True)
class Runner:
    """How the cases of one folder are played."""

    script: str
    """Below CHATLS_FIELD."""
    arguments: Sequence[str]
    folder: str
    """Where it is started, below CHATLS_FIELD."""
    failed: re.Pattern[str]
    """A line that tells of a case that does not hold; `name` is the case."""

    def play(self, only: str | None = None) -> tuple[dict[str, str], int]:
        """The cases that do not hold, with what the runner says of them, and how many cases there are. `only`: those
        whose name begins with the same number, if names have one.
        """
        top = Path(FOLDER or "")
        only = only and only.partition("-")[0]
        command = [sys.executable, str(top / self.script), *self.arguments, *(["--only", only] if only else [])]
        done = subprocess.run(
            command,
            cwd=top / self.folder,
            env={**os.environ, "FIELD_DAEMON": f'"{sys.executable}" -m chatls'},
            capture_output=True,
            text=True,
            timeout=_LONGEST,
            check=False,
        )
        last = _LAST.search(done.stdout)
        assert last, f"the runner did not end as it should: {done.stdout}{done.stderr}"
        lines = [found for line in done.stdout.splitlines() if (found := self.failed.match(line))]
        failing = {found["name"]: found.string for found in lines}
        assert int(last[2]) - int(last[1]) == len(failing), done.stdout
        return failing, int(last[2])

    def check(self, known: Mapping[str, str]) -> None:
        """Just the known cases do not hold. One that fails otherwise is played once more, alone: these machines are
        busy."""
        failing, count = self.play()
        assert count > len(known), "hardly any case was played"
        broken = [line for name, line in failing.items() if name not in known and name in self.play(name)[0]]
        assert not broken, "cases that should hold do not:\n" + "\n".join(broken)
        mended = [name for name in known if name not in failing]
        assert not mended, f"these cases hold by now; remove them from the list of this test: {', '.join(mended)}"
