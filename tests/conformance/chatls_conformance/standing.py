"""What must hold in every conversation, looked for in all that was said in one."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from chatls_conformance.framing import Json
from chatls_conformance.pipe import KEY, Said
from chatls_conformance.shapes import misshapen, misshapen_method

_ERROR_KINDS: dict[int, set[str]] = {
    -32601: {"not_found"},
    -32602: {"invalid_params"},
    -32603: {"internal"},
    -32800: {"cancelled"},
    1001: {"not_found"},
    1002: {"turn_in_progress"},
    1003: {"overloaded"},
    1004: {"unauthorized"},
    1005: {"not_found"},
    1006: {"not_found"},
    1007: {"invalid_state", "invalid_settings"},
}


def key(value: Any) -> str:
    """Tells 1 from "1"."""
    return json.dumps(value)


@dataclass
class Asked:
    """A request of the client's, and what came of it."""

    method: str
    params: Json
    events: list[tuple[int, Json]] = field(default_factory=list[tuple[int, Json]])
    """What its `partialResultToken` was told, each with its place in the conversation."""
    spinner: list[tuple[int, float, Json]] = field(default_factory=list[tuple[int, float, Json]])
    """The same of its work-done token, with the time."""
    answered: int | None = None
    answer: Json = field(default_factory=dict[str, Any])

    @property
    def result(self) -> Json:
        return self.answer.get("result") or {}

    def turns(self) -> Iterator[list[Json]]:
        """The events, turn by turn."""
        found: dict[str, list[Json]] = defaultdict(list)
        for _, value in self.events:
            found[str(value.get("turnId"))].append(value)
        yield from found.values()


class Talked:
    """A conversation, sorted."""

    def __init__(self, said: list[Said]) -> None:
        self.said = said
        self.asked: list[Asked] = []
        self.stray: list[Json] = []
        """Values of progress for a token that nobody gave."""
        self.given: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()
        self._open: dict[str, Asked] = {}
        self._tokens: dict[str, Asked] = {}
        self._spinners: dict[str, Asked | None] = {}
        for at, item in enumerate(said):
            if item.by == "client":
                self._from_client(item.message)
            else:
                self._from_daemon(at, item)

    def _from_client(self, message: Json) -> None:
        identifier = message.get("id")
        if "id" not in message or "result" in message or "error" in message:
            return
        if isinstance(identifier, str | int) and not isinstance(identifier, bool):
            self.given[key(identifier)] += 1
        asked = Asked(str(message.get("method")), _object(message.get("params")))
        self.asked.append(asked)
        self._open.setdefault(key(identifier), asked)
        if "partialResultToken" in asked.params:
            self._tokens[key(asked.params["partialResultToken"])] = asked
        if "workDoneToken" in asked.params:
            self._spinners[key(asked.params["workDoneToken"])] = asked

    def _from_daemon(self, at: int, item: Said) -> None:
        message = item.message
        method = message.get("method")
        if method == "$/progress":
            self._progress(at, item)
        elif method == "window/workDoneProgress/create":
            self._spinners[key(message["params"]["token"])] = None
        elif method is None:
            name = key(message.get("id"))
            self.answers[name] += 1
            if asked := self._open.pop(name, None):
                asked.answered, asked.answer = at, message

    def _progress(self, at: int, item: Said) -> None:
        params: Json = item.message["params"]
        token = key(params["token"])
        if token in self._tokens:
            self._tokens[token].events.append((at, params["value"]))
        elif token in self._spinners:
            if asked := self._spinners[token]:
                asked.spinner.append((at, item.at, params["value"]))
        else:
            self.stray.append(params["value"])

    def prompts(self) -> Iterator[Asked]:
        """Prompts whose events were asked for."""
        yield from (asked for asked in self.asked if asked.method == "chat/prompt" and asked.events)

    def turns(self) -> Iterator[list[Json]]:
        for asked in self.asked:
            yield from asked.turns()

    def calls(self) -> Iterator[list[Json]]:
        """The events of each call."""
        for events in self.turns():
            names = dict.fromkeys(event["toolCallId"] for event in events if "toolCallId" in event)
            for name in names:
                yield [event for event in events if event.get("toolCallId") == name]

    def daemons(self) -> Iterator[Json]:
        yield from (item.message for item in self.said if item.by == "daemon")


