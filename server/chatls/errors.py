"""The family of errors.

    ChatlsError              anything of ours; its text is written for people
    ├── RequestError         a request that cannot be served: a JSON-RPC error, and the turn never began
    ├── SettingsError        settings that cannot be used; prompts answer 1007 with the same words
    ├── ProviderError        a provider failed; becomes a `Failed` delta and never crosses the turn loop
    └── ToolError            a tool could not do it; the text is the result that the model reads

A failure of a provider or of a tool is a value by the time the agent sees it; only bugs are exceptions there.
"""

from typing import Literal

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
    """A request that cannot be served.

    `code` is a JSON-RPC error code (docs/protocol.md, section 7), `kind` its name for programs.
    """

    def __init__(self, code: int, message: str, *, kind: str, retryable: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.kind = kind
        self.retryable = retryable


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
