"""The table: every figure of the daemon, before and after where there are two, beside its floor and its bar."""

import statistics
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from driver import ModelServer
from rich.console import Console
from rich.table import Table


class House(NamedTuple):
    """A checkout whose daemon is measured."""

    name: str
    python: str
    """Its interpreter."""


class Report:
    """The table as it grows."""

    def __init__(self, houses: Sequence[House]) -> None:
        self._houses = houses
        self._table = Table(title="chatls, measured", title_justify="left")
        names = [house.name for house in houses]
        ratios = ["ratio"] if len(houses) == 1 else [f"ratio {name}" for name in names]
        for name in ("figure", *names, "floor", *ratios, "bar"):
            self._table.add_column(name, justify="left" if name == "figure" else "right")

    def row(
        self,
        figure: str,
        values: Sequence[float | None] | float,
        unit: str = "",
        floor: Sequence[float] | float | None = None,
        bar: str = "",
    ) -> None:
        """Add a figure: a value for each house, or that of the last alone. A floor for each: the last is shown."""
        many = len(self._houses)
        values = [None] * (many - 1) + [values] if isinstance(values, int | float) else list(values)
        floors = [None] * many if floor is None else [floor] * many if isinstance(floor, int | float) else list(floor)
        ratios = [
            value / each if value is not None and each else None for value, each in zip(values, floors, strict=True)
        ]
        shown = ["" if ratio is None else f"{ratio:.2f}x" for ratio in ratios]
        self._table.add_row(figure, *(_told(value, unit) for value in values), _told(floors[-1], unit), *shown, bar)

    def show(self) -> None:
        """Print it."""
        Console(width=160 if len(self._houses) > 1 else 120).print(self._table)


class Bench(NamedTuple):
    """What a row needs to be measured."""

    server: ModelServer
    report: Report
    houses: Sequence[House]
    rounds: int
    """Of each latency."""
    quick: bool

    def each(self, measure: Callable[[House], tuple[float, ...]], rounds: int) -> list[list[float]]:
        """For each of several figures, its median for every house. The houses take turns."""
        found: list[list[tuple[float, ...]]] = [[] for _ in self.houses]
        for _ in range(rounds):
            for house, measured in zip(self.houses, found, strict=True):
                measured.append(measure(house))
        return [list(column) for column in zip(*map(medians, found), strict=True)]


def medians(found: Sequence[tuple[float, ...]]) -> list[float]:
    """The median of each of several figures."""
    return [statistics.median(column) for column in zip(*found, strict=True)]


def median(measure: Callable[[], Any], rounds: int) -> float:
    """The median of one figure."""
    return statistics.median(measure() for _ in range(rounds))


def _told(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    digits = 0 if abs(value) >= 100 or value == int(value) else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}".rstrip()
