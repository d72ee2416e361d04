"""A reply as it comes: deltas out of an exchange's bytes, with timeouts on silence."""

from time import monotonic

import anyio

from chatls.errors import ProviderError
from chatls.providers.delta import Delta
from chatls.providers.http.body import Body
from chatls.providers.http.exchange import Exchange
from chatls.providers.http.faults import silent

_LAST_WORDS = 2.0
"""Seconds that usage and terminator may take once the reply is labelled as finished."""


class ReplyReader:
    """Read it until it is over."""

    def __init__(self, exchange: Exchange, body: Body) -> None:
        self.over = False
        """Nothing more will come."""
        self._exchange = exchange
        self._body = body
        self._limits = exchange.limits
        self._begun = False
        self._heard = False
        self._told = False
        """Deltas were given: what is held back behind them is worth telling though the reply failed."""

    async def read(self) -> list[Delta]:
        """The next deltas, at least one unless it is over. Raises `ProviderError`."""
        try:
            deltas = await self._read()
        except ProviderError as error:
            deltas = self._body.break_off(error) if self._told else []
            if not deltas:
                raise
            self.over = False
        self._told = self._told or bool(deltas)
        return deltas

    async def _read(self) -> list[Delta]:
        since = monotonic()  # The clock runs while we wait: a slow client is not the server's silence.
        while self._body.failure is None:
            chunk = await self._next(since)
            if chunk is None:
                self.over = True
                return self._body.end()
            deltas = self._body.feed(chunk)
            self._heard = self._body.heard
            if self._heard:
                since = monotonic()
                self._begun = True
            if self._body.decoder.ended:
                self.over = self._exchange.finished = True
            if deltas or self.over:
                return deltas
        raise self._body.failure

    async def _next(self, since: float) -> bytes | None:
        """The next bytes, or None at the end; a reply that is labelled as finished ends also where nothing comes."""
        ending = self._body.decoder.ending
        try:
            if self._heard and not ending:  # The ordinary case: all of the limit is left.
                return await self._exchange.next_before_idle()
            with anyio.fail_after(self._time_left(since)):
                return await self._exchange.next()
        except TimeoutError as error:
            if ending:
                return None
            raise self._silence() from error

    def _time_left(self, since: float) -> float | None:
        if self._body.decoder.ending:
            return max(0.0, since + _LAST_WORDS - monotonic())
        start, limit = since, self._limits.idle_timeout
        if not self._begun:
            start, limit = self._exchange.sent, self._limits.first_byte_timeout
        return max(0.0, start + limit - monotonic()) if limit else None

    def _silence(self) -> ProviderError:
        if self._begun:
            return silent(self._exchange.source, self._limits.idle_timeout, "no more data")
        return silent(self._exchange.source, self._limits.first_byte_timeout, "no data")
