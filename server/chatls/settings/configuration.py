"""The settings as they are now: one object out of all layers, and where each value came from.

Layers, later ones win: defaults, the user's `config.toml`, `initializationOptions`, `workspace/didChangeConfiguration`.
Only `permissions` are joined. By default all sessions share one configuration.
camelCase and snake_case are both accepted everywhere; unknown keys are errors that name the nearest known one.
"""

import difflib
import tomllib
from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from types import NoneType
from typing import Any, cast, get_args, get_origin

import platformdirs
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from chatls.content import JsonObject, camel, snake
from chatls.errors import INVALID_SETTINGS, RequestError, SettingsError
from chatls.settings.config import PermissionRule, Settings
from chatls.values import dataclass
from chatls.workspace.tomltext import in_toml_words, line_of, lines_of


@dataclass(frozen=True, slots=True)
class Layer:
    """One source of settings."""

    source: str
    """Its name for people: a path, "initializationOptions", ..."""
    values: JsonObject
    text: str = ""
    """The text that they were read from, if that was TOML."""


class Configuration:
    """Settings that replace one another."""

    def __init__(self, tools: Collection[str] | None = None) -> None:
        """`tools`: the names of tools that settings may name; None: any."""
        self._tools = tools
        self._now: Settings | SettingsError = Settings()
        self._sound = Settings()
        """The last ones that could be used."""

    def configure(self, source: str, values: Any) -> SettingsError | None:
        """Take the client's settings instead of those that it gave before; the user's file lies below them.

        Gives what is wrong.
        """
        try:
            file = read_user_file(user_file())
            client = Layer(source, {} if values is None else values)
            self._now = self._sound = merge([file, client] if file else [client], self._tools)
        except SettingsError as error:
            self._now = error
            return error
        return None

    def settings(self) -> Settings:
        """The settings. Raises `RequestError` (1007) if they cannot be used."""
        if isinstance(self._now, SettingsError):
            raise RequestError(INVALID_SETTINGS, str(self._now)) from self._now
        return self._now

    def rules(self) -> tuple[PermissionRule, ...]:
        """Who may do what, as it is known now, also for turns that run."""
        return self._sound.permissions


def user_file() -> Path:
    """Where the user's own settings lie."""
    return platformdirs.user_config_path("chatls", appauthor=False) / "config.toml"


def read_user_file(path: Path) -> Layer | None:
    """The user's layer, or None where there is no file. Raises `SettingsError`."""
    try:
        text = path.read_text("utf-8")
        return Layer(str(path), tomllib.loads(text), text or "\n")
    except (FileNotFoundError, NotADirectoryError):  # HOME=/dev/null is what some services have
        return None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from error


def merge(layers: list[Layer], tools: Collection[str] | None = None) -> Settings:
    """One object out of all layers, later ones winning value by value. `tools`: the names that rules may name, and
    those of servers (`server__tool`); None: any.

    Raises `SettingsError`, which names all that is wrong, a line for each: key, source and the nearest known key.
    """
    values: JsonObject = {}
    sources: dict[KeyPath, WrittenAt] = {}
    faults: list[str] = []
    for layer in layers:
        reading = _LayerReading(layer, faults)
        known = reading.known(Settings, layer.values, (), ())
        _overlay(values, known, reading, sources, ())
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        faults += _complaints(error, sources)
    else:
        faults += [] if tools is None else _unknown_tools(settings, sources, tools)
        if not faults:
            return settings
    raise SettingsError("\n".join(faults))


def origins(layers: list[Layer]) -> list[tuple[str, str]]:
    """Which settings somebody set, and where: the one that counts. Of layers that `merge` takes.

    >>> origins([Layer("a", {"model": "x/y"}), Layer("b", {"model": "x/z", "limits": {"maxSteps": 3}})])
    [('limits.maxSteps', 'b'), ('model', 'b')]
    """
    values: JsonObject = {}
    sources: dict[KeyPath, WrittenAt] = {}
    for layer in layers:
        reading = _LayerReading(layer, [])
        _overlay(values, reading.known(Settings, layer.values, (), ()), reading, sources, ())
    found: list[tuple[str, str]] = []
    for place, written in sorted(sources.items()):
        if any(other != place and other[: len(place)] == place for other in sources):
            continue
        for inner in _inner(values, place):
            whole = (*place, *inner)
            name = ".".join(part if _is_own(whole[:at]) else camel(part) for at, part in enumerate(whole))
            spelt = written.reading.spelt.get(whole, (*written.path, *inner))
            found.append((name, written.reading.at(spelt)))
    return found


