"""Arguments that are not written as JSON: tags, Gemma's notation, Python calls, bare code. JSON fragments come out.

Pure. A value goes out while it is written where only text is allowed; otherwise when it is complete, because its type
decides how it is written.
"""

import re
from collections.abc import Callable, Generator

from chatls import jsontext
from chatls.content import JsonObject
from chatls.providers import inline_values as values
from chatls.providers.inline_call import OpenCall, quoted
from chatls.providers.inline_families import Tags
from chatls.providers.inline_source import Source, Wait, Words

_LONGEST_TAG = 300
_CDATA = "<![CDATA["
_TEXT: JsonObject = {"type": "string"}
_KEYWORD = re.compile(r"[A-Za-z_]\w*\s*=(?!=)")
_PYTHON = re.compile(r"""["'()\[\]{},\\]""")


def read_tags(source: Source, call: OpenCall, tags: Tags, schema: JsonObject) -> Wait:
    """Parameters between tags, up to the tag that closes the call."""
    pattern = re.compile(tags.parameter)
    call.add("{")
    first = True
    while True:
        call.whole = True
        yield from source.skip_blanks()
        found = yield from _parameter(source, pattern, tags)
        if found is None:
            break
        call.whole = False
        source.take(found.end() - found.start())
        key, kind = found["key"], found.groupdict().get("kind")
        call.add(("" if first else ", ") + quoted(key) + ": ")
        first = False
        member = values.member(schema, key)
        as_text = values.is_text(member) if kind is None else kind in ("true", "string")
        yield from _value(source, call, tags.close.replace("{key}", key), None if as_text else member)
    call.add("}")
    call.ready()


def _parameter(source: Source, pattern: re.Pattern[str], tags: Tags) -> Generator[None, None, re.Match[str] | None]:
    """The tag that opens the next parameter, not consumed; None where the call ends."""
    while True:
        text = source.text[source.at : source.at + _LONGEST_TAG]
        if text.startswith(tags.end):
            source.take(len(tags.end))
            return None
        if found := pattern.match(source.text, source.at, source.at + _LONGEST_TAG):
            return found
        possible = tags.end.startswith(text) or tags.begin.startswith(text) or text.startswith(tags.begin)
        if not possible or len(text) == _LONGEST_TAG:
            return None
        yield from source.need()


def _value(source: Source, call: OpenCall, close: str, schema: JsonObject | None) -> Wait:
    """One value up to what closes it; text is passed on as it comes, where `schema` is None."""
    texts: list[str] = []
    add = call.add_text if schema is None else texts.append
    if schema is None:
        call.add('"')
    if (yield from source.peek()) == "<" and (yield from source.upcoming(len(_CDATA))) == _CDATA:
        source.take(len(_CDATA))
        yield from copy_until(source, Words(("]]>",)), add)
        source.take(3)
        yield from copy_until(source, Words((close,)), lambda _: None)
    else:
        ahead = (yield from source.upcoming(2)) if (yield from source.peek()) == "\r" else source.text[source.at]
        newline = ahead if ahead in ("\n", "\r\n") else ""
        source.take(len(newline))
        yield from copy_until(source, Words((newline + close, close)), add)
        source.take(len(newline) if source.text.startswith(newline + close, source.at) else 0)
    source.take(len(close))
    call.add('"' if schema is None else jsontext.dumps(values.read("".join(texts), schema)).decode())


def copy_until(source: Source, words: Words, add: Callable[[str], None]) -> Wait:
    """Pass on everything before the first of these words, which is not consumed."""
    while True:
        size, found = words.certain(source)
        if piece := source.take(size):
            add(piece)
        if found:
            return
        yield from source.need()


