"""Finds names among very many that may match one of some globs, quickly. Pure."""

import re
from collections.abc import Iterable
from fnmatch import translate

_MAGIC = re.compile(r"[*?\[]")


class NameGlobs:
    """Globs for single names, matched without regard to case. It may say yes too often, and never no."""

    def __init__(self, globs: Iterable[str]) -> None:
        globs = [glob.casefold() for glob in globs]
        self._exact = {glob for glob in globs if not _MAGIC.search(glob)}
        self._ends = tuple(glob[1:] for glob in globs if glob[0] == "*" and not _MAGIC.search(glob[1:]))
        self._starts = tuple(glob[:-1] for glob in globs if glob[-1] == "*" and not _MAGIC.search(glob[:-1]))
        plain = {*self._exact, *(f"*{end}" for end in self._ends), *(f"{start}*" for start in self._starts)}
        others = [glob for glob in globs if glob not in plain]
        self._others = re.compile("|".join(map(translate, others))) if others else None

    def may_match(self, name: str) -> bool:
        """
        >>> names = NameGlobs(("*.pem", ".env*", "secrets.json", "a*b.c"))
        >>> [names.may_match(name) for name in ("X.PEM", ".env.local", "secrets.json", "axb.c", "pem", "env")]
        [True, True, True, True, False, False]
        """
        if not name.isascii():
            return True
        name = name.lower().rstrip(". ")
        if name in self._exact or name.startswith(self._starts) or name.endswith(self._ends) or ":" in name:
            return True
        return self._others is not None and self._others.match(name) is not None
