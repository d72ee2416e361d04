"""Tool calls and thinking written inside plain text, as it streams: text in, deltas out. Pure.

Knows no provider and no family: the families are one table (`inline_families.py`). Text goes out as soon as it cannot
be part of a marker. What begins like a call but names no offered tool, or is not written like one, stays text, and so
does everything inside a code fence.

The reader is a generator that yields where it needs more text; `feed` gives it the next piece.
"""

import re
from collections.abc import Callable, Generator, Iterable, Mapping

from chatls.content import JsonObject
from chatls.providers import inline_words as words
from chatls.providers.delta import CallReady, CallStart, Delta, TextDelta, ThinkingDelta
from chatls.providers.inline_behind import end_of_thinking, is_mention, next_call, unless_last
from chatls.providers.inline_call import NotACallError
from chatls.providers.inline_calls import CallReader
from chatls.providers.inline_families import ENVELOPES, HARMONY_ENDS, SPOKEN, THINKING
from chatls.providers.inline_fence import Fence
from chatls.providers.inline_output import Output, Pieces
from chatls.providers.inline_source import EndedError, Source, Wait, Words
from chatls.providers.inline_watch import WATCHED, begins_line

_TRIGGER = re.compile(rf"{words.ANYWHERE.beginning.pattern}|\n")
_BLANKS = re.compile(r"[ \t\r\f\v]*")
_SHORTEST_PIECE = 2
"""A reply that was cut off may end in a marker's beginning: so long, it is taken for one; shorter, for text."""


Known = Callable[[str, JsonObject | None], bool]


