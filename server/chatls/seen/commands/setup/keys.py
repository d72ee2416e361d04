"""Where a key is kept: in a variable of the environment, with a program, in the system's keyring. Never in a file."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import field
from importlib.util import find_spec

from chatls.errors import SettingsError
from chatls.seen.commands.ownfile import SettingValue
from chatls.seen.secrets import without_likely_keys
from chatls.values import dataclass

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PYTHON = (sys.executable, "-P")
"""-P: nothing is imported from the working directory, which may be anybody's."""
_SERVICE = "chatls"
_KEYRING_PROGRAM = "secret-tool"
_ATTRIBUTES = ("service", _SERVICE, "account")
_LEAST = 1.0
"""The priority from which on the package `keyring` calls a keyring good: below it are files in plain text, and none."""
_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where a key comes from."""

    values: Mapping[str, SettingValue] = field(default_factory=dict[str, SettingValue])
    """The settings that say so; none where it is known anyway."""
    hint: str = ""
    """What a person should know of it."""


def from_variable(name: str) -> KeyPlace:
    """A key in the environment. Raises `SettingsError`, which does not repeat the name: it may be a key."""
    if not _VARIABLE.fullmatch(name):
        raise SettingsError("that is no name of an environment variable; a key itself is never written down")
    if not os.environ.get(name, "").strip():
        raise SettingsError("no environment variable of that name is set here. Set it, and run chatls setup again")
    return KeyPlace({"api_key_env": name}, f"{name} must be set where chatls or the editor starts")


def from_command(text: str) -> KeyPlace:
    """A key that a program prints. Raises `SettingsError`, which does not repeat the words."""
    try:
        words = tuple(shlex.split(text))
    except ValueError:
        words = ()
    if not words or shutil.which(words[0]) is None or without_likely_keys(text) != text:
        raise SettingsError("that is no command of this machine; a key itself is never written down")
    return KeyPlace({"api_key_command": words})


def from_words(text: str) -> KeyPlace:
    """A variable or a command, as a person typed it. Raises `SettingsError`."""
    return from_variable(text) if _VARIABLE.fullmatch(text) and shutil.which(text) is None else from_command(text)


@dataclass(frozen=True, slots=True)
class SystemKeyring:
    """A keyring of the system's, behind a program that reads and prints keys."""

    setting: tuple[str, ...]
    """Takes a key on its standard input; the provider's name comes behind it. So with the next."""
    getting: tuple[str, ...]

    def place(self, provider: str) -> KeyPlace:
        """A key that it holds."""
        return KeyPlace({"api_key_command": (*self.getting, provider)})

    def keep(self, provider: str, key: str) -> None:
        """Put a key into it, and see that it is there. Raises `SettingsError`."""
        kept = _ran((*self.setting, provider), key)
        if kept is None or (_ran((*self.getting, provider), "") or "").strip() != key:
            raise SettingsError("the keyring did not keep the key; is it locked? Nothing was written")


def find_keyring() -> SystemKeyring | None:
    """The package `keyring`, if it reaches one that keeps secrets well; else GNOME's and KDE's program. It blocks."""
    script = f"import keyring, sys; sys.exit(keyring.get_keyring().priority < {_LEAST})"
    if find_spec("keyring") is not None and _ran((*_PYTHON, "-c", script), "") is not None:
        package = (*_PYTHON, "-m", "keyring")
        return SystemKeyring((*package, "set", _SERVICE), (*package, "get", _SERVICE))
    tool = shutil.which(_KEYRING_PROGRAM)
    if tool is not None and _answers((tool, "lookup", *_ATTRIBUTES, "nobody")):
        return SystemKeyring((tool, "store", f"--label={_SERVICE}", *_ATTRIBUTES), (tool, "lookup", *_ATTRIBUTES))
    return None


def no_keyring(provider: str, variable: str) -> str:
    """What a person can do without one."""
    own = variable or f"{provider.upper().replace('-', '_')}_KEY"
    return (
        f"set {own} where your editor starts, and run chatls setup again; or name a program that prints the key; "
        f"or install a keyring: secret-tool (Debian: libsecret-tools), or the package keyring beside chatls"
    )


def _answers(command: tuple[str, ...]) -> bool:
    """Whether a look-up says that there is nothing, rather than complain that it cannot look."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=False)
    except (OSError, subprocess.SubprocessError):
        return False
    return not done.stderr.strip()


def _ran(command: tuple[str, ...], given: str) -> str | None:
    """What a program prints; None where it fails. Its complaints are not shown: they may hold the key."""
    try:
        done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None
