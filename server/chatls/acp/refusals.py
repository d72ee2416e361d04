"""Refused requests, with the codes that clients of ACP know."""

from collections.abc import Awaitable, Callable

from chatls.errors import (
    AUTH_REQUIRED,
    CREDENTIALS_MISSING,
    INTERNAL_ERROR,
    RESOURCE_NOT_FOUND,
    SESSION_NOT_FOUND,
    RequestError,
)

_KNOWN = {SESSION_NOT_FOUND: RESOURCE_NOT_FOUND, CREDENTIALS_MISSING: AUTH_REQUIRED}


def refusal(error: RequestError) -> RequestError:
    """The same, as ACP has it: what it has no number for is an internal error, whose `kind` says more."""
    if error.code in _KNOWN:
        return RequestError(_KNOWN[error.code], str(error))
    own = error.code.number > 0
    return RequestError(INTERNAL_ERROR._replace(kind=error.code.kind) if own else error.code, str(error))


def refusing(work: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """The work, whose refusals are ACP's."""

    async def done() -> None:
        try:
            await work()
        except RequestError as error:
            raise refusal(error) from error

    return done