Why = Iterator[str]
STANDING: dict[str, Callable[[Talked], Why]] = {}


def _rule(name: str) -> Callable[[Callable[[Talked], Why]], Callable[[Talked], Why]]:
    def kept(check: Callable[[Talked], Why]) -> Callable[[Talked], Why]:
        STANDING[name] = check
        return check

    return kept


def standing_problems(said: list[Said]) -> dict[str, str]:
    """The standing rules that a conversation breaks, and how."""
    talked = Talked(said)
    found: dict[str, str] = {}
    for name, check in STANDING.items():
        try:
            why = next(check(talked), None)
        except (KeyError, TypeError, AttributeError):
            why = None  # so misshapen that `shape.events` says it
        if why:
            found[name] = why
    return found


@_rule("answer.once")
def _once(talked: Talked) -> Why:
    nameless = talked.answers["null"]
    for name, count in talked.answers.items():
        if name != "null" and count > talked.given[name]:
            yield f"{count} answers with the id {name}, to {talked.given[name]} requests"
    missing = sum(max(0, count - talked.answers[name]) for name, count in talked.given.items())
    if missing > nameless:
        lacking = [name for name, count in talked.given.items() if talked.answers[name] < count]
        yield f"no answer to {', '.join(lacking)}"


@_rule("answer.last")
def _last(talked: Talked) -> Why:
    for asked in talked.asked:
        if asked.answered is not None and asked.method != "chat/session/load":
            late = [value for at, value in asked.events if at > asked.answered]
            late += [value for at, _, value in asked.spinner if at > asked.answered]
            if late:
                yield f"an event behind the answer to {asked.method}: {late[0].get('kind')}"


@_rule("turn.result")
def _result(talked: Talked) -> Why:
    for asked in talked.prompts():
        if "error" in asked.answer:
            yield f"the turn had begun, and was answered with {asked.answer['error']}"


@_rule("end.whole")
def _whole(talked: Talked) -> Why:
    for events in talked.turns():
        text = ""
        for event in events:
            match event["kind"]:
                case "textChunk":
                    text += event["text"]
                case "reclassified":
                    text = text[event["length"] :]
                case "stepEnd":
                    if text != event["text"]:
                        yield f"stepEnd says {event['text'][:80]!r}, the chunks {text[:80]!r}"
                    text = ""
                case _:
                    pass


@_rule("session.known")
def _known(talked: Talked) -> Why:
    known: set[str] = set()
    for item in talked.said:
        message = item.message
        named = {name for name in _sessions(message) if name}
        if item.by == "daemon" and message.get("method") not in ("$/progress", None) and not named <= known:
            yield f"{message['method']} names {named - known}, which nobody told the client"
        known |= named


def _sessions(message: Json) -> Iterator[str]:
    params = _object(message.get("params"))
    for place in (params, _object(params.get("value")), _object(message.get("result"))):
        for name in ("sessionId", "newSessionId", "branch"):
            yield place[name] if isinstance(place.get(name), str) else ""


def _object(value: Any) -> Json:
    return cast("Json", value) if isinstance(value, dict) else {}


@_rule("message.jsonrpc")
def _jsonrpc(talked: Talked) -> Why:
    for message in talked.daemons():
        if message.get("jsonrpc") != "2.0":
            yield f"a message without jsonrpc 2.0: {key(message)[:200]}"


@_rule("shape.events")
def _shapes(talked: Talked) -> Why:
    for events in talked.turns():
        for event in events:
            if why := misshapen("Event", event) or misshapen("ProgressValue", event):
                yield f"{event.get('kind')}: {why}"


