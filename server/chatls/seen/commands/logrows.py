"""A line of the log as a sentence. What these say, a person can act upon who has never seen the code."""

import json
from collections.abc import Callable
from typing import Any, cast

from chatls.jsontext import dumps
from chatls.seen.commands.paper import Paper
from chatls.seen.commands.words import REASONS, SPENT, counted, seconds, tokens
from chatls.seen.logs.lines import LogLine

_COLORS = {"debug": "2", "warning": "33", "error": "31", "critical": "31"}
_SHORT = 4
"""Characters of an id: enough to tell two turns apart."""
_WORTH_TELLING = 100
"""Milliseconds of a turn."""
_SHORTENED = {
    "threshold": ", because it nearly filled what the model can read",
    "refused": ", because the provider said that it was too long",
    "asked": ", because a person wanted it",
}


def parsed(data: bytes) -> LogLine | None:
    """A line of the file; None for what is none."""
    try:
        value = json.loads(data)
    except ValueError:
        return None
    return cast(LogLine, value) if isinstance(value, dict) else None


class LogRows:
    """Draws lines below each other."""

    def __init__(self, paper: Paper) -> None:
        self._paper = paper
        self._day = ""

    def draw(self, line: LogLine, *, as_json: bool = False) -> None:
        """Draw one."""
        if as_json:
            self._paper.say(dumps(line).decode())
            return
        day, _, clock = str(line.get("at", "")).partition("T")
        if day != self._day:
            self._day = day
            self._paper.row(self._paper.painted(f"{day} (UTC)", "1"))
        level = str(line.get("level", "info"))
        words = sentence(line)
        head = f"{clock[:12]:12}  {self._place(line)}"
        first, *rest = self._paper.wrapped(words, len(head) + 2) or [""]
        color = _COLORS.get(level)
        self._paper.row(f"{self._paper.painted(head, '2')}  {self._paper.painted(first, color) if color else first}")
        for row in rest:
            self._paper.row(" " * (len(head) + 2) + (self._paper.painted(row, color) if color else row))
        for place in cast("list[str]", line.get("traceback") or []):
            self._paper.row(" " * (len(head) + 4) + self._paper.painted(place, "2"))

    def _place(self, line: LogLine) -> str:
        turn = str(line.get("turn", ""))[-_SHORT:] or "-"
        process = str(line.get("process", ""))
        return f"{process + ' ' if process else ''}{turn:{_SHORT}}"


def sentence(line: LogLine) -> str:
    """What a line says.

    >>> sentence({"what": "turn_begins", "model": "a/b", "mode": "ask", "session": "s1"})
    'a turn of s1 begins: a/b answers'
    """
    said = _SENTENCES.get(str(line.get("what")))
    if said is None:
        left = {name: value for name, value in line.items() if name not in ("at", "level", "what", "process")}
        return f"{line.get('what')}: {dumps(left).decode()}"
    try:
        return said(line)
    except (TypeError, ValueError, KeyError, AttributeError):  # a line of a newer chatls
        return dumps(line).decode()


def _daemon_begins(line: LogLine) -> str:
    client = f", for {line['client']}" if line.get("client") else ""
    return f"chatls {line.get('version', '')} begins{client}"


def _daemon_leaves(line: LogLine) -> str:
    why = "as it was asked to" if line.get("code") == 0 else "the editor went away, or a signal came"
    return f"the daemon leaves: {why}"


def _turn_begins(line: LogLine) -> str:
    mode = "" if line.get("mode") == "ask" else f", mode {line.get('mode')}"
    slow = f"; it took {seconds(line['chosenMs'])} to choose it" if line.get("chosenMs", 0) > 1000 else ""
    return f"a turn of {line.get('session')} begins: {line.get('model')} answers{mode}{slow}"


