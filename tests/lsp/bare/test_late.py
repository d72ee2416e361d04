"""What an editor without a plugin needs is loaded when it asks for it: LSP's types with its first code action."""

import os
import subprocess
import sys

from tests.test_house import SERVER


def loaded(*modules: str) -> set[str]:
    """Which of LSP's libraries these modules bring along."""
    script = f"import sys, {', '.join(modules)}\nprint(*sys.modules)"
    child = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(SERVER)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return {"lsprotocol", "pygls"} & set(child.stdout.split())


def test_a_daemon_that_is_asked_brings_none_of_lsps_types() -> None:
    assert loaded("chatls.lsp.main", "chatls.lsp.bare.asks") == set()


def test_code_actions_bring_the_types_and_nothing_else() -> None:
    assert loaded("chatls.lsp.bare.features") == {"lsprotocol"}