def read_gemma(source: Source, call: OpenCall, quote: str, schema: JsonObject) -> Wait:
    """Gemma's notation: keys without quotes, texts between quotes of its own."""
    depth, key = 0, ""
    token: list[str] = []
    marks, text = Words((quote, *"{}[],:")), Words((quote,))
    while True:
        size, mark = marks.certain(source)
        token.append(source.take(size))
        if not mark:
            yield from source.need()
            continue
        source.take(len(mark))
        if mark == quote:
            member = values.member(schema, key) if depth == 1 else {}
            yield from _quoted(source, call, text, member if values.kinds(member) else _TEXT)
            source.take(len(quote))
            continue
        word = "".join(token).strip()
        token.clear()
        if word:
            call.add(quoted(word.strip('"')) if mark == ":" else _literal(word))
            key = word.strip('"') if mark == ":" else key
        call.add(mark)
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(mark, 0)
        if depth <= 0:
            call.ready()
            return


def _quoted(source: Source, call: OpenCall, end: Words, schema: JsonObject) -> Wait:
    """A text between quotes, which a schema may say is something else."""
    if "string" in values.kinds(schema):
        call.add('"')
        yield from copy_until(source, end, call.add_text)
        call.add('"')
        return
    texts: list[str] = []
    yield from copy_until(source, end, texts.append)
    call.add(jsontext.dumps(values.read("".join(texts), schema)).decode())


def read_python(source: Source, call: OpenCall, schema: JsonObject) -> Wait:
    """The arguments of a Python call, behind its opening parenthesis."""
    names = values.names(schema)
    call.add("{")
    count = 0
    while True:
        yield from source.skip_blanks()
        match (yield from source.peek()):
            case ")":
                source.take(1)
                break
            case ",":
                source.take(1)
            case _:
                key = yield from _keyword(source)
                text = yield from _expression(source)
                key = key or (names[count] if count < len(names) else f"argument{count + 1}")
                call.add(("" if count == 0 else ", ") + quoted(key) + ": " + _literal(text))
                count += 1
    call.add("}")
    call.ready()


def read_code(source: Source, call: OpenCall, schema: JsonObject, ends: Words) -> Wait:
    """Bare code: the text of the tool's one argument, up to a word that ends it, which is not consumed, or the end."""
    key = next(iter(values.names(schema)), "code")
    call.add("{" + quoted(key) + ': "')
    while True:
        size, found = ends.certain(source)
        if piece := source.take(size):
            call.add_text(piece)
        if found or source.ended:
            break
        yield
    if found or not source.cut:
        call.add('"}')
        call.ready()


def _keyword(source: Source) -> Generator[None, None, str]:
    """The name of a keyword argument, consumed; "" where there is none."""
    while True:
        text = source.text[source.at : source.at + _LONGEST_TAG]
        if found := _KEYWORD.match(text):
            if found.end() < len(text) or source.ended:
                source.take(found.end())
                return found.group().rstrip("=").strip()
        elif not re.fullmatch(r"\w+\s*=?", text) or len(text) == _LONGEST_TAG:
            return ""
        yield from source.need()


def _expression(source: Source) -> Generator[None, None, str]:
    """The source text of one argument, up to its comma or the call's closing parenthesis."""
    texts: list[str] = []
    depth, quote = 0, ""
    while True:
        found = _PYTHON.search(source.text, source.at)
        if found is None:
            texts.append(source.take_all())
            yield from source.need()
            continue
        texts.append(source.take(found.start() - source.at))
        mark = found.group()
        if mark == "\\":
            texts.append(source.take(len((yield from source.upcoming(2)))))
            continue
        if mark in "\"'":
            triple = (yield from source.upcoming(3)) == mark * 3
            if not quote:
                quote = mark * 3 if triple else mark
                texts.append(source.take(len(quote)))
                continue
            size = len(quote) if mark == quote[0] and (len(quote) == 1 or triple) else 1
            quote = "" if mark == quote[0] and (len(quote) == 1 or triple) else quote
            texts.append(source.take(size))
            continue
        if not quote:
            if depth == 0 and mark in ",)":
                return "".join(texts)
            depth += 1 if mark in "([{" else -1 if mark in ")]}" else 0
        texts.append(source.take(1))


def _literal(text: str) -> str:
    return jsontext.dumps(values.read_literal(text)).decode()
