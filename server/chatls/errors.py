"""The family of errors.

    ChatlsError              anything of ours; its text is written for people
    ├── RequestError         a request that cannot be served: a JSON-RPC error, and the turn never began
    ├── SettingsError        settings that cannot be used; prompts answer 1007 with the same words
    ├── ProviderError        a provider failed; becomes a `Failed` delta and never crosses the turn loop
    └── ToolError            a tool could not do it; the text is the result that the model reads

A failure of a provider or of a tool is a value by the time the agent sees it; only bugs are exceptions there.
"""

from typing import Literal, NamedTuple


class ErrorCode(NamedTuple):
    """A JSON-RPC error code and what follows from it (docs/protocol.md, section 7). Each number stands here alone."""

    number: int
    kind: str
    """Its name for programs."""
    retryable: bool = False
    """Whether the same request may succeed later."""


PARSE_ERROR = ErrorCode(-32700, "parse_error")
"""Not JSON: bad syntax, not UTF-8, nested too deeply. The id is null."""
INVALID_REQUEST = ErrorCode(-32600, "invalid_request")
"""No request, a second `initialize`, an id that is in flight, a request after `shutdown`, a frame that was lost."""
METHOD_NOT_FOUND = ErrorCode(-32601, "not_found")
"""There is no such request."""
INVALID_PARAMS = ErrorCode(-32602, "invalid_params")
"""Parameters that do not fit; the message names the member."""
INTERNAL_ERROR = ErrorCode(-32603, "internal")
"""A bug in chatls; its log says more."""
NOT_INITIALIZED = ErrorCode(-32002, "not_initialized")
"""A request came before `initialize`."""
REQUEST_CANCELLED = ErrorCode(-32800, "cancelled")
"""The client cancelled a request other than `chat/prompt`, which always ends with a result."""
SESSION_NOT_FOUND = ErrorCode(1001, "not_found")
"""There is no session of this name."""
TURN_IN_PROGRESS = ErrorCode(1002, "turn_in_progress", retryable=True)
"""The session has a turn that runs: wait for its end, or cancel it."""
OVERLOADED = ErrorCode(1003, "overloaded", retryable=True)
"""Too many turns run: try again when one has ended."""
CREDENTIALS_MISSING = ErrorCode(1004, "unauthorized")
"""The provider needs a key and there is none; the message says where one is looked for."""
MODEL_NOT_FOUND = ErrorCode(1005, "not_found")
"""There is no such model, or none at all."""
TOOL_NOT_FOUND = ErrorCode(1006, "not_found")
"""`tools` names one that does not exist, is disabled, or asks more of the client than it can do."""
INVALID_STATE = ErrorCode(1007, "invalid_state")
"""The settings cannot be used, or the session's name is taken; the message says which."""
INVALID_SETTINGS = INVALID_STATE._replace(kind="invalid_settings")
"""The settings cannot be used."""
NOT_KEPT = INVALID_STATE._replace(retryable=True)
"""What is remembered for ever cannot be changed now."""
AUTH_REQUIRED = ErrorCode(-32000, "unauthorized")
"""ACP: the provider needs a key and there is none. Never leaves over LSP."""
RESOURCE_NOT_FOUND = NOT_INITIALIZED._replace(kind="not_found")
"""ACP: there is no session of this name. Never leaves over LSP."""
CLIENT_REFUSED = INTERNAL_ERROR._replace(kind="client_refused")
"""The client answered a request of ours with an error. Never leaves the daemon."""

ErrorKind = Literal[
    "unauthorized",
    "forbidden",
    "not_found",
    "bad_request",
    "context_window_exceeded",
    "rate_limited",
    "quota_exceeded",
    "overloaded",
    "network",
    "timeout",
    "stream_interrupted",
    "bad_response",
    "content_filtered",
    "internal",
]
"""What went wrong in a turn, as a program can tell it (docs/protocol.md, section 7).

unauthorized: the provider does not know the key
forbidden: the key may not do this
not_found: the provider has no such model or address
bad_request: the provider refuses the request as it is
context_window_exceeded: the conversation is longer than the model can read
rate_limited: too many requests for now
quota_exceeded: the account's means are used up; waiting does not help
overloaded: the provider has too much to do
network: no connection, or it broke before the reply began
timeout: no answer, or no data, within the limits
stream_interrupted: the reply broke off
bad_response: the provider's answer cannot be read
content_filtered: the provider withholds the reply
internal: a bug in chatls
"""


class ChatlsError(Exception):
    """Anything of ours that may be shown to a person."""


class SettingsError(ChatlsError):
    """Settings that cannot be used. The text names key, source and the nearest known key."""


class ToolError(ChatlsError):
    """A tool could not do what was asked. The text goes to the model: what happened, and what to try next."""


class RequestError(ChatlsError):
    """A request that cannot be served: why, for programs in `code`, for people in the text."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code


class ClientRefusedError(RequestError):
    """The client answered a request of ours with an error; `given` is its own code."""

    def __init__(self, given: object, words: str) -> None:
        super().__init__(CLIENT_REFUSED, f"the client refused: {words}")
        self.given = given


class ProviderError(ChatlsError):
    """A provider failed. `retryable` says whether asking again may help, `retry_after` in seconds when."""

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        *,
        retryable: bool = False,
        retry_after: float | None = None,
        provider: str | None = None,
        http_status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.kind: ErrorKind = kind
        self.retryable = retryable
        self.retry_after = retry_after
        self.provider = provider
        self.http_status = http_status
        self.request_id = request_id