def _inner(values: JsonObject, place: "KeyPath") -> list["KeyPath"]:
    """What stands inside an object that was set as a whole; of anything else, itself."""
    here: Any = values
    for part in place:
        inside = cast("list[Any] | JsonObject", here)
        here = inside[int(part)] if isinstance(inside, list) else inside[part]
    if not isinstance(here, dict) or not here or place[0] == "permissions" or place[-1] == "headers":
        return [()]
    names = list(cast(JsonObject, here))
    return [(name, *deeper) for name in names for deeper in _inner(values, (*place, name))]


KeyPath = tuple[str, ...]
"""Where a value stands, in our own names."""


@dataclass(frozen=True, slots=True)
class WrittenAt:
    """Where it stands in a layer, as a person wrote it."""

    path: KeyPath
    reading: "_LayerReading"


class _LayerReading:
    """Reads one layer; notes what is wrong with it."""

    def __init__(self, layer: Layer, faults: list[str]) -> None:
        self.layer = layer
        self.faults = faults
        self.spelt: dict[KeyPath, KeyPath] = {}
        """As it is written there."""
        self.spoilt: set[KeyPath] = set()
        """Where something is wrong already, so that nothing else is missed there."""
        self._lines = lines_of(layer.text) if layer.text else {}

    def at(self, path: KeyPath) -> str:
        """The source, and the line if it has lines."""
        line = line_of(path, self._lines)
        return self.layer.source if line is None else f"{self.layer.source}, line {line}"

    def name(self, key: str) -> str:
        """A key of ours as it would be written there."""
        return snake(key) if self.layer.text else camel(key)

    def known(self, model: type[BaseModel], values: object, path: KeyPath, place: KeyPath) -> JsonObject:
        """The same values under their Python names, without unknown keys and what should be an object and is none.

        Null unsets what may be unset; elsewhere it is as if it were not there.
        """
        if not isinstance(values, Mapping):
            word = "a table" if self.layer.text else "an object"
            self.faults.append(f"{'.'.join(path) or 'settings'} ({self.at(path)}): must be {word}")
            self.spoilt.add(place)
            return {}
        fields = model.model_fields
        result: JsonObject = {}
        for key, value in cast(Mapping[Any, Any], values).items():
            name, here = snake(str(key)), (*path, str(key))
            if name in fields:
                self.spelt[*place, name] = here
                if value is not None or NoneType in get_args(fields[name].annotation):
                    result[name] = self._value(fields[name].annotation, value, here, (*place, name))
            else:
                self.faults.append(self._unknown(here, list(fields)))
                self.spoilt.add(place)
        return result

    def _value(self, annotation: Any, value: Any, path: KeyPath, place: KeyPath) -> Any:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return self.known(annotation, value, path, place)
        if (model := _named(annotation)) and isinstance(value, Mapping):
            entries = {
                name: entry for name, entry in cast(Mapping[str, Any], value).items() if entry is not None
            }.items()
            return {name: self.known(model, entry, (*path, name), (*place, name)) for name, entry in entries}
        if get_args(annotation)[:1] == (PermissionRule,) and isinstance(value, list | tuple):
            rules = [(str(number), rule) for number, rule in enumerate(cast(Sequence[Any], value))]
            return [self.known(PermissionRule, rule, (*path, at), (*place, at)) for at, rule in rules]
        return value

    def _unknown(self, path: KeyPath, fields: list[str]) -> str:
        known = [self.name(name) for name in fields]
        near = difflib.get_close_matches(self.name(snake(path[-1])), known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
        return f"unknown setting {'.'.join(path)!r} in {self.at(path)}; {hint}"


def _named(annotation: Any) -> type[BaseModel] | None:
    """What stands under each name, where a person names things of one kind: the model servers."""
    inner = get_args(annotation)[1] if get_origin(annotation) is dict else None
    return inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None


def _overlay(
    into: JsonObject, values: JsonObject, reading: _LayerReading, sources: dict[KeyPath, WrittenAt], above: KeyPath
) -> None:
    for key, value in values.items():
        place = (*above, key)
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _overlay(into[key], cast(JsonObject, value), reading, sources, place)
        elif place == ("permissions",) and isinstance(value, list) and isinstance(into.get(key, []), list):
            _join(into.setdefault(key, []), cast(list[Any], value), reading, sources)
        else:
            into[key] = deepcopy(cast(Any, value))  # a later layer must not write into an earlier one
            sources[place] = WrittenAt(place, reading)


def _join(rules: Any, more: list[Any], reading: _LayerReading, sources: dict[KeyPath, WrittenAt]) -> None:
    """Put rules behind those of lower layers: a deny of the user's own file holds whatever an editor sends."""
    for number, rule in enumerate(more):
        sources["permissions", str(len(rules))] = WrittenAt(("permissions", str(number)), reading)
        rules.append(deepcopy(rule))


def _complaints(error: ValidationError, sources: Mapping[KeyPath, WrittenAt]) -> list[str]:
    """A line for each value that does not fit."""
    problems = {tuple(map(str, problem["loc"])): problem for problem in reversed(error.errors())}
    found = (_complaint(names, problem, sources) for names, problem in reversed(problems.items()))
    return [text for text in found if text]


def _complaint(names: KeyPath, problem: ErrorDetails, sources: Mapping[KeyPath, WrittenAt]) -> str:
    place = tuple(name if _is_own(names[:at]) else snake(name) for at, name in enumerate(names))
    above = next((place[:count] for count in range(len(place), 0, -1) if place[:count] in sources), None)
    if above is None:
        return f"setting {'.'.join(names)!r} in settings: {problem['msg']}"
    written = sources[above]
    reading, inside = written.reading, (*written.path, *place[len(above) :])
    if problem["type"] == "missing" and inside[:-1] in reading.spoilt:
        return ""
    if not reading.layer.text:
        shown = [name if _is_own(place[:at]) else camel(name) for at, name in enumerate(place)]
        return f"setting {'.'.join(shown)!r} in {reading.layer.source}: {problem['msg']}"
    path = _as_written(inside, reading.spelt)
    return f"setting {'.'.join(path)!r} in {reading.at(path)}: {in_toml_words(problem)}"


def _as_written(place: KeyPath, spelt: Mapping[KeyPath, KeyPath]) -> KeyPath:
    known = next((count for count in range(len(place), 0, -1) if place[:count] in spelt), 0)
    return (*spelt.get(place[:known], ()), *place[known:])


def _is_own(above: KeyPath) -> bool:
    """Whether what stands here is a person's own name, of a server, a header or a variable, and no key of ours."""
    return above in (("providers",), ("mcp",)) or above[2:] in (("headers",), ("env",))


def _unknown_tools(settings: Settings, sources: Mapping[KeyPath, WrittenAt], tools: Collection[str]) -> list[str]:
    """A slip in a tool's name would make of a safety switch one that does nothing."""
    named = [(("permissions", str(at), "tool"), rule.tool) for at, rule in enumerate(settings.permissions)]
    named += [(("tools", "disabled", str(at)), name) for at, name in enumerate(settings.tools.disabled)]
    faults = list[str]()
    for place, name in named:
        if name in tools or name == "*" or "__" in name:
            continue
        near = difflib.get_close_matches(name, tools, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"the tools are {', '.join(sorted(tools))}"
        count = next(count for count in range(len(place), 0, -1) if place[:count] in sources)
        written = sources[place[:count]]
        path = _as_written((*written.path, *place[count:]), written.reading.spelt)
        faults.append(f"setting {'.'.join(path)!r} in {written.reading.at(path)}: there is no tool {name!r}; {hint}")
    return faults
