"""Values between tags that hold tags: they arrive whole, or the call is an error, and never a part of one."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatls.content import JsonObject
from chatls.providers.delta import CallArguments, CallReady
from chatls.providers.inline.dialect import OWN_SUFFIX
from chatls.providers.inline.families import FAMILIES
from chatls.providers.inline.parser import InlineParser
from tests.providers.inline.reading import Reply, deltas_of, fold, read, without_pieces
from tests.providers.inline.test_properties import PLACES, cut
from tests.providers.inline.writers import DSML, GCML, M3, WRITERS, Writer
from tests.support.cases import for_each

TEXT: JsonObject = {"type": "string"}
SAVE: JsonObject = {
    "type": "object",
    "properties": {"path": TEXT, "content": TEXT, "mode": TEXT, "line": {"type": "integer"}},
    "required": ["path", "content"],
}
FIND: JsonObject = {"type": "object", "properties": {"pattern": TEXT, "path": TEXT}, "required": ["pattern"]}
TOOLS: dict[str, JsonObject] = {"save": SAVE, "find": FIND}


def mixed(calls: Any) -> str:
    def one(name: str, arguments: Any) -> str:
        inner = "".join(f'<parameter name="{key}">{value}</parameter>\n' for key, value in arguments.items())
        return f'<function name="{name}">\n{inner}</function>'

    return "\n".join(one(*call) for call in calls)


def called(reply: Reply) -> list[tuple[str, JsonObject]]:
    return [(call.name, call.arguments) for call in reply.calls if call.arguments is not None]


def arguments_of(reply: Reply) -> list[JsonObject | None]:
    assert all(call.ready and (call.arguments is not None or call.error) for call in reply.calls)
    return [call.arguments for call in reply.calls]


TAGS = {
    "qwen 3 coder": ("<parameter={key}>", "</parameter>"),
    "seed": ("<parameter={key}>", "</parameter>"),
    "glm": ("<arg_key>{key}</arg_key>\n<arg_value>", "</arg_value>"),
    "glm, tight": ("<arg_key>{key}</arg_key><arg_value>", "</arg_value>"),
    "iquest coder": ("<arg_key>{key}</arg_key><arg_value>", "</arg_value>"),
    "iquest q1": ("<arg_key>{key}</arg_key><arg_value>", "</arg_value>"),
    "longcat, pairs": (
        "<longcat_arg_key>{key}</longcat_arg_key><longcat_arg_value>",
        "</longcat_arg_value>",
    ),
    "hunyuan 3": ("<arg_key>{key}</arg_key>\n<arg_value>", "</arg_value>"),
    "deepseek 3.2": (f'<{DSML}parameter name="{{key}}" string="true">', f"</{DSML}parameter>"),
    "k2 horizon": ("<ifm|arg_key>{key}</ifm|arg_key><ifm|arg_value>", "</ifm|arg_value>"),
    "muse": ('<atem:parameter name="{key}">', "</atem:parameter>"),
    "dots": ('<parameter name="{key}">', "</parameter>"),
    "minimax m2": ('<parameter name="{key}">', "</parameter>"),
    "minimax m3": (f"{M3}<{{key}}>", f"{M3}</content>"),
    "minicpm": ('<param name="{key}">', "</param>"),
    "step 3": ('<steptml:parameter name="{key}">', "</steptml:parameter>"),
    "kimi k3": ('<|open|>argument key="{key}" type="string"<|sep|>', "<|close|>argument<|sep|>"),
    "hunyuan 4": ("<arg_key:6124c78e>{key}</arg_key:6124c78e><arg_value:6124c78e>", "</arg_value:6124c78e>"),
    "deepseek 4.1": (f'<{DSML} parameter name="{{key}}" string="true">', f"</{DSML} parameter>"),
    "gigachat 3.5": (f'<{GCML}parameter name="{{key}}" string="true">', f"</{GCML}parameter>"),
    "solar open 2": ("<|tool_arg:start|>{key}<|tool_arg:value|>", "<|tool_arg:end|>"),
    "step 3, named twice": ('<steptml:parameter name="{key}">', "</steptml:parameter>"),
    "minimax and qwen, mixed": ('<parameter name="{key}">', "</parameter>"),
}
"""What opens a parameter, and what closes one named `content`."""

TAGGED = {
    **{name: writer for name, writer in WRITERS.items() if name in TAGS},
    "minimax and qwen, mixed": Writer(mixed),
}

FORMS = pytest.mark.parametrize("form", TAGS)


def written(form: str, *calls: tuple[str, JsonObject]) -> str:
    return TAGGED[form].calls(calls)


def other(form: str) -> str:
    return written(form, ("find", {"pattern": "x", "path": "y"}))


def save(content: str, **more: str) -> tuple[str, JsonObject]:
    return "save", {"path": "a.md", "content": content, **more}


def test_every_family_with_tags_is_among_these() -> None:
    assert TAGS.keys() == TAGGED.keys()
    openers = [family.openers for family in FAMILIES if family.tags]
    everything = "".join(written(form, save("x")) for form in TAGS).replace(":6124c78e", OWN_SUFFIX)
    assert [some for some in openers if not any(one in everything for one in some)] == []


@FORMS
def test_a_value_that_holds_what_closes_it_arrives_whole(form: str) -> None:
    closer = TAGS[form][1]
    for content in (
        f"a {closer} b", f"a {closer}", f"{closer} b", f"{closer}{closer} b", f"<x>\n  {closer}\n</x>\n{closer}.",
        f"```\n{closer}\n```", f'text = "{closer}"\nend = f"{closer}" + x',
    ):  # fmt: skip
        reply = read(written(form, save(content)), TOOLS)
        assert (called(reply), reply.text) == ([save(content)], ""), content


@FORMS
def test_a_value_that_holds_a_whole_call_arrives_whole(form: str) -> None:
    call, own = other(form), written(form, save("y"))
    for content in (
        f"a\n{call}\nb", f"a\n{own}\nb", f"{call}\n{call}.", f"a\n{call}", f"```xml\n{own}\n```\nand\n```\n{call}\n```",
    ):  # fmt: skip
        reply = read(written(form, save(content)), TOOLS)
        assert (called(reply), reply.text) == ([save(content)], ""), content


@FORMS
def test_calls_behind_one_another_are_as_many_although_values_hold_what_closes_them(form: str) -> None:
    closer = TAGS[form][1]
    calls: list[tuple[str, JsonObject]] = [
        save(f"a {closer} b"),
        ("find", {"pattern": "x"}),
        save(f"{closer}."),
    ]
    reply = read(f"{written(form, *calls)}\nDone.", TOOLS)
    assert (called(reply), reply.text) == (calls, "Done.")


def test_a_value_goes_out_while_it_is_written_although_it_holds_what_closes_it() -> None:
    parser = InlineParser(TOOLS)
    parser.feed("<function=save><parameter=path>a</parameter><parameter=content>")
    pieces = ("one ", "</parameter> two ", "three ")
    seen = ["".join(one.text for one in parser.feed(piece) if isinstance(one, CallArguments)) for piece in pieces]
    assert seen == ["one ", "</parameter> two ", "three "]


PATH = "<function=save><parameter=path>\na.md\n</parameter>\n"
ENDS = "</parameter>\n</function>\n</tool_call>"


@for_each(
    "text",
    [
        f"{PATH}<parameter=content>\na\n{ENDS}\nb </parameter>",
        f"{PATH}<parameter=content>\na\n</function>\n</tool_call>\nb",
        f"{PATH}<parameter=content>\na\n</parameter>\nb",
        f"{PATH}<parameter=content>\na\n</parameter>\nb\n</function>\n</tool_call>",
        f"{PATH}<parameter=content>\na\n</parameter>\n<parameter=path>\nb\n{ENDS}",
        f"{PATH}<parameter=content>\na\n</parameter>\n<parameter=other>\nb\n{ENDS}",
        f"{PATH}<parameter=content>\nUse <parameter=mode> so.\n{ENDS}",
        f"{PATH}<parameter=content>\nUse <parameter=x> so.\n</parameter>\n<parameter=mode>\nx\n{ENDS}",
        f"{PATH}<parameter=content>\n<tool_call>\n<function=find>\n<parameter=pattern>\nx\n{ENDS}",
        f"{PATH}<parameter=content>\n<tool_call>\n<function=find>\n</function>\n</tool_call>",
        f"{PATH}and\n<parameter=content>\na\n{ENDS}",
    ],
)
def test_what_can_be_read_in_two_ways_is_an_error(text: str) -> None:
    assert arguments_of(read(text, TOOLS)) == [None]


@for_each(
    ("text", "arguments"),
    [
        ("<parameter=path>\na\n<parameter=content>\nb\n</parameter>\n</function>", {"path": "a", "content": "b"}),
        ("<parameter=path>\na\n<parameter=content>\nb\n</function>\n", {"path": "a", "content": "b"}),
        (f"<parameter=line>\n1\n<parameter=path>\na\n{ENDS}", {"line": 1, "path": "a"}),
        ("<parameter=path>\na\n<parameter=mode>\nb\n</function>\n</tool_call>", {"path": "a", "mode": "b"}),
    ],
)
def test_a_tag_that_was_forgotten_is_still_understood_where_nothing_else_can_be_meant(
    text: str, arguments: JsonObject
) -> None:
    assert arguments_of(read(f"<tool_call><function=save>{text}", TOOLS)) == [arguments]


def test_a_reply_that_was_cut_off_behind_what_may_be_the_calls_end_has_no_call() -> None:
    reply = read(f"{PATH}<parameter=content>\na\n{ENDS}", TOOLS, cut=True)
    assert not any(call.ready for call in reply.calls)


def test_a_call_is_not_believed_if_what_closes_its_value_comes_once_more_behind_other_calls() -> None:
    inner = '<tool_call>\n{"name": "find", "arguments": {"pattern": "x"}}\n</tool_call>'
    text = f"{PATH}<parameter=content>\na\n{ENDS}\n{inner}\nz\n{ENDS}"
    assert arguments_of(read(text, TOOLS)) == [None, None]
    assert arguments_of(read(text.removesuffix(ENDS), TOOLS)) == [save("a")[1], {"pattern": "x"}]


def test_no_call_is_believed_behind_one_that_may_hold_it() -> None:
    call = '<tool_call>\n{"name": "find", "arguments": {"pattern": "x"}}\n</tool_call>'
    text = f"{PATH}<parameter=content>\na\n</parameter>\n<parameter=path>\nb\n{ENDS}\n{call}"
    assert arguments_of(read(text, TOOLS)) == [None, None]


def test_calls_are_told_in_the_order_in_which_they_were_written_whatever_their_forms() -> None:
    text = f'{PATH}{ENDS[13:]}<tool_call>{{"name": "find", "arguments": {{"pattern": "x"}}}}</tool_call>'
    told = [delta.arguments for delta in deltas_of([text], TOOLS) if isinstance(delta, CallReady)]
    assert told == [{"path": "a.md"}, {"pattern": "x"}]


def test_cdata_is_a_value_to_its_own_end() -> None:
    head = '<function name="save"><param name="path">a</param><param name="content"><![CDATA['
    assert arguments_of(read(f"{head}x</param></function>y]]></param></function>", TOOLS)) == [
        {"path": "a", "content": "x</param></function>y"}
    ]
    assert arguments_of(read(f"{head}x]]>y</param></function>", TOOLS)) == [None]


@st.composite
def values(draw: st.DrawFn) -> tuple[str, str, str]:
    """A form, and two texts that hold its tags, whole and in pieces."""
    form = draw(st.sampled_from(sorted(TAGS)))
    opening, close = TAGS[form]
    end = written(form, save("\x00")).partition("\x00")[2]
    opened = [opening.replace("{key}", key) for key in ("path", "content", "mode", "pattern", "x")]
    pieces = (
        close, end, end.removeprefix("\n").removeprefix(close), *opened, other(form), written(form, save("w")),
        "<parameter>", "</parameter>", "\n", " ", "word", "```\n", close[:-1], close[1:], opened[0][:-2],
    )  # fmt: skip
    texts = st.lists(st.sampled_from(pieces), max_size=6).map(lambda found: f"a{''.join(found)}z")
    return form, draw(texts), draw(texts)


@settings(max_examples=400, deadline=None)
@given(values(), PLACES, st.sampled_from((0, 1, 2)), st.sampled_from(("", "\nDone.")))
def test_a_value_arrives_whole_or_its_call_is_an_error_however_it_is_cut(
    told: tuple[str, str, str], places: list[int], kind: int, behind: str
) -> None:
    form, first, second = told
    calls = ([save(first)], [save(first, mode=second)], [save(first), ("find", {"pattern": second})])[kind]
    text = written(form, *calls) + behind
    whole = without_pieces(fold(deltas_of([text], TOOLS)))
    for pieces in (cut(text, places), list(text)):
        assert without_pieces(fold(deltas_of(pieces, TOOLS))) == whole
    assert whole.calls
    said = called(whole)
    same = "".join(written(form, *said).split()) == "".join((text.removesuffix(behind)).split())
    assert same or all(call in calls for call in said), said
