"""What can go wrong with a daemon.

ClientError        anything of this package; its text is written for people
├── RpcError       the daemon refused a request; a prompt that was refused never began
├── DaemonError     the daemon could not be started, or ended while it was needed
└── ProtocolError  the daemon said something that the protocol does not allow
"""

from typing import Any, cast


class ClientError(Exception):
    """Anything that a client may have to tell its user."""


class RpcError(ClientError):
    """The daemon refused a request (docs/protocol.md, section 7)."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code = code
        """A JSON-RPC error code."""
        self.data = data
        members = cast(dict[str, Any], data) if isinstance(data, dict) else {}
        self.kind: str | None = members.get("kind")
        """The code's name for programs, where the daemon gave one."""
        self.retryable: bool = bool(members.get("retryable", False))
        """Whether the same request may succeed later."""
        self.retry_after_ms: int | None = members.get("retryAfterMs")


class DaemonError(ClientError):
    """There is no daemon (any more)."""

    def __init__(self, what: str, exit_code: int | None = None, stderr: tuple[str, ...] = ()) -> None:
        super().__init__("\n".join([what, *(f"  {line}" for line in stderr)]))
        self.what = what
        """One line: what happened."""
        self.exit_code = exit_code
        """As `subprocess` gives it: negative for a signal. None if it never started or still runs."""
        self.stderr = stderr
        """The last lines that it wrote to its error stream."""


class ProtocolError(ClientError):
    """The daemon said something that the protocol does not allow."""
