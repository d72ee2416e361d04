"""Settings: one object, its layers and where each value came from. No network, nothing from the workspace.

Layers, later ones win: defaults, the user's `config.toml`, `initializationOptions`, `workspace/didChangeConfiguration`.
Only `permissions` are joined.
camelCase and snake_case are both accepted everywhere; unknown keys are errors that name the nearest known one.
"""

import difflib
import shlex
from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from types import NoneType
from typing import Any, Literal, cast, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from chatls.content import JsonObject, camel, snake
from chatls.errors import SettingsError
from chatls.permissions import Action
from chatls.workspace.tomltext import in_toml_words, line_of, lines_of

ProviderKind = Literal["openai_chat", "openai_responses", "anthropic", "ollama", "gemini", "local", "scripted"]

Seconds = float
Tokens = int
Bytes = int


class _Model(BaseModel):
    model_config = ConfigDict(
        alias_generator=camel, populate_by_name=True, extra="forbid", frozen=True, defer_build=True
    )


class ProviderSettings(_Model):
    """One model server."""

    kind: ProviderKind | None = None
    """Which protocol it speaks. Known provider names need none."""
    base_url: str | None = None
    """Ends with `/v1` for `openai_chat` and `openai_responses`, with `/v1beta` for `gemini`; for `anthropic` and
    `ollama` it is the bare host. Must be http or https."""
    api_key_env: str | None = None
    """The environment variable that holds the key. The key itself never stands in settings."""
    api_key_command: tuple[str, ...] | None = None
    """A program and its arguments that print the key."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Extra request headers."""
    stream: Literal["auto", "never"] = "auto"
    """`auto`: without streaming once the provider refuses tools while streaming."""
    inline_tool_calls: Literal["auto", "off"] = "auto"
    """Tool calls and thinking that a model writes inside plain text. `auto`: they are what they mean, on servers of
    this machine and on compatible ones; where a server takes no tools, they are told in the prompt. `off`: text is
    text."""
    images: Literal["auto", "always", "never"] = "auto"
    """Whether its models are shown pictures. `auto`: unless a model is known not to see, or its server refused them;
    then it is told of them in words."""
    context_window: Tokens | None = Field(default=None, gt=0)
    """The longest conversation that its models can read. Ollama is told, whose own default cuts tools away silently."""
    script: str | None = None
    """`scripted` only: the script's path."""
    model_path: str | None = None
    """`local` only: a GGUF file of your own, instead of the embedded model."""


class ParameterSettings(_Model):
    """How models should write. What is not set is left to the provider."""

    max_output_tokens: Tokens | None = Field(default=None, gt=0)
    """The longest reply."""
    temperature: float | None = Field(default=None, ge=0, le=2)
    """How freely words are chosen; 0 is the most predictable."""
    thinking: Literal["off", "low", "medium", "high"] | None = None
    """How much the model thinks before it answers, where it can."""


class PermissionRule(_Model):
    """Which calls run, are asked for, or never run. A matching `deny` decides; of all others the most specific rule."""

    tool: str = Field(min_length=1)
    """A tool's name, or `*` for all."""
    path: str | None = Field(default=None, min_length=1, max_length=300)
    """A glob, relative to a folder of the workspace: calls that are about such files."""
    command: str | None = None
    """The words that a command begins with: "git status"."""
    action: Action
    """`allow` covers what an answer for these words would cover; with `*` as the last word whatever stands behind them.
    It never covers protected files."""
    unjudged: bool = False
    """It also allows what cannot be judged, and what is never remembered where `command` begins with just those
    words."""

    @field_validator("path")
    @classmethod
    def _can_be_a_glob(cls, path: str | None) -> str | None:
        if path is not None and (not path.isprintable() or not path.strip(" /!")):
            raise ValueError("is no glob")
        return path

    @field_validator("command")
    @classmethod
    def _has_words(cls, command: str | None) -> str | None:
        if command is not None and not shlex.split(command):
            raise ValueError("has no words")
        return command

    @model_validator(mode="after")
    def _one_subject(self) -> "PermissionRule":
        if self.path is not None and self.command is not None:
            raise ValueError("path and command exclude each other")
        return self


class ContextSettings(_Model):
    """When a long conversation is made shorter. Shares of what the model can read less the longest reply
    (`parameters.maxOutputTokens`, else a tenth), where its window is known."""

    prune: float = Field(default=0.7, gt=0, le=1)
    """Above it, results of tools in earlier turns are left out."""
    compact: float = Field(default=0.85, gt=0, le=1)
    """Above it, earlier turns are summarised by the model."""


class ToolSettings(_Model):
    """Which tools models are offered."""

    disabled: tuple[str, ...] = ()
    """Names of tools that no model is offered."""


class CommandSettings(_Model):
    """How commands run."""

    readers: Literal["allow", "ask"] = "allow"
    """What is done with commands that only read, inside the workspace: they are what `read_file` and `search` are."""

    sandbox: Literal["auto", "off", "required"] = "auto"
    """What nobody was asked about runs in a sandbox where this machine has one that works (`auto`), always outside of
    it (`off`), or everything runs inside, and nothing where it does not work (`required`)."""


