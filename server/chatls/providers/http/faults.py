"""What a network error means: an exception of the transport as a `ProviderError` for people.

Transports wrap faults in exceptions of their own, sometimes in misleading ones, so the causes below them decide.
"""

import errno
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import cast

from chatls.errors import ErrorKind, ProviderError
from chatls.providers.http.complaint import visible
from chatls.providers.http.status import Origin

_UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN)
_NOT_A_FAULT = (ssl.SSLWantReadError, ssl.SSLWantWriteError)
_NOT_RUNNING = "refused the connection. Is the server running?"
_WITHOUT_TLS = "WRONG_VERSION_NUMBER"


class ProxyRefusalError(Exception):
    """A proxy does not lead on; with its words."""


class SilenceError(ProviderError):
    """The server kept us waiting beyond our own limit: asking again would only double a person's wait."""


def silent(source: Origin, seconds: float, what: str) -> SilenceError:
    """The error for a limit that ran out: the server sent no `what` for so many seconds."""
    text = f"{source.name} ({source.host}) sent {what} for {seconds:g} s. The limit is in the settings."
    return SilenceError("timeout", text, retryable=True, provider=source.name)


def interrupted(source: Origin) -> ProviderError:
    """The error for a reply that ended in the middle."""
    return source.error("stream_interrupted", "broke off in the middle of its reply.", retryable=True)


def given_up(source: Origin, label: str) -> ProviderError:
    """The error for a reply that the server labelled as anything but whole: half an answer is no answer."""
    what = f"gave up in the middle of its reply ({visible(label, 40)})."
    return source.error("overloaded", what, retryable=True)


def connection_error(source: Origin, error: BaseException, limit: float, proxy: str = "") -> ProviderError:
    """What went wrong before the server answered. `limit`: seconds for connecting; `proxy`: host:port of one in use."""
    name, what, retryable = next(_explained(error, limit), _CLOSED)
    if what == _NOT_RUNNING and source.start and not proxy:
        what = f"is not running. Start it: {source.start}"
    if proxy:
        what += f" It is asked through the proxy {proxy}, which the environment names: the fault may lie there."
    return source.error(name, what, retryable=retryable)


def _explained(error: BaseException, limit: float) -> Iterator["_Told"]:
    for cause in _causes(error):
        for kind, explain in _EXPLANATIONS:
            if isinstance(cause, kind) and (told := explain(cause, limit)) is not None:
                yield told


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exceptions below this one, the deepest first, then itself."""
    below = error.__cause__ or error.__context__
    if isinstance(error, BaseExceptionGroup):
        for part in cast("BaseExceptionGroup[BaseException]", error).exceptions:
            yield from _causes(part)
    if below is not None:
        yield from _causes(below)
    yield error


_Told = tuple[ErrorKind, str, bool]
"""Kind, what the server did, and whether it may help to ask again."""

_CLOSED: _Told = ("network", "closed the connection without an answer.", True)


def _dns(_error: BaseException, _limit: float) -> _Told | None:
    return "network", "cannot be found: no such host. Check base_url and the network connection.", True


def _tls(error: BaseException, _limit: float) -> _Told | None:
    if isinstance(error, _NOT_A_FAULT):
        return None
    if isinstance(error, ssl.SSLCertVerificationError):
        advice = "Behind a company's proxy, set SSL_CERT_FILE to its certificates."
        reason = getattr(error, "verify_message", None) or "it cannot be verified"
        return "network", f"has a certificate that cannot be trusted: {reason}. {advice}", False
    reason = getattr(error, "reason", None) or "handshake failed"
    advice = " It seems to speak http, not https: check base_url." if reason == _WITHOUT_TLS else ""
    return "network", f"does not speak TLS as it should ({reason}).{advice}", False


def _refused(_error: BaseException, _limit: float) -> _Told | None:
    return "network", _NOT_RUNNING, True


def _late(_error: BaseException, limit: float) -> _Told | None:
    return "timeout", f"cannot be reached: no connection within {limit:g} s.", True


def _system(error: BaseException, _limit: float) -> _Told | None:
    if isinstance(error, OSError) and error.errno in _UNREACHABLE:
        return "network", "cannot be reached from here. Check the network connection.", True
    return None


def _proxy(error: BaseException, _limit: float) -> _Told | None:
    return "network", f"cannot be reached: the proxy says {visible(str(error), 100)!r}.", False


_EXPLANATIONS: tuple[tuple[type[BaseException], Callable[[BaseException, float], _Told | None]], ...] = (
    (socket.gaierror, _dns),
    (ssl.SSLError, _tls),
    (ConnectionRefusedError, _refused),
    (TimeoutError, _late),
    (OSError, _system),
    (ProxyRefusalError, _proxy),
)
