"""Room in the context: around each request of a turn, what gives way before it is sent, and after it was refused.

The door of this wing. What gives way, each only if the one before was not enough: results of the older turns, these
turns, the last two before the running one; results of the running turn, its earlier steps.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from chatls.agent.context import limits, summary
from chatls.agent.context.layout import Again, Layout, left_out
from chatls.agent.context.limits import Limits
from chatls.agent.context.measure import Counted, Measure, of_messages, of_offer
from chatls.agent.history import AsItWas
from chatls.agent.repeats import Stream
from chatls.agent.request import Requests
from chatls.content import TurnError, Usage
from chatls.events import CompactEnd, CompactionReason, CompactStart, Event, Notice
from chatls.settings.config import ContextSettings
from chatls.values import dataclass

_WORTH = 20
"""Results are left out by themselves where that saves this part of the window."""
_CERTAIN = 1.5
"""What is so many times longer than the window by our estimate is not sent."""
_SHRINK = 0.7
"""Of what was refused, where nobody knows the limit."""
_ASKING = 1000
"""Tokens that a request for a summary needs for itself."""
ADVICE = " Attach less, or take another model."
"""Behind an explanation."""


class Renew(Protocol):
    """Has the system prompt made anew, behind a compaction."""

    async def __call__(self, *, now: bool) -> str | None:
        """The new one; None if it is made when the next turn begins."""
        ...


@dataclass(slots=True, eq=False)
class ContextRoom:
    """That of one turn, or of a session at rest."""

    requests: Requests
    measure: Measure
    window: int | None
    """Tokens; None where nobody knows."""
    settings: ContextSettings
    stream: Stream
    """Asks the model for summaries."""
    emit: Callable[[Event], None]
    spend: Callable[[Usage], None]
    """Counts what summaries cost."""
    learn: Callable[[int], None]
    """Remembers the window that a refusal told."""
    again: Again
    renew: Renew
    running: bool = True
    wish: str = ""
    """What a person wants to be in the summary."""
    hopeless: TurnError | None = None
    """Why the next request is not worth to be sent."""
    failure: TurnError | None = None
    """Why there is no summary."""
    _offer: tuple[str, int] | None = None

    async def fit(self) -> None:
        """Before a request: have give way what has to, if it is time."""
        self.hopeless = None
        room = self._room()
        if room is None or self.window is None:
            return
        now = self.tokens().count
        self.measure.settled = min(self.measure.settled, now)
        if now > room * self.settings.prune and self._grown(now, room):
            if now <= room * self.settings.compact:
                self._prune()
            else:
                await self.give_way("threshold", int(room * min(self.settings.prune, self.settings.compact)))
            now = self.tokens().count
        if now > self.window * _CERTAIN:
            self.hopeless = TurnError("context_window_exceeded", self.explained(), retryable=False)

    async def give_way(self, reason: CompactionReason, target: int) -> bool:
        """Make the history shorter, by summaries where that is not enough. False where nothing can go."""
        before = self.tokens().count
        old = self._layout()
        new = old.without_old_results(self.again)
        if reason != "asked" and self._scaled(new, before) <= target:
            return self._prune()
        gone = self._goes(new, before, target)
        rest = replace(new, turns=new.turns[gone:])
        if self._scaled(rest, before) > target:
            new = new.without_results(self.again)
            rest = replace(new, turns=new.turns[gone:])
        recap = len(new.steps) > 1 and self._scaled(rest, before) > target
        small = None if gone or recap else self._fitted(new, before, self._hard(before, reason))
        if small is not None and small.messages() == old.messages():
            return False
        await self._compact(reason, before, old, new, gone, recap=recap)
        return True

    def _grown(self, now: int, room: int) -> bool:
        """Whether it has grown enough since something gave way; else providers' caches would be worth nothing. It need
        not have where it does not fit at all, and could."""
        return now >= self.measure.settled + (self.window or room) / 10 or (now > room and bool(self._layout().turns))

    # What is measured

    def tokens(self) -> Counted:
        return self.measure.of(self.requests.history.messages, self.offered())

    def offered(self) -> int:
        """Tokens of instructions and tools."""
        if self._offer is None or self._offer[0] is not self.requests.system:
            self._offer = self.requests.system, of_offer(self.requests.system, self.requests.tools)
        return self._offer[1]

    def _room(self) -> int | None:
        room = None if self.window is None else Limits(self.window, self.requests.parameters.max_output_tokens).room
        return room if self.measure.ceiling is None else min(room or self.measure.ceiling, self.measure.ceiling)

    def _layout(self) -> Layout:
        return Layout.of(self.requests.history.messages, running=self.running)

    def _scaled(self, layout: Layout, before: int, more: int = 0) -> int:
        """Tokens of a history by the measure by which the one of now has `before`."""
        offered, now = self.offered(), of_messages(self.requests.history.messages)
        return round(before * (offered + of_messages(layout.messages()) + more) / max(1, offered + now))

    def _hard(self, before: int, reason: CompactionReason) -> int:
        """Tokens that must not be exceeded."""
        room = self._room() or before
        return min(room, int(before * 0.9)) if reason == "refused" else room

    def _longest(self) -> int:
        """Tokens of a summary."""
        return min(summary.LONGEST, (self._room() or 16000) // 8)

    # What gives way

    def _prune(self) -> bool:
        """Leave out results of the older turns, and say so."""
        before, messages = self.tokens().count, self.requests.history.messages
        new = self._layout().without_old_results(self.again)
        after = self._scaled(new, before)
        if before - after < (self.window or before) / _WORTH:
            return False
        count = left_out(messages, new.messages())
        self._settle(new.messages(), after)
        many = "The result of a tool call" if count == 1 else f"Results of {count} tool calls"
        text = f"{many} in earlier turns no longer sent to the model, to save room ({before - after:,} tokens)."
        self.emit(Notice(text.replace("turns no", "turns is no" if count == 1 else "turns are no")))
        return True

    def _goes(self, new: Layout, before: int, target: int) -> int:
        """How many of the oldest turns are to be summarised: where a person wants it, some if there are any."""
        if self.running and self._scaled(new, before) <= target:
            return 0
        older, longest = len(new.older()), self._longest() if self.running else 0
        if older and self._scaled(replace(new, summaries=(), turns=new.turns[older:]), before, longest) <= target:
            return older
        return len(new.turns)

    async def _compact(
        self, reason: CompactionReason, before: int, old: Layout, new: Layout, gone: int, *, recap: bool
    ) -> None:
        """Write the summaries, and put them in the place of what they are about."""
        after, texts = before, list[str]()
        self.emit(CompactStart(reason, before))
        try:
            if gone:
                words = tuple(message for turn in old.turns[:gone] for message in turn)
                text = await self._write((*old.summaries, *words), before, "earlier turns")
                if reason == "asked" and not text:
                    return
                texts.append(text)
                new = new.with_summary(summary.before(text, self._longest()), gone)
            if recap:
                steps = tuple(message for step in old.steps[:-1] for message in step)
                text = await self._write((*old.words[:1], *old.recap, *steps), before, "earlier steps")
                texts.append(text)
                new = new.with_recap(summary.meanwhile(text, self._longest()))
            new = self._fitted(new, before, self._hard(before, reason), say=True)
            after = self._scaled(new, before)
            self._settle(new.messages(), after)
        finally:
            self.emit(CompactEnd(before, after, "\n\n".join(filter(None, texts))))
        if (system := await self.renew(now=not new.steps)) is not None:
            self.requests.system = system

    async def _write(self, messages: AsItWas, before: int, what: str) -> str:
        """A summary; "" where it failed, which is said. What it costs is counted."""
        room = (self._room() or int(before * _SHRINK)) - self._longest() - _ASKING
        scribe = summary.Scribe(self.stream, self.requests.asked(), self.emit)
        written = await scribe.write(messages, room, self.wish)
        if written.usage is not None:
            self.spend(written.usage)
        if not written.text:
            nothing = TurnError("bad_response", "the model wrote no summary", retryable=True)
            self.failure = written.error or nothing
            if self.running:
                text = f"There is no summary of the {what}, so they are left out: {self.failure.message}"
                self.emit(Notice(text, "warning"))
        return written.text

    def _fitted(self, layout: Layout, before: int, hard: int, *, say: bool = False) -> Layout:
        """Without the oldest of what is left, as far as that has to be."""
        new = layout
        while self._scaled(new, before) > hard:
            if new.turns:
                new = new.with_summary(summary.before("", 0), 1)
            elif new.summaries:
                new = replace(new, summaries=())
            elif len(new.steps) > 1:
                new = new.with_recap(summary.meanwhile("", 0))
            elif new.recap:
                new = replace(new, recap=())
            else:
                break
        if say and new is not layout:
            self.emit(Notice("What is oldest is left out of what the model is sent: it did not fit.", "warning"))
        return new

    def _settle(self, messages: AsItWas, after: int) -> None:
        self.requests.history.replace(messages)
        self.measure.assume(messages, after)
        self.measure.settled = after

    async def refused(self, error: TurnError) -> bool:
        """A request was too long. Whether there is a shorter one by now."""
        tokens = self.tokens().count
        limit = limits.told(error.message, tokens)
        if limit is not None:
            self.window = min(self.window or limit, limit)
            self.learn(self.window)
        else:
            self.measure.ceiling = min(self.measure.ceiling or tokens, int(tokens * 0.95))
        room = self._room() or tokens
        return await self.give_way("refused", int(min(room * self.settings.prune, tokens * _SHRINK)))

    def moved(self, window: int | None) -> None:
        """Another model answers from here on: what is known of the one before says nothing of it."""
        self.window, self.measure.ceiling = window, None

    def most(self) -> int:
        """Tokens that the model reads, as far as that is known; else those that it would have had to."""
        return self.window or self.tokens().count

    def explained(self) -> str:
        """Which part is how long."""
        layout = self._layout()
        words = of_messages((*layout.words, *layout.recap))
        last = of_messages(layout.steps[-1]) if layout.steps else 0
        parts = [f"the prompt about {words:,} tokens", f"instructions and tools about {self.offered():,}"]
        parts += [f"the last step with its results about {last:,}"] if last else []
        most = f" of {self.window:,} tokens" if self.window else ""
        return f"It does not fit into the model's window{most}: {', '.join(parts)}.{ADVICE}"