Save = Literal["agent", "all", "never"]


class EditSettings(_Model):
    """What becomes of changed documents."""

    save: Save = "agent"
    """What is open in the editor is saved behind an edit of the agent's if it had no changes of its own before
    (`agent`); all that is unsaved is saved before a command runs, too (`all`); nothing is saved (`never`)."""


class LimitSettings(_Model):
    """Bounds. Durations are seconds, fractions allowed; 0 switches a limit off."""

    max_steps: int = Field(default=50, ge=0)
    """Model requests in one turn."""
    connect_timeout: Seconds = Field(default=10, ge=0)
    """To a connection with the provider."""
    first_byte_timeout: Seconds = Field(default=300, ge=0)
    """From the request to the first data of the reply."""
    idle_timeout: Seconds = Field(default=120, ge=0)
    """Between two signs of life, whatever they are: keep-alive comments count."""
    progress_timeout: Seconds | None = Field(default=None, ge=0)
    """Between two pieces of content; signs of life do not count. By default five times `idleTimeout`."""
    tool_timeout: Seconds = Field(default=60, ge=0)
    """For one tool call."""
    concurrent_tools: int = Field(default=8, ge=1)
    """Tool calls of one turn that run at the same time."""
    tool_result_bytes: Bytes = Field(default=51200, ge=1024)
    """The longest tool result that the model is given, in UTF-8."""
    reply_bytes: Bytes = Field(default=8 * 1024 * 1024, ge=1024)
    """The longest reply: its text, thinking and arguments, in UTF-8. A longer one is cut there."""
    reply_calls: int = Field(default=128, ge=1)
    """Tool calls in one reply; it is cut before the next one."""


class SessionSettings(_Model):
    """How long conversations last."""

    keep: bool = True
    """False: nothing new is kept on the disk. What is there can be listed, read and deleted."""
    days: int = Field(default=0, ge=0, le=36500)
    """A session in which nothing happened for so many days is deleted, with all that no other one shares. 0: none."""


class Settings(_Model):
    """All settings."""

    model: str | None = None
    """"provider/model", split at the first slash. Chosen by what is there if not set."""
    providers: dict[str, ProviderSettings] = Field(default_factory=dict)
    """Model servers by name."""
    parameters: ParameterSettings = ParameterSettings()
    context: ContextSettings = ContextSettings()
    tools: ToolSettings = ToolSettings()
    commands: CommandSettings = CommandSettings()
    edits: EditSettings = EditSettings()
    limits: LimitSettings = LimitSettings()
    sessions: SessionSettings = SessionSettings()
    permissions: tuple[PermissionRule, ...] = ()
    """Rules on what tools may do. Those of all layers count together."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One source of settings."""

    source: str
    """Its name for people: a path, "initializationOptions", ..."""
    values: JsonObject
    text: str = ""
    """The text that they were read from, if that was TOML."""


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
        if (
            get_origin(annotation) is dict
            and get_args(annotation)[1] is ProviderSettings
            and isinstance(value, Mapping)
        ):
            entries = {
                name: entry for name, entry in cast(Mapping[str, Any], value).items() if entry is not None
            }.items()
            return {name: self.known(ProviderSettings, entry, (*path, name), (*place, name)) for name, entry in entries}
        if get_args(annotation)[:1] == (PermissionRule,) and isinstance(value, list | tuple):
            rules = [(str(number), rule) for number, rule in enumerate(cast(Sequence[Any], value))]
            return [self.known(PermissionRule, rule, (*path, at), (*place, at)) for at, rule in rules]
        return value

    def _unknown(self, path: KeyPath, fields: list[str]) -> str:
        known = [self.name(name) for name in fields]
        near = difflib.get_close_matches(self.name(snake(path[-1])), known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
        return f"unknown setting {'.'.join(path)!r} in {self.at(path)}; {hint}"


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
    """Whether what stands here is a person's own name, of a provider or a header, and no key of ours."""
    return above == ("providers",) or above[2:] == ("headers",)


def _unknown_tools(settings: Settings, sources: Mapping[KeyPath, WrittenAt], tools: Collection[str]) -> list[str]:
    """A slip in a tool's name would make of a safety switch one that does nothing."""
    named = [(("permissions", str(at)), ("tool",), rule.tool) for at, rule in enumerate(settings.permissions)]
    named += [(("tools", "disabled"), (str(at),), name) for at, name in enumerate(settings.tools.disabled)]
    faults = list[str]()
    for place, inner, name in named:
        if name in tools or name == "*" or "__" in name:
            continue
        near = difflib.get_close_matches(name, tools, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"the tools are {', '.join(sorted(tools))}"
        written = sources[place]
        path = _as_written((*written.path, *inner), written.reading.spelt)
        faults.append(f"setting {'.'.join(path)!r} in {written.reading.at(path)}: there is no tool {name!r}; {hint}")
    return faults
