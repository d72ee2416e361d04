"""Settings: what there is to set. No network, nothing from the workspace. `configuration.py` joins the sources."""

import re
import shlex
from typing import Annotated, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from chatls.content import camel
from chatls.settings.permissions import Action

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
    """A tool's name, `NAME__*` for all of an MCP server, or `*` for all."""
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
    """Names of tools that no model is offered; `NAME__*` for all of an MCP server."""


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


class McpSettings(_Model):
    """One MCP server, whose tools models are offered: a program that is started, or an address."""

    command: str | None = Field(default=None, min_length=1)
    """The program: a name that is looked for in your search path, or an absolute path."""
    args: tuple[str, ...] = ()
    """Its arguments. `${NAME}` is what that variable of your environment holds, here and in `env` and `headers`."""
    env: dict[str, str] = Field(default_factory=dict)
    """Variables of its environment, beside yours; providers' keys it does not get."""
    cwd: str | None = None
    """The folder that it runs in: an absolute path. Your home by default, never a workspace."""
    url: str | None = Field(default=None, pattern="^https?://[^/]")
    """Instead of `command`: the address of a server that is spoken to over HTTP."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Extra request headers."""
    key_env: str | None = None
    """The environment variable that holds the key, which is sent as `Authorization: Bearer`. The key itself never
    stands in settings."""
    key_command: tuple[str, ...] | None = None
    """A program and its arguments that print the key."""
    disabled: bool = False
    """It is not started."""
    timeout: Seconds | None = Field(default=None, ge=0)
    """For one call of its tools, instead of `limits.toolTimeout`. 0: none."""

    @model_validator(mode="after")
    def _one_way(self) -> "McpSettings":
        if (self.command is None) == (self.url is None):
            raise ValueError("needs either command or url")
        alien = ("headers", "key_env", "key_command") if self.url is None else ("args", "env", "cwd")
        if found := [name for name in alien if name in self.model_fields_set]:
            word = "an address (url)" if self.url is None else "a program (command)"
            raise ValueError(f"{camel(found[0])} is for {word}")
        return self


class LogSettings(_Model):
    """What is written down for who looks for a fault."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least that goes to the log's file. `debug` holds texts: of people, of files, of models."""


class TelemetrySettings(_Model):
    """What OpenTelemetry is told."""

    enabled: bool = False
    """Also where no variable of OpenTelemetry's names an address."""


class Settings(_Model):
    """All settings."""

    model: str | Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """"provider/model", split at the first slash; or a list of them: the next one answers where those before it cannot.
    Chosen by what is there if not set."""
    providers: dict[str, ProviderSettings] = Field(default_factory=dict)
    """Model servers by name."""
    parameters: ParameterSettings = ParameterSettings()
    context: ContextSettings = ContextSettings()
    tools: ToolSettings = ToolSettings()
    commands: CommandSettings = CommandSettings()
    edits: EditSettings = EditSettings()
    limits: LimitSettings = LimitSettings()
    sessions: SessionSettings = SessionSettings()
    mcp: dict[str, McpSettings] = Field(default_factory=dict)
    """MCP servers by name: letters, digits, `-` and `_`, at most 32 and no `__`."""
    log: LogSettings = LogSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    permissions: tuple[PermissionRule, ...] = ()
    """Rules on what tools may do. Those of all layers count together."""

    @property
    def models(self) -> tuple[str, ...]:
        """The models that are set, the best first."""
        return (self.model,) if isinstance(self.model, str) else self.model or ()

    @field_validator("model", mode="before")
    @classmethod
    def _is_one_or_several(cls, model: object) -> object:
        several = [*cast("list[object]", model)] if type(model) in (list, tuple) else [model or ""]
        if not several or not all(isinstance(one, str) for one in several):
            raise PydanticCustomError("model", 'Input should be "provider/model", or a list of such')
        return model

    @field_validator("mcp")
    @classmethod
    def _have_names(cls, servers: dict[str, McpSettings]) -> dict[str, McpSettings]:
        for name in servers:
            if "__" in name or not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", name):
                raise ValueError(f"{name!r} is no name: letters, digits, - and _, at most 32, no __")
        return servers
