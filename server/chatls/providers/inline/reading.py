"""How far the reading of a reply is, and the attempts to read calls in it. Pure; knows the words alone.

The readers of the beginning, of thinking and of the answer share one of these.
"""

from collections.abc import Callable, Generator, Iterable, Mapping

from chatls.content import JsonObject
from chatls.providers.delta import CallReady, CallStart, Delta
from chatls.providers.inline import words as words
from chatls.providers.inline.call import NotACallError
from chatls.providers.inline.calls import CallReader
from chatls.providers.inline.fence import Fence
from chatls.providers.inline.marks import HARMONY_ENDS
from chatls.providers.inline.output import Deltas
from chatls.providers.inline.source import EndedError, Source, Wait, Words
from chatls.providers.inline.watch import NOTHING_PASSES, Watched, watched

_SHORTEST_PIECE = 2
"""A reply that was cut off may end in a marker's beginning: so long, it is taken for one; shorter, for text."""

IsKnown = Callable[[str, JsonObject | None], bool]


class Reading:
    """Where a reply is being read."""

    def __init__(
        self, tools: Mapping[str, JsonObject], known: IsKnown | None, closers: frozenset[str], *, thought: bool
    ) -> None:
        self.source = Source()
        self.out = Deltas(self.source.suffix)
        self.out.thinking = bool(closers)
        self.calls = CallReader(self.source, tools, self.out.add)
        self.known = known
        self.fence = Fence(self.source, self.out.say)
        self.on_a_line = words.ON_A_LINE if tools else words.ON_A_LINE_OF_TEXT
        self.opening = words.at_first(() if known else tuple(tools))
        """What counts at the place that `lead` is about."""
        self.closers = closers
        """What ends the thinking that is under way; empty in the answer."""
        self.think_words = words.in_thinking(closers)
        self.opened = bool(closers)
        """In the thinking that the prompt opened."""
        self.thought = thought or self.opened
        """Thinking began, or ended: what ends it now is a word like others."""
        self.unbegun = False
        """Thinking ended whose beginning was part of the prompt."""
        self.lead: list[str] | None = []
        """Blanks held back, because nothing else came yet: at the beginning, or behind a call or thinking; and words
        that say nothing if nothing follows. None: it did."""
        self.behind = False
        """The lead is behind a call or thinking: it is dropped."""
        self.line = True
        """At the beginning of a line, blanks aside."""
        self.spelled = False
        """The server left out the marks of gpt-oss, and their words stand alone."""
        self.wrap = ""
        """What closes the answer: it was opened behind the thinking."""
        self._last = False
        """A word in the lead says nothing if nothing follows."""

    def watch(self) -> Watched:
        """What a piece must not hold if it is to mean nothing but itself."""
        if (
            self.out.heard is not None
            or self.lead is not None
            or self.fence.begun
            or (self.spelled and not self.closers)
        ):
            return NOTHING_PASSES
        if self.closers:
            return self.think_words.beginning, self.think_words.beginning
        return watched(self.fence.mark[:1], self.on_a_line)

    def at_line(self) -> bool:
        """Whether a line begins here, blanks aside, of the answer or of the code fence in it."""
        return self.fence.line if self.fence.mark else self.line

    def pass_line(self, *, begins: bool) -> None:
        """A piece of the answer passed that began or ended a line; whether one begins behind it."""
        if self.fence.mark:
            self.fence.line = begins
            return
        self.line = begins
        if self.out.span.pieces:
            self.out.span.end()

    def begun(self, *, over: bool = False) -> None:
        """Something came, or it is over: what was held back before it goes out, if it belongs to the answer."""
        lead, self.lead = self.lead, None
        if lead and not self.behind and not (self._last and over):
            self.out.say("".join(lead))
        self.behind = self._last = False

    def over(self) -> None:
        """The reply is over: what was held back goes out."""
        self.begun(over=True)
        if not self.source.cut or self.source.followed:
            behind = self.source.suffix.bare("".join(self.out.heard or ()))
            self.calls.any_call |= self.calls.waiting.settle(behind)

    def begin(self, closers: frozenset[str] = frozenset()) -> None:
        """Blanks that follow say nothing; thinking (up to one of these words) or the answer follows them."""
        self.lead, self.behind, self._last, self.out.said = [], True, False, ""
        self.out.span.end()
        if self.calls.waiting and self.out.heard is None:
            self.out.heard = []
        self.opening = words.BEHIND_SPELLED if self.spelled else words.BEHIND
        self.opened, self.thought = False, self.thought or bool(closers)
        if closers != self.closers:
            self.closers = closers
            self.out.thinking = bool(closers)
            self.think_words = words.in_thinking(closers)

    def end_unbegun(self) -> None:
        """Thinking ends here that began in the prompt. The first time, all that was said was that."""
        if not self.thought:
            self.thought = self.unbegun = True
            self.out.was_thinking()

    def hold(self, word: str, lead: list[str]) -> None:
        """What may be the answer's end: it is, if nothing follows, or a call."""
        self.lead, self._last, self.opening = lead, True, words.BEHIND_LAST
        lead.append(self.source.take(len(word)))

    def is_piece(self, looked_for: Words) -> bool:
        """Whether a word was cut off here, by whatever ended the reply; it is then consumed."""
        source = self.source
        behind = self.lead is not None and self.behind
        if not (source.ended and (behind or (source.cut and source.left() >= _SHORTEST_PIECE))):
            return False
        return looked_for.cut_off(source) and bool(source.take_all())

    def opens_answer(self) -> bool:
        """Whether the place that `lead` is about is where thinking ended, and an answer begins."""
        return self.behind and self.thought and not self.wrap and not self.calls.any_call

    def unmarked(self, word: str) -> Generator[None, None, bool]:
        """What is a call at the beginning of a line alone; whether it was one, or was taken for text."""
        if word in words.LINE_OPENERS:
            return (yield from self.attempt(self.calls.read(word)))
        return word in ("{", "[") and (yield from self.attempt(self.calls.read_bare(), bare=True))

    def attempt(self, call: Wait, *, bare: bool = False) -> Generator[None, None, bool]:
        """Read what may be a call; False if it is none: then what it took is text again."""
        source, tentative = self.source, self.source.record is not None
        held: list[Delta] = []
        if not tentative:
            source.record, source.keep = [], self.known is not None
            self.calls.emit = held.append if self.known else self.out.add
        self.calls.begin()
        failed = ended = False
        try:
            yield from call
        except (NotACallError, EndedError) as error:
            failed, ended = True, isinstance(error, EndedError)
        found = self.calls.started or not failed
        self.calls.end()
        if tentative:
            return found and (ended or not failed)
        taken, source.record, source.keep = "".join(source.record or ()), None, False
        if found and self.told(held):
            if ended:
                source.take_all()
            self.begin(frozenset(HARMONY_ENDS) if self.calls.channel == "analysis" else frozenset())
            if failed and not ended:
                self._is_text(taken)
            return True
        if ended and source.cut and not bare:
            source.take_all()
            return True
        if taken:
            self._is_text(taken)
        return bool(taken)

    def _is_text(self, taken: str) -> None:
        self.begun()
        self.out.say(taken)
        self.fence.resume(taken)
        self.line = taken[-1:] in ("", "\n")

    def told(self, held: Iterable[Delta]) -> bool:
        """Whether calls were told, now or already; if not, they are none."""
        if self.known is None:
            return True
        self.calls.any_call = False
        names = {delta.call_id: delta.name for delta in held if isinstance(delta, CallStart)}
        ready = {delta.call_id: delta.arguments for delta in held if isinstance(delta, CallReady)}
        return all(call_id in ready and self.known(name, ready[call_id]) for call_id, name in names.items())
