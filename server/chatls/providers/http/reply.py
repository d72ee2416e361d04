"""A reply as it comes: deltas out of an exchange's bytes, with timeouts on silence."""

from time import monotonic

from chatls.errors import ProviderError
from chatls.message import Replay
from chatls.providers.delta import Delta
from chatls.providers.http.body import Body
from chatls.providers.http.exchange import Exchange
from chatls.providers.http.faults import silent
from chatls.providers.http.framing import BUFFER_LIMIT, check_size
from chatls.providers.http.watchdog import no_later

_LAST_WORDS = 2.0
"""Seconds that usage and terminator may take once the reply is labelled as finished."""
_LAST_LOOK = 1.0
"""Seconds in which content may still come when none came for too long: if we were stopped, it waits to be read."""
_MOST_UNTOLD = 2 * BUFFER_LIMIT
"""Bytes between two deltas: what is kept of them, and shown to nobody, is bounded, too."""


class ReplyReader:
    """Read it until it is over. The limit on the first data begins when the request was sent."""

    def __init__(self, exchange: Exchange, body: Body) -> None:
        self.over = False
        """Nothing more will come."""
        self._exchange = exchange
        self._body = body
        self._limits = exchange.limits
        self._alive = self._labelled = exchange.sent
        self._begun = False
        self._overdue: float | None = None
        """Since when there is no progress for too long."""
        self._told = False
        """Deltas were given: what is held back behind them is worth telling though the reply failed."""

    def replay(self) -> Replay | None:
        """What the server would have to get back, were the reply to end now."""
        return self._body.decoder.replay()

    async def read(self) -> list[Delta]:
        """The next deltas, at least one unless it is over. Raises `ProviderError`."""
        body, decoder = self._body, self._body.decoder
        since = monotonic()  # The clock runs while we wait: a slow client is not the server's silence.
        self._overdue, untold = None, 0
        try:
            while body.failure is None:
                if self._begun and not decoder.ending:  # The ordinary case: all of the limit is left.
                    chunk = await self._exchange.next(self._limits.idle_timeout)
                else:
                    chunk = await self._next(since)
                if chunk is None:
                    self.over = True
                    return body.end()
                deltas = self._fed(chunk)
                if deltas or self.over:
                    self._told = True
                    return deltas
                check_size(untold := untold + len(chunk), _MOST_UNTOLD)
                self._check_progress(since)
            raise body.failure
        except TimeoutError as error:
            raise self._silence() from error
        except ProviderError as error:
            deltas = body.break_off(error) if self._told else []
            if not deltas:
                raise
            self.over = False
            return deltas

    def _fed(self, chunk: bytes) -> list[Delta]:
        self._alive = monotonic()
        if not self._body.decoder.ending:
            self._labelled = self._alive
        deltas = self._body.feed(chunk)
        self._begun = self._begun or self._body.heard
        if self._body.decoder.ended:
            self._exchange.finished = True
            self.over = self._body.failure is None
        return deltas

    async def _next(self, since: float) -> bytes | None:
        """The next bytes, or None at the end; a reply that is labelled as finished ends also where nothing comes."""
        try:
            return await no_later(self._time_left(since), self._exchange.next())
        except TimeoutError:
            if self._body.decoder.ending:
                return None
            raise

    def _time_left(self, since: float) -> float | None:
        if self._body.decoder.ending:
            return max(0.0, max(since, self._labelled) + _LAST_WORDS - monotonic())
        limit = self._limits.first_byte_timeout
        return max(0.0, self._alive + limit - monotonic()) if limit else None

    def _check_progress(self, since: float) -> None:
        """Bytes that come and say nothing prove that the connection lives, and not that anything will ever be said."""
        most = self._limits.progress_timeout
        most = 5 * self._limits.idle_timeout if most is None else most
        first = self._limits.first_byte_timeout
        if not self._begun:
            most = max(most, first) if most and first else 0
        if not most or (now := monotonic()) - since <= most:
            return
        if self._overdue is None:
            self._overdue = now
        elif now - self._overdue > _LAST_LOOK:
            raise silent(self._exchange.source, most, "nothing but signs of life")

    def _silence(self) -> ProviderError:
        if self._begun:
            return silent(self._exchange.source, self._limits.idle_timeout, "no more data")
        return silent(self._exchange.source, self._limits.first_byte_timeout, "no data")