class InlineParser:
    """Text with tool calls and thinking written inside it, as it comes; deltas out.

    `tools`: the offered tools' names and the JSON schemas of their arguments. `thinking_open`: the prompt's template
    had opened a think block, so the reply begins inside it. `known`: calls (name and arguments) that were told already:
    only these are taken out of the text, and not told again.
    """

    def __init__(
        self, tools: Mapping[str, JsonObject], *, thinking_open: bool = False, known: Known | None = None
    ) -> None:
        self._source = Source()
        self._out = Output()
        self._out.thinking = thinking_open
        self._calls = CallReader(self._source, tools, self._out.add)
        self._known = known
        self._names = {f"{name}\n": name for name in tools}
        self._opening = words.at_first(() if known else tuple(self._names))
        """What counts at the place that `_lead` is about."""
        self._closers: frozenset[str] = words.ENDS if thinking_open else frozenset()
        """What ends the thinking that is under way; empty in the answer."""
        self._think_words = words.in_thinking(self._closers)
        self._lead: list[str] | None = []
        """Blanks held back, because nothing else came yet: at the beginning, or behind a call or thinking; and words
        that say nothing if nothing follows. None: it did."""
        self._last = False
        """There is such a word in the lead."""
        self._behind = False
        """The lead is behind a call or thinking: it is dropped."""
        self._fence = Fence(self._source, self._out.say)
        self._line = True
        """At the beginning of a line, blanks aside."""
        self._watched: re.Pattern[str] | None = None
        """Nothing is held back, and a piece without this means nothing but itself; None: it may mean anything."""
        self._pieces = Pieces()
        self._run = self._read()
        next(self._run)

    @property
    def any_call(self) -> bool:
        """Whether a complete call was found."""
        return self._calls.any_call

    def feed(self, text: str) -> list[Delta]:
        """Take the next piece of the reply."""
        passed = self.passed(TextDelta(text))
        return [passed] if passed else self.read(text)

    def passed(self, delta: TextDelta) -> Delta | None:
        """Take the next piece, if it means nothing but itself, as nearly every one does; None: it is to be read."""
        text = delta.text
        if not self._watched or not text or self._watched.search(text):
            return None
        self._out.said = text[-1]
        if self._closers:
            return ThinkingDelta(text)
        if "\n" in text or (self._fence.line if self._fence.mark else self._line):
            self._pass_line(text)
        return delta

    def read(self, text: str) -> list[Delta]:
        """Take the next piece, which did not pass."""
        self._source.add(text)
        return self._pieces.restore(text, self._advance())

    def finish(self, *, cut: bool = False) -> list[Delta]:
        """The reply is over. `cut`: because no more was allowed; a call that is not closed is then never ready."""
        if self._source.ended:
            return []
        self._source.ended, self._source.cut = True, cut
        return self._pieces.restore("", self._advance())

    def _advance(self) -> list[Delta]:
        next(self._run, None)
        return self._out.take()

    def _read(self) -> Wait:
        """The whole reply, one state after the other."""
        yield
        source = self._source
        while source.left() or not source.ended:
            if source.at == len(source.text):
                self._watched = self._watch()
                yield
                self._watched = None
            elif self._lead is not None:
                yield from self._beginning(self._lead)
            elif self._closers:
                yield from self._thinking()
            elif self._fence.mark:
                yield from self._fence.read()
            elif self._line:
                yield from self._at_line()
            else:
                yield from self._anywhere()
        self._begun(over=True)

    def _watch(self) -> re.Pattern[str] | None:
        if self._lead is not None:
            return None
        if self._closers:
            return self._think_words.beginning
        mark = self._fence.mark
        return WATCHED[mark[:1], self._fence.line if mark else self._line]

    def _pass_line(self, text: str) -> None:
        if self._fence.mark:
            self._fence.line = begins_line(text)
        else:
            self._line = begins_line(text)
        self._watched = self._watch()

    def _begun(self, *, over: bool = False) -> None:
        """Something came, or it is over: what was held back before it goes out, if it belongs to the answer."""
        lead, self._lead = self._lead, None
        if lead and not self._behind and not (self._last and over):
            self._out.say("".join(lead))
        self._behind = self._last = False

    def _begin(self, closers: frozenset[str] = frozenset()) -> None:
        """Blanks that follow say nothing; thinking (up to one of these words) or the answer follows them."""
        self._lead, self._behind, self._last, self._opening, self._out.said = [], True, False, words.BEHIND, ""
        if closers != self._closers:
            self._closers = closers
            self._out.thinking = bool(closers)
            self._think_words = words.in_thinking(closers)

    def _beginning(self, lead: list[str]) -> Wait:
        text = self._source.text
        place = self._source.at
        while place < len(text) and text[place].isspace():
            place += 1
        lead.append(self._source.take(place - self._source.at))
        if not self._source.left():
            return
        if self._closers:
            word = yield from words.THINK.wait(self._source)
            self._source.take(len(word))
            self._behind = True
            self._begun()
            return
        word = yield from self._opening.wait(self._source)
        if not word and self._is_piece(self._opening):
            return
        if word in (words.DROPPED_BEHIND if self._behind else words.DROPPED_FIRST):
            self._source.take(len(word))
            self._begin()
        elif word in words.LAST:
            self._hold(word, lead)
        elif word in words.EVERYWHERE or word in words.LINE_OPENERS:
            yield from self._marker(word)
        elif not (yield from self._first_word(word)):
            self._begun()
            self._line = True

    def _hold(self, word: str, lead: list[str]) -> None:
        """What may be the answer's end: it is, if nothing follows, or a call."""
        self._lead, self._last, self._opening = lead, True, words.BEHIND_LAST
        lead.append(self._source.take(len(word)))

    def _first_word(self, word: str) -> Generator[None, None, bool]:
        """What counts at the beginning alone; whether that was it."""
        if not word:
            return (yield from self._unmarked((yield from words.ON_A_LINE.wait(self._source))))
        if word == words.ALL:
            return (yield from self._addressed())
        if word == words.STEPS:
            self._source.take(len(word))
            self._begin(frozenset((THINKING[words.STEPS],)))
            return True
        if word in words.FENCES:
            return (yield from self._attempt(self._wrapped(), bare=True))
        if word == words.RECIPIENT_FIRST:
            return (yield from self._attempt(self._calls.read_header(), bare=True))
        return (yield from self._attempt(self._calls.read_named(self._names[word]), bare=True))

    def _addressed(self) -> Generator[None, None, bool]:
        """Whether the answer begins with whom it is for: a sentence that begins so goes on in lower case."""
        ahead = yield from self._source.upcoming(len(words.ALL) + 1)
        if ahead[len(words.ALL) :].islower() or ahead == words.ALL:
            return False
        self._source.take(len(words.ALL))
        self._begin()
        return True

    def _wrapped(self) -> Wait:
        """A reply that is a code fence with nothing but a call in it."""
        yield from self._fence.wrap()
        if word := (yield from words.CALL.wait(self._source)):
            yield from self._calls.read(word)
        else:
            yield from self._calls.read_bare()
        self._fence.mark = ""

    def _attempt(self, call: Wait, *, bare: bool = False) -> Generator[None, None, bool]:
        """Read what may be a call; False if it is none: then what it took is text again."""
        source, tentative = self._source, self._source.record is not None
        held: list[Delta] = []
        if not tentative:
            source.record, source.keep = [], self._known is not None
            self._calls.emit = held.append if self._known else self._out.add
        self._calls.begin()
        failed = ended = False
        try:
            yield from call
        except (NotACallError, EndedError) as error:
            failed, ended = True, isinstance(error, EndedError)
        found = self._calls.started or not failed
        self._calls.end()
        if tentative:
            return found and (ended or not failed)
        taken, source.record, source.keep = "".join(source.record or ()), None, False
        if found and self._told(held):
            if ended:
                source.take_all()
            self._begin(self._harmony_closers())
            self._fence.mark = ""
            if failed and not ended:
                self._begun()
                self._out.say(taken)
            return True
        if ended and source.cut and not bare:
            source.take_all()
            return True
        if taken:
            self._begun()
            self._line = False
            self._out.say(taken)
            self._fence.resume(taken)
            self._line = taken[-1] == "\n"
        return bool(taken)

    def _told(self, held: Iterable[Delta]) -> bool:
        """Whether calls were told, now or already; if not, they are none."""
        if self._known is None:
            return True
        self._calls.any_call = False
        names = {delta.call_id: delta.name for delta in held if isinstance(delta, CallStart)}
        ready = {delta.call_id: delta.arguments for delta in held if isinstance(delta, CallReady)}
        return all(call_id in ready and self._known(name, ready[call_id]) for call_id, name in names.items())

    def _harmony_closers(self) -> frozenset[str]:
        return frozenset(HARMONY_ENDS) if self._calls.channel == "analysis" else frozenset()

    def _marker(self, word: str) -> Wait:
        """A word of the table that stands here in the answer."""
        self._calls.on_its_own = self._lead is not None or self._out.said == "\n"
        quoted = self._lead is None and self._out.said == "`"
        spoken = word in SPOKEN and not self._calls.on_its_own
        if word in words.FENCES:
            yield from self._fence.open_inside(word[0])
        elif quoted or spoken:
            self._out.say(self._source.take(1))
        elif word in words.LAST:
            self._hold(word, [])
        elif word in ENVELOPES and self._calls.on_its_own:
            self._source.take(len(word))
            self._begin()
        elif word in THINKING:
            self._source.take(len(word))
            self._begin(frozenset((THINKING[word],)))
        elif word in ENVELOPES or not (yield from self._attempt(self._calls.read(word))):
            self._begun()
            self._out.say(self._source.take(1))

    def _anywhere(self) -> Wait:
        """Inside a line of the answer."""
        source = self._source
        while not self._line and (found := _TRIGGER.search(source.text, source.at)):
            self._out.say(source.take(found.start() - source.at))
            while (word := words.ANYWHERE.here(source)) is None:
                yield
            if word:
                yield from self._marker(word)
                return
            if self._is_piece(words.ANYWHERE):
                return
            self._line = source.text[source.at] == "\n"
            self._out.say(source.take(1))
        if not self._line:
            self._out.say(source.take_all())

    def _is_piece(self, looked_for: Words) -> bool:
        """Whether a word was cut off here, by whatever ended the reply; it is then consumed."""
        source = self._source
        behind = self._lead is not None and self._behind
        if not (source.ended and (behind or (source.cut and source.left() >= _SHORTEST_PIECE))):
            return False
        return looked_for.begin_with(source.text[source.at :]) and bool(source.take_all())

    def _at_line(self) -> Wait:
        source = self._source
        if found := _BLANKS.match(source.text, source.at):
            self._out.say(source.take(found.end() - source.at))
        if not source.left():
            return
        word = yield from words.ANYWHERE.wait(source)
        if word and word not in words.FENCES:
            self._line = False
            yield from self._marker(word)
            return
        if self._is_piece(words.ANYWHERE):
            return
        word = yield from words.ON_A_LINE.wait(source)
        self._line = False
        if word in words.FENCES:
            yield from self._fence.open(word[0])
        elif not (yield from self._unmarked(word)) and word:
            self._out.say(source.take(1))

    def _unmarked(self, word: str) -> Generator[None, None, bool]:
        """What is a call at the beginning of a line alone; whether it was one, or was taken for text."""
        if word in words.LINE_OPENERS:
            return (yield from self._attempt(self._calls.read(word)))
        return word in ("{", "[") and (yield from self._attempt(self._calls.read_bare(), bare=True))

    def _thinking(self) -> Wait:
        source = self._source
        size, word = self._think_words.certain(source)
        self._out.say(source.take(size))
        if not word:
            if source.left():
                yield
            return
        if (yield from is_mention(source, word, self._out.said)):
            self._out.say(source.take(1))
        elif word in self._closers:
            if word not in words.HARMONY:
                source.take(len(word))
            self._begin()
        elif word in words.HARMONY:
            yield from self._attempt(self._calls.read(word))
        elif word in words.LAST:
            self._out.say((yield from unless_last(source, word)))
        else:
            yield from self._call_in_thinking(word)

    def _call_in_thinking(self, word: str) -> Wait:
        """A call before the thinking was closed: meant if nothing but calls follows, else only thought of."""
        source, any_call = self._source, self._calls.any_call
        raw: list[str] = []
        source.record, source.keep = raw, True
        held: list[Delta] = []
        self._calls.emit = held.append
        meant = True
        while word and meant:
            meant = yield from self._attempt(self._calls.read(word))
            word = "" if not meant else (yield from next_call(source))
        source.record, source.keep = None, False
        self._calls.emit = self._out.add
        closed = meant and (yield from end_of_thinking(source, self._think_words, self._closers))
        if meant and not source.left() and self._told(held):
            for delta in held if self._known is None else ():
                self._out.add(delta)
            self._begin()
            return
        self._calls.any_call = any_call
        self._out.say("".join(raw))
        if closed:
            self._begin()