@_rule("shape.results")
def _results(talked: Talked) -> Why:
    for asked in talked.asked:
        if "result" in asked.answer:
            why = misshapen_method(asked.method, "result", asked.answer["result"])
            if why:
                yield f"the result of {asked.method}: {why}"


@_rule("shape.questions")
def _questions(talked: Talked) -> Why:
    for message in talked.daemons():
        if "method" in message and "id" in message:
            why = misshapen_method(message["method"], "params", message.get("params"))
            if why:
                yield f"{message['method']}: {why}"


@_rule("error.data")
def _data(talked: Talked) -> Why:
    for message in talked.daemons():
        error = message.get("error")
        if error and (why := misshapen("ResponseError", error)):
            yield why
        if error and error.get("code") in _ERROR_KINDS and misshapen("ErrorData", error.get("data")):
            yield f"{error.get('code')} has the data {error.get('data')}"


@_rule("error.kinds")
def _error_kinds(talked: Talked) -> Why:
    for message in talked.daemons():
        error = _object(message.get("error"))
        kind = _object(error.get("data")).get("kind")
        wanted = _ERROR_KINDS.get(error.get("code", 0))
        if wanted and isinstance(kind, str) and kind not in wanted:
            yield f"{error['code']} has the kind {kind}"


@_rule("error.key")
def _no_key(talked: Talked) -> Why:
    for message in talked.daemons():
        if KEY in key(message):
            yield f"the key stands in {key(message)[:200]}"


@_rule("events.tokens")
def _tokens(talked: Talked) -> Why:
    for value in talked.stray:
        yield f"{value.get('kind')} for a token that nobody gave"


@_rule("events.seq")
def _seq(talked: Talked) -> Why:
    for events in talked.turns():
        counted = [event["seq"] for event in events]
        if counted != list(range(1, len(counted) + 1)):
            yield f"seq counts {counted[:20]}"


@_rule("events.start")
def _start(talked: Talked) -> Why:
    for asked in talked.prompts():
        kinds = [value["kind"] for _, value in asked.events]
        if kinds[0] != "turnStart" or kinds.count("turnStart") != 1:
            yield f"the events are {kinds[:6]}"
        if len({value["turnId"] for _, value in asked.events}) > 1:
            yield "events of several turns"


@_rule("events.names")
def _names(talked: Talked) -> Why:
    for events in talked.turns():
        for event in events:
            if event["kind"] in ("begin", "report", "end") or "message" in event:
                yield f"an event {key(event)[:200]}"


