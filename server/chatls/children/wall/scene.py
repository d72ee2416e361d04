"""What a command sees of the machine when it runs in the sandbox: a value, of which the systems' arguments are made."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from enum import IntEnum
from pathlib import Path

from chatls.values import dataclass


class Sort(IntEnum):
    """How a place is shown. Of two that are said of the same place the greater counts."""

    READABLE = 0
    WRITABLE = 1
    FIXED = 2
    """Read-only in a place that can be written."""
    REPLACED = 3
    """Read-only, with another text."""
    EMPTY = 4
    """A folder of its own, gone with the command."""
    HIDDEN = 5
    """There, and not to be opened."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One place."""

    path: Path
    sort: Sort
    folder: bool = True
    instead: Path | None = None
    """Of a replaced file: where its text lies."""


@dataclass(frozen=True, slots=True)
class Scene:
    """All of them, and the rest."""

    folder: Path
    """Where the command runs."""
    spots: tuple[Shown, ...]
    """Absolute paths without links."""
    links: tuple[tuple[str, str], ...] = ()
    """Links of the system: what they say, and where they are."""
    network: bool = False


def ordered(scene: Scene) -> tuple[Shown, ...]:
    """The places in the order in which they have to be made: outer ones first, each once, and only what makes a
    difference. Each folder on the way from a writable place to a fixed one is a place of its own: whoever could rename
    it could put another in its stead."""
    chosen: dict[Path, Shown] = {}
    for spot in (*scene.spots, *_ways(scene.spots)):
        known = chosen.get(spot.path)
        if known is None or known.sort < spot.sort:
            chosen[spot.path] = spot
    # What is hidden or fixed inside of nothing that is shown is not there anyway: making it would show that it exists.
    shown = [spot for spot in chosen.values() if spot.sort < Sort.FIXED or _around(spot.path, chosen)]
    return tuple(sorted(shown, key=lambda spot: (len(spot.path.parts), str(spot.path))))


def _around(path: Path, chosen: dict[Path, Shown]) -> bool:
    """Whether a place lies in one that is shown, or has something of its own to show: then it has to be made."""
    if chosen[path].sort in (Sort.EMPTY, Sort.REPLACED):
        return True
    nearest = next((chosen[parent] for parent in path.parents if parent in chosen), None)
    return nearest is not None and nearest.sort not in (Sort.EMPTY, Sort.HIDDEN)


def _ways(spots: Iterable[Shown]) -> Iterator[Shown]:
    spots = tuple(spots)
    writable = [spot.path for spot in spots if spot.sort is Sort.WRITABLE]
    for spot in spots:
        if spot.sort not in (Sort.FIXED, Sort.REPLACED):
            continue
        base = max((path for path in writable if path in spot.path.parents), key=lambda p: len(p.parts), default=None)
        if base is not None:
            between = (path for path in spot.path.parents if base in path.parents)
            yield from (Shown(path, Sort.WRITABLE) for path in between)


def within(scene: Scene, path: Path) -> Sort | None:
    """How a path is shown; None: not at all."""
    best: Shown | None = None
    for spot in scene.spots:
        if path == spot.path or spot.path in path.parents:
            key = (len(spot.path.parts), spot.sort)
            if best is None or key > (len(best.path.parts), best.sort):
                best = spot
    return best.sort if best else None


def moved(scene: Scene, *, network: bool) -> Scene:
    """The same, with the network or without."""
    return replace(scene, network=network)
