"""A Helix and an Emacs for tests: the machine's own where they are new enough, else unpacked as the Neovim is.

python -m tests.editors.others helix|emacs    print where the program is, and fetch it first if need be
"""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.editors.fetch import AT_MOST, NoEditorError, home, link_beside, unpack

EMACS = """\
#!/bin/sh
root={root}
EMACSLOADPATH="$(find "$root/usr/share/emacs" -type d -path '*/lisp*' | tr '\\n' ':')"
EMACSDATA="$(echo "$root"/usr/share/emacs/*.*/etc)"
EMACSDOC="$EMACSDATA"
EMACSPATH="$(echo "$root"/usr/libexec/emacs/*/*)"
export EMACSLOADPATH EMACSDATA EMACSDOC EMACSPATH
exec "$root/usr/bin/emacs-nox" --dump-file="$(echo "$EMACSPATH"/*.pdmp)" "$@"
"""
HELIX = """\
#!/bin/sh
exec {root}/usr/lib/hx/hx "$@"
"""


def helix() -> Path:
    """A Helix that shows documents. Raises `NoEditorError`."""
    fetched = partial(_unpacked, "hx", "sid", "usr/lib/hx/hx", HELIX)
    return _found(("hx", "helix"), r"helix (\d+)\.(\d+)", (25, 7), fetched)


def emacs() -> Path:
    """An Emacs with eglot. Raises `NoEditorError`."""
    fetched = partial(_unpacked, "emacs-nox", "trixie", "usr/bin/emacs-nox", EMACS)
    return _found(("emacs",), r"GNU Emacs (\d+)\.(\d+)", (29, 1), fetched)


def _found(names: tuple[str, ...], told: str, oldest: tuple[int, int], fetched: Callable[[], Path]) -> Path:
    for installed in filter(None, map(shutil.which, names)):
        said = subprocess.run([installed, "--version"], capture_output=True, text=True, timeout=AT_MOST, check=False)
        version = re.match(told, said.stdout)
        if version and tuple(map(int, version.groups())) >= oldest:
            return Path(installed)
    return fetched()


def _unpacked(package: str, suite: str, program: str, wrapper: str) -> Path:
    """The one of a suite of Debian, which is fetched at first."""
    place = home() / package
    start = place / "bin" / "start"
    if not start.exists():
        shutil.rmtree(place, ignore_errors=True)
        unpack(suite, [package], place)
        link_beside(place, place / "root" / program)
        start.parent.mkdir()
        start.write_text(wrapper.format(root=shlex.quote(str(place / "root"))))
        start.chmod(0o755)
    return start


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{ {'helix': helix, 'emacs': emacs}[sys.argv[1]]() }\n")
    except NoEditorError as error:
        sys.exit(str(error))
