"""Arguments that are written neither as JSON nor between tags: Gemma's notation, Python calls, bare code. JSON
fragments come out.

Pure. A text goes out while it is written; any other value when it is complete, because its type decides how it is
written.
"""

import re
from collections.abc import Callable, Generator

from chatls import jsontext
from chatls.content import JsonObject
from chatls.providers.inline import values as values
from chatls.providers.inline.call import OpenCall, quoted
from chatls.providers.inline.source import Source, Wait, Words

_LONGEST_NAME = 300
_TEXT: JsonObject = {"type": "string"}
_AS_JSON = {"(": "{", ")": "}", "=": ":"}
_KEYWORD = re.compile(r"[A-Za-z_]\w*\s*=(?!=)")
_PYTHON = re.compile(r"""["'()\[\]{},\\]""")


def copy_until(source: Source, words: Words, add: Callable[[str], None]) -> Generator[None, None, str]:
    """Pass on everything before the first of these words, which is not consumed; that word."""
    while True:
        size, found = words.certain(source)
        if piece := source.take(size):
            add(piece)
        if found:
            return found
        yield from source.need()


def read_gemma(source: Source, call: OpenCall, quote: str, schema: JsonObject) -> Wait:
    """Gemma's notation: keys without quotes, texts between quotes of its own; some write parentheses around all."""
    depth, key = 0, ""
    token: list[str] = []
    calls = (yield from source.peek()) == "("
    marks, text = Words((quote, *"{}[],:", *("()=" if calls else ""))), Words((quote,))
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
        mark = _AS_JSON.get(mark, mark)
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
        text = source.text[source.at : source.at + _LONGEST_NAME]
        if found := _KEYWORD.match(text):
            if found.end() < len(text) or source.ended:
                source.take(found.end())
                return found.group().rstrip("=").strip()
        elif not re.fullmatch(r"\w+\s*=?", text) or len(text) == _LONGEST_NAME:
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
