"""What there is to choose from: keys in the environment, servers on this machine, servers that need a key."""

import platform
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from chatls.providers.known.catalog import KNOWN, Known, known
from chatls.providers.known.loopback import Found
from chatls.settings.config import ProviderSettings, Settings
from chatls.values import dataclass

_SIZES = (
    (30, "qwen3-coder:30b", 19),
    (20, "gpt-oss:20b", 14),
    (9, "qwen3:8b", 5),
    (5, "qwen3:4b", 3),
)
"""Gigabytes of memory from which on a model runs well, its name for Ollama, gigabytes to fetch."""
_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class ProviderOffer:
    """A provider that can be chosen."""

    provider: str
    model: str
    """What it would be asked for; "" where a person or the server has to say."""
    why: str
    """What speaks for it, for people."""
    ready: bool
    """It needs nothing more."""


def offers(settings: Settings, environment: Mapping[str, str], found: Iterable[Found]) -> list[ProviderOffer]:
    """All of them, those that are ready first. No key is in them."""
    ready = [
        ProviderOffer(entry.name, entry.model, f"{variable} is set", ready=entry.automatic)
        for entry in KNOWN
        if entry.base_url and (variable := set_variable(entry, settings, environment))
    ]
    ready += [
        ProviderOffer(one.provider, one.model, f"{one.title} answers at {one.address}", ready=True) for one in found
    ]
    names = {offer.provider for offer in ready}
    own = [
        ProviderOffer(name, "", "it is in your settings", ready=True)
        for name in settings.providers
        if name not in names
    ]
    names |= {offer.provider for offer in own}
    rest = [
        ProviderOffer(entry.name, entry.model, f"needs a key ({entry.key_variables[0]})", ready=False)
        for entry in KNOWN
        if entry.key_variables and entry.base_url and entry.name not in names
    ]
    return sorted([*ready, *own, *rest], key=lambda offer: not offer.ready)


def set_variable(entry: Known, settings: Settings, environment: Mapping[str, str]) -> str:
    """The variable that holds the key of a known server now; "" if none does."""
    own = settings.providers.get(entry.name, ProviderSettings())
    names = (own.api_key_env,) if own.api_key_env else entry.key_variables
    return next((name for name in names if environment.get(name, "").strip()), "")


def fits(gigabytes: float) -> tuple[str, int] | None:
    """A local model for so much memory: its name for Ollama, and gigabytes to fetch. None where none is of use.

    >>> fits(16), fits(64), fits(2)
    (('qwen3:8b', 5), ('qwen3-coder:30b', 19), None)
    """
    return next(((name, size) for least, name, size in _SIZES if gigabytes >= least), None)


def local_advice(gigabytes: float) -> str:
    """Which model would run here, and the command to get it."""
    model = fits(gigabytes)
    has = f"this machine has {gigabytes:.0f} GB of memory" if gigabytes else "its memory could not be found out"
    if model is None:
        return f"A local model: {has}; a model that is of use needs 6 GB or more. Take a hosted one."
    name, size = model
    first = "" if shutil.which("ollama") else "install Ollama (ollama.com), then "
    return f"A local model: {has}, so {name} would run here ({size} GB to fetch): {first}ollama pull {name}"


def memory() -> float:
    """Gigabytes of this machine's memory; 0 where it does not say. It blocks."""
    with suppress(OSError, ValueError, subprocess.SubprocessError):
        if platform.system() == "Darwin":
            command = ("sysctl", "-n", "hw.memsize")
            done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=True)
            return int(done.stdout) / 2**30
        for line in Path("/proc/meminfo").read_text("ascii").splitlines():
            if line.startswith("MemTotal:"):
                return int(line.split()[1]) / 2**20
    return 0.0


def is_known(name: str) -> bool:
    """Whether the catalogue has that server at an address that is the same for everybody."""
    entry = known(name)
    return entry is not None and bool(entry.base_url)