def _model_called(line: LogLine) -> str:
    step = f"step {line.get('step')}:"
    retries = cast("list[dict[str, Any]]", line.get("retries") or [])
    paused = [f"; {reason(one['reason'])}, and was asked again {seconds(one['delayMs'])} later" for one in retries]
    again = "".join(paused)
    if line.get("error"):
        came = f"{counted(line['chunks'], 'chunk')} had come" if line.get("chunks") else "nothing had come"
        return f"{step} no reply after {seconds(line['ms'])}: {reason(line['error'])}; {came}{again}"
    first = line.get("firstChunkMs")
    pace = f", the first after {seconds(first)}" if first is not None else ""
    asks = f"; it calls {', '.join(line['calls'])}" if line.get("calls") else ""
    used = tokens(line.get("usage"))
    stop = "" if line.get("stop") in ("end_turn", "tool_calls") else f"; it ended with {line.get('stop')}"
    return f"{step} a reply in {seconds(line['ms'])}: {counted(line['chunks'], 'chunk')}{pace}{used}{asks}{stop}{again}"


def _tool_called(line: LogLine) -> str:
    ran = f" in {seconds(line['ms'])}" if line.get("ms") is not None else ""
    waited = f"; a person was asked, who took {seconds(line['waitedMs'])}" if line.get("waitedMs") is not None else ""
    said = f" and said {line['outcome']}" if line.get("outcome") else ""
    cut = "; its result was cut" if line.get("truncated") else ""
    status = str(line.get("status")).replace("_", " ")
    return f"step {line.get('step')}: {line.get('name')} {status}{ran}{waited}{said}{cut}"


def _turn_ended(line: LogLine) -> str:
    tools = cast("dict[str, int]", line.get("tools") or {})
    did = [counted(line.get("steps", 0), "request")]
    did += [counted(sum(tools.values()), "tool run")] if tools else []
    what = (
        f"the turn ended after {seconds(line['ms'])} ({line.get('stop')}): {', '.join(did)}{tokens(line.get('usage'))}"
    )
    what += _spent(line)
    if not line.get("error"):
        return what
    status = f", HTTP {line['httpStatus']}" if line.get("httpStatus") else ""
    named = f", request {line['providerRequest']}" if line.get("providerRequest") else ""
    text = f"\n{line['text']}" if line.get("text") else ""
    advice = REASONS.get(str(line["error"]), ("", ""))[1]
    return f"{what}. It failed: {reason(line['error'])}{status}{named}{f' -> {advice}' if advice else ''}{text}"


def _spent(line: LogLine) -> str:
    """Where the time went: what took a tenth of a second or more."""
    took = cast("dict[str, float]", line.get("spentMs") or {})
    rest = line["ms"] - sum(took.values())
    most = sorted(took.items(), key=lambda item: -item[1])
    told = [f"{SPENT.get(what, what)} {seconds(ms)}" for what, ms in most if ms >= _WORTH_TELLING]
    told += [f"all else {seconds(rest)}"] if told and rest >= _WORTH_TELLING else []
    return f". Where the time went: {', '.join(told)}" if told else ""


def _shortened(line: LogLine) -> str:
    before, after = line.get("tokensBefore", 0), line.get("tokensAfter", 0)
    why = _SHORTENED.get(str(line.get("reason")), "")
    return f"the conversation was made shorter{why}, in {seconds(line['ms'])}: {before:,} tokens, then {after:,}"


def _settings_refused(line: LogLine) -> str:
    return f"the settings cannot be used ({line.get('source')}): {line.get('text')}"


def _words(line: LogLine) -> str:
    source = str(line.get("from", "")).removeprefix("chatls.")
    return f"{line.get('text')} ({source})"


def reason(kind: Any) -> str:
    """What went wrong, in words."""
    return REASONS.get(str(kind), (str(kind).replace("_", " "), ""))[0]


_SENTENCES: dict[str, Callable[[LogLine], str]] = {
    "daemon_begins": _daemon_begins,
    "daemon_leaves": _daemon_leaves,
    "turn_begins": _turn_begins,
    "model_called": _model_called,
    "tool_called": _tool_called,
    "shortened": _shortened,
    "turn_ended": _turn_ended,
    "settings_refused": _settings_refused,
    "warned": lambda line: str(line.get("text")),
    "words": _words,
}