@_rule("events.context")
def _context(talked: Talked) -> Why:
    for asked in talked.prompts():
        kinds = [value["kind"] for _, value in asked.events if value["kind"] in ("stepEnd", "contextUsage")]
        if kinds != ["stepEnd", "contextUsage"] * (len(kinds) // 2) and asked.answered is not None:
            yield f"replies end with {kinds}"


@_rule("call.one-end")
def _one_end(talked: Talked) -> Why:
    for events in talked.calls():
        kinds = [event["kind"] for event in events]
        if kinds[-1] != "toolRunEnd" or (kinds.count("toolRunEnd") != 1 and kinds.count("toolCallEnd") < 2):
            yield f"a call has the events {kinds}"


@_rule("call.complete")
def _complete(talked: Talked) -> Why:
    for events in talked.calls():
        kinds = [event["kind"] for event in events]
        if kinds[0] != "toolCallStart":
            yield f"a call begins with {kinds[0]}"
        if "toolCallEnd" not in kinds:
            yield f"a call without toolCallEnd: {kinds}"
        elif "toolRunStart" in kinds and kinds.index("toolRunStart") < kinds.index("toolCallEnd"):
            yield "a call ran before its arguments were complete"


@_rule("call.either")
def _either(talked: Talked) -> Why:
    for events in talked.calls():
        for event in events:
            if event["kind"] == "toolCallEnd" and ("arguments" in event) == ("argumentsError" in event):
                yield f"toolCallEnd has {sorted(event)}"


@_rule("call.deltas")
def _deltas(talked: Talked) -> Why:
    for events in talked.calls():
        joined = "".join(event["argumentsDelta"] for event in events if event["kind"] == "toolCallDelta")
        ends = [event for event in events if event["kind"] == "toolCallEnd" and "arguments" in event]
        if joined and ends and _loaded(joined) != ends[0]["arguments"]:
            yield f"the deltas are {joined[:100]!r}, the arguments {key(ends[0]['arguments'])[:100]}"


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


@_rule("ask.resolved")
def _resolved(talked: Talked) -> Why:
    for events in talked.calls():
        kinds = [event["kind"] for event in events]
        if kinds.count("permissionRequested") != kinds.count("permissionResolved"):
            yield f"a call has the events {kinds}"
        elif "permissionRequested" in kinds and "toolRunStart" in kinds:
            places = [kinds.index(name) for name in ("permissionRequested", "permissionResolved", "toolRunStart")]
            if places != sorted(places):
                yield f"a call ran before the answer: {kinds}"


@_rule("ask.options")
def _options(talked: Talked) -> Why:
    for message in talked.daemons():
        if message.get("method") == "chat/requestPermission":
            options = message["params"]["options"]
            if not 0 < len(options) <= 8 or len({option["id"] for option in options}) != len(options):
                yield f"the options are {[option['id'] for option in options]}"


@_rule("prompt.counts")
def _counts(talked: Talked) -> Why:
    for asked in talked.prompts():
        result = asked.result
        if not result or any(value.get("replay") for _, value in asked.events):
            continue
        kinds = Counter(value["kind"] for _, value in asked.events)
        if not kinds["stepEnd"] <= result["steps"] <= kinds["stepEnd"] + 1:
            yield f"{kinds['stepEnd']} replies were whole, the result says {result['steps']} steps"
        runs = kinds["toolRunStart"]
        if sum(result["tools"].values()) != runs:
            yield f"{runs} calls ran, the result says {result['tools']}"
        if result["chunks"] < kinds["textChunk"] + kinds["thinkingChunk"]:
            yield f"more chunks than the result says, {result['chunks']}"


@_rule("prompt.ids")
def _ids(talked: Talked) -> Why:
    for asked in talked.prompts():
        first = asked.events[0][1]
        for name in ("turnId", "sessionId"):
            if asked.result and name in first and asked.result[name] != first[name]:
                yield f"{name}: turnStart says {first[name]}, the result {asked.result[name]}"


@_rule("workdone.ends")
def _spinner(talked: Talked) -> Why:
    for asked in talked.asked:
        kinds = [value["kind"] for _, _, value in asked.spinner]
        if kinds and (kinds[0], kinds[-1], set(kinds[1:-1]) - {"report"}) != ("begin", "end", set[str]()):
            yield f"work-done progress is {kinds}"


@_rule("workdone.rate")
def _rate(talked: Talked) -> Why:
    for asked in talked.asked:
        times = [time for _, time, value in asked.spinner if value["kind"] == "report"]
        for first, third in zip(times, times[2:], strict=False):
            if third - first < 0.25:
                yield f"three reports within {third - first:.2f} s"


@_rule("question.ids")
def _question_ids(talked: Talked) -> Why:
    names = [key(message["id"]) for message in talked.daemons() if "method" in message and "id" in message]
    if len(set(names)) != len(names):
        yield f"two requests of the daemon's have one id: {names}"


@_rule("load.replay")
def _replay(talked: Talked) -> Why:
    for asked in talked.asked:
        if asked.method == "chat/session/load" and asked.answered is not None:
            before = [value for at, value in asked.events if at < asked.answered]
            if not all(value.get("replay") is True for value in before):
                yield "an event of a load before its answer has no `replay: true`"
            turns = list(asked.turns())
            if any(events[0]["kind"] != "prompt" for events in turns if events[0].get("replay")):
                yield f"turns begin with {[events[0]['kind'] for events in turns]}"
