"""What an ACP client says: parameters of its requests and notifications. What we do not know is ignored."""

from typing import Annotated, Any, Literal

from pydantic import Field

from chatls.content import JsonObject
from chatls.wire.params import Params


class InitializeParams(Params):
    """`initialize`."""

    protocol_version: int = 1
    client_capabilities: JsonObject = Field(default_factory=dict)
    client_info: JsonObject = Field(default_factory=dict)


class Folders(Params):
    """Where a session works."""

    cwd: str
    """Absolute."""
    additional_directories: tuple[str, ...] = ()
    mcp_servers: tuple[JsonObject, ...] = ()


class KeptFolders(Folders):
    """`session/load`, `session/resume`."""

    session_id: str


class OfSession(Params):
    """`session/close`, `session/delete`, `session/cancel`."""

    session_id: str


class ListSessions(Params):
    """`session/list`."""

    cwd: str | None = None
    cursor: str | None = None


class ModeParams(OfSession):
    """`session/set_mode`."""

    mode_id: str


class OptionParams(OfSession):
    """`session/set_config_option`."""

    config_id: str
    value: Any = None


class AuthenticateParams(Params):
    """`authenticate`."""

    method_id: str = ""


class TextBlock(Params):
    """Words."""

    type: Literal["text"]
    text: str


class ImageBlock(Params):
    """A picture."""

    type: Literal["image"]
    mime_type: str
    data: str


class LinkBlock(Params):
    """A file by its address."""

    type: Literal["resource_link"]
    uri: str
    name: str = ""


class Embedded(Params):
    """What an embedded resource holds; `blob`, in base64, is not read."""

    uri: str
    text: str | None = None


class ResourceBlock(Params):
    """A file whose text the client sends along."""

    type: Literal["resource"]
    resource: Embedded


PromptBlock = Annotated[TextBlock | ImageBlock | LinkBlock | ResourceBlock, Field(discriminator="type")]


class PromptSession(OfSession):
    """`session/prompt`."""

    prompt: Annotated[tuple[PromptBlock, ...], Field(min_length=1)]


class PermissionOutcome(Params):
    """What a person chose."""

    outcome: Literal["selected", "cancelled"]
    option_id: str | None = None


class OutcomeAnswer(Params):
    """The answer to `session/request_permission`."""

    outcome: PermissionOutcome


class TextAnswer(Params):
    """The answer to `fs/read_text_file`."""

    content: str
