"""Calls and thinking inside text, case by case: each family, and what only looks like a call."""

from chatls.content import JsonObject
from chatls.providers.delta import CallArguments, CallStart, TextDelta, ThinkingDelta
from chatls.providers.inline.parser import InlineParser
from tests.providers.inline.reading import TOOLS, deltas_of, fold, read
from tests.support.cases import for_each

HERMES = '<tool_call>\n{"name": "get_time", "arguments": {"city": "Oslo"}}\n</tool_call>'
DSML = "<\uff5cDSML\uff5c"
M3 = "]<]minimax[>["
SEP = "<\uff5ctool▁sep\uff5c>"
END = "<\uff5ctool▁call▁end\uff5c>"
V31 = "<\uff5ctool▁calls▁begin\uff5c><\uff5ctool▁call▁begin\uff5c>"

ONE_CALL = {
    "hermes": HERMES,
    "hermes, arguments first": '<tool_call>{"arguments": {"city": "Oslo"}, "name": "get_time"}</tool_call>',
    "hermes, a string": r'<tool_call>{"name": "get_time", "arguments": "{\"city\": \"Oslo\"}"}</tool_call>',
    "hermes, junk behind": '<tool_call>{"name": "get_time", "arguments": {"city": "Oslo"}}</_call>',
    "hermes, opened twice": f"<tool_call>{HERMES}</tool_call>",
    "hermes, function": '<function name="get_time">\n{"city": "Oslo"}\n</function>',
    "step 3": (
        "<\uff5ctool_calls_begin\uff5c><\uff5ctool_call_begin\uff5c>function<\uff5ctool_sep\uff5c>"
        '<steptml:invoke name="get_time"><steptml:parameter name="city">Oslo</steptml:parameter></steptml:invoke>'
        "<\uff5ctool_call_end\uff5c><\uff5ctool_calls_end\uff5c>"
    ),
    "llama 3": '{"name": "get_time", "parameters": {"city": "Oslo"}}',
    "llama 3, typed": '{"type": "function", "name": "get_time", "parameters": {"city": "Oslo"}}',
    "llama 3, tag": '<|python_tag|>{"name": "get_time", "parameters": {"city": "Oslo"}}<|eom_id|>',
    "llama 3, python": '<|python_tag|>get_time.call(city="Oslo")',
    "llama 3, function": '<function=get_time>{"city": "Oslo"}</function>',
    "llama 4": '[get_time(city="Oslo")]',
    "mistral, list": '[TOOL_CALLS] [{"name": "get_time", "arguments": {"city": "Oslo"}, "id": "123456789"}]',
    "mistral, name": '[TOOL_CALLS]get_time[ARGS]{"city": "Oslo"}</s>',
    "mistral, name and id": '[TOOL_CALLS]get_time[CALL_ID]123456789[ARGS]{"city": "Oslo"}',
    "mistral, name alone": '[TOOL_CALLS]get_time{"city": "Oslo"}',
    "qwen3 coder": "<tool_call>\n<function=get_time>\n<parameter=city>\nOslo\n</parameter>\n</function>\n</tool_call>",
    "deepseek 3": f'{V31}function{SEP}get_time\n```json\n{{"city": "Oslo"}}\n```{END}',
    "deepseek 3.1": f'{V31}get_time{SEP}{{"city": "Oslo"}}{END}',
    "deepseek 3.2": (
        f'{DSML}function_calls>\n{DSML}invoke name="get_time">\n{DSML}parameter name="city" string="true">Oslo'
        "</\uff5cDSML\uff5cparameter>\n</\uff5cDSML\uff5cinvoke>\n</\uff5cDSML\uff5cfunction_calls>"
    ),
    "glm": "<tool_call>get_time\n<arg_key>city</arg_key>\n<arg_value>Oslo</arg_value>\n</tool_call>",
    "kimi k2": (
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.get_time:0<|tool_call_argument_begin|>"
        '{"city": "Oslo"}<|tool_call_end|><|tool_calls_section_end|>'
    ),
    "gpt-oss": '<|channel|>commentary to=functions.get_time <|constrain|>json<|message|>{"city": "Oslo"}<|call|>',
    "gpt-oss, recipient first": (
        '<|start|>assistant to=functions.get_time<|channel|>commentary json<|message|>{"city": "Oslo"}'
    ),
    "granite": '<|tool_call|>[{"name": "get_time", "arguments": {"city": "Oslo"}}]',
    "functionary 3.2": 'get_time\n{"city": "Oslo"}',
    "command r7b": '<|START_ACTION|>[{"tool_call_id": "0", "tool_name": "get_time", "parameters": {"city": "Oslo"}}]',
    "gemma 4": '<|tool_call>call:get_time{city:<|"|>Oslo<|"|>}<tool_call|>',
    "lfm2": "<|tool_call_start|>[get_time(city='Oslo')]<|tool_call_end|>",
    "minimax m2": (
        '<minimax:tool_call>\n<invoke name="get_time">\n<parameter name="city">Oslo</parameter>\n</invoke>\n'
        "</minimax:tool_call>"
    ),
    "minimax m3": (
        f'{M3}<tool_call>\n{M3}<invoke name="get_time">{M3}<city>Oslo{M3}</city>{M3}</invoke>\n{M3}</tool_call>'
    ),
    "minicpm": '<function name="get_time"><param name="city"><![CDATA[Oslo]]></param></function>',
    "apertus": '<|tools_prefix|>[{"get_time": {"city": "Oslo"}}]<|tools_suffix|>',
    "firefunction": 'functools[{"name": "get_time", "arguments": {"city": "Oslo"}}]',
    "generic": '{"tool_calls": [{"name": "get_time", "arguments": {"city": "Oslo"}}]}',
    "a fence and nothing else": '```json\n{"name": "get_time", "arguments": {"city": "Oslo"}}\n```',
}


@for_each("text", ONE_CALL.values(), ids=ONE_CALL.keys())
def test_a_call_is_read_and_nothing_of_it_is_shown(text: str) -> None:
    reply = read(text)
    assert (reply.text, reply.thinking) == ("", "")
    assert [(call.name, call.arguments) for call in reply.calls] == [("get_time", {"city": "Oslo"})]


@for_each("name", [name for name in ONE_CALL if name not in ("functionary 3.2", "a fence and nothing else")])
def test_text_before_and_behind_a_call_is_kept(name: str) -> None:
    ends = "<|call|>" if "gpt-oss" in name else ""
    reply = read(f"First I look.\n{ONE_CALL[name]}{ends}\nThen I speak.")
    assert reply.text == "First I look.\nThen I speak."
    assert [call.arguments for call in reply.calls] == [{"city": "Oslo"}]


@for_each("name", [name for name in ONE_CALL if "functionary" not in name])
def test_a_call_of_a_tool_that_is_not_offered_stays_text(name: str) -> None:
    reply = read(ONE_CALL[name], {"other": {}})
    assert reply.calls == []
    assert "get_time" in reply.text
    assert "Oslo" in reply.text


@for_each(
    "text",
    [
        f"So it is written:\n```xml\n{HERMES}\n```\nThat is all.",
        f"So:\n~~~~\n~~~\n{HERMES}\n~~~~\n",
        "Write `<tool_call>` and `</tool_call>`, or <think> and </think>, or [TOOL_CALLS] for Mistral.",
        "`<tool_call>{}</tool_call>` and <function=get_time> are two ways; <|python_tag|> is a third.",
        'As JSON:\n{"name": "Oslo", "arguments": 3}\n{"city": [1, 2]}\n[1, 2]\n[get_time] [x](y)',
        '{"name": "get_time", "age": 3}',
        "a < b > c, d[0] = {}; >>> get_time\n<b>bold</b> <tool",
        "Write `so: <function=get_time></function>` in a line, ``or `so <function=get_time></function>`` or `a </s>`.",
        "```python\nx = {}\n```\n",
        "```\n```\n",
        'Use this: ```json\n{"name": "get_time", "arguments": {"city": "Oslo"}}\n```\nSo.',
        f"Use this: ```\n{HERMES}\n```",
        "In a line ```x = {}``` and ```` more ````.\n",
        "",
        "\n \n",
    ],
)
def test_what_is_no_call_stays_text(text: str) -> None:
    reply = read(text)
    assert (reply.text, reply.thinking, reply.calls) == (text, "", [])


@for_each(
    ("written", "value"),
    [
        ("<parameter=count>\n42\n</parameter>", {"count": 42}),
        ("<parameter=text>42</parameter>", {"text": "42"}),
        ("<parameter=ratio>1</parameter>", {"ratio": 1}),
        ("<parameter=exact>True</parameter>", {"exact": True}),
        ('<parameter=names>["a"]</parameter>', {"names": ["a"]}),
        ('<parameter=where>\n{"a": {"b": null}}\n</parameter>', {"where": {"a": {"b": None}}}),
        ("<parameter=either>7</parameter>", {"either": 7}),
        ("<parameter=either>7 days</parameter>", {"either": "7 days"}),
        ("<parameter=perhaps>null</parameter>", {"perhaps": None}),
        ("<parameter=unknown>x</parameter>", {"unknown": "x"}),
        ("<parameter=text>\n  a\n\n</parameter>", {"text": "  a\n"}),
        ('<parameter=text>a "q" \\ </param </parameter>', {"text": 'a "q" \\ </param '}),
        ("<parameter=count>1</parameter>\n<parameter=text>b</parameter>", {"count": 1, "text": "b"}),
        ("", {}),
    ],
)
def test_the_schema_says_what_a_value_between_tags_is(written: str, value: dict[str, object]) -> None:
    reply = read(f"<tool_call><function=many>{written}</function></tool_call>")
    assert [call.arguments for call in reply.calls] == [value]


def test_arguments_stream_while_they_are_written() -> None:
    parser = InlineParser(TOOLS)
    parser.feed("<tool_call><function=python><parameter=code>")
    deltas = parser.feed("one ") + parser.feed('"two" ') + parser.feed("</par")
    assert [delta.text for delta in deltas if isinstance(delta, CallArguments)] == ["one ", '\\"two\\" ']


@for_each(
    "text",
    [
        "<tool_call>\r\n<function=get_time>\r\n<parameter=city>\r\nOslo\r\n</parameter>\r\n</function>\r\n</tool_call>",
        "<tool_call>\nget_time(city='Oslo')\n</tool_call>",
        '<tool_call>\n{"name": "get_time", "arguments": {"city": "Oslo"}}}\n</tool_call>',
        (
            "<|start|>assistant<|channel|>commentary to=functions.get_time<|channel|>commentary json"
            '<|message|>{"city": "Oslo"}<|call|>'
        ),
    ],
)
def test_a_call_that_is_written_a_little_otherwise_is_read(text: str) -> None:
    reply = read(text)
    assert (reply.text, [call.arguments for call in reply.calls]) == ("", [{"city": "Oslo"}])


def test_python_literals_are_values_where_the_schema_wants_no_text() -> None:
    (call,) = read(
        "<function=many><parameter=names>['a']</parameter><parameter=where>{'b': True}</parameter></function>"
    ).calls
    assert call.arguments == {"names": ["a"], "where": {"b": True}}


def test_a_schema_may_refer_to_its_definitions() -> None:
    schema: JsonObject = {
        "properties": {"spot": {"$ref": "#/$defs/Spot"}, "spots": {"items": {"$ref": "#/$defs/Spot"}, "type": "array"}},
        "$defs": {"Spot": {"type": "object", "properties": {"inner": {"$ref": "#/$defs/Spot"}}}},
    }
    text = '<function=go><parameter=spot>{"x": 1}</parameter><parameter=spots>[{"x": 2}]</parameter></function>'
    (call,) = read(text, {"go": schema}).calls
    assert call.arguments == {"spot": {"x": 1}, "spots": [{"x": 2}]}


def test_a_call_begins_as_soon_as_its_name_is_known() -> None:
    deltas = InlineParser(TOOLS).feed('<tool_call>{"name": "get_time"')
    assert [delta.name for delta in deltas if isinstance(delta, CallStart)] == ["get_time"]


def test_text_goes_out_at_once_when_it_can_be_no_marker() -> None:
    parser = InlineParser(TOOLS)
    pieces = ("If a ", "<", " b", " and <to", "ol> it")
    assert [parser.feed(piece) for piece in pieces] == [
        [TextDelta("If a ")], [], [TextDelta("<"), TextDelta(" b")], [TextDelta(" and ")], [TextDelta("<tool> it")],
    ]  # fmt: skip


@for_each(
    "pieces",
    [
        ["a", "l", "l", " of"],
        ["Here", " are", " my", " cats"],
        ["x ", "<", "|", "im", " y"],
        ["1", "\n", "\n", "f", "un", "ny"],
        ["{", '"', "name", '": "', "Oslo", '"}'],
        ["get_", "time", "\n", "is", " one"],
        ["<think>", "a", "<", "b", "<", "/th", "</think>"],
        ["<tool_call>", "{", '"name": "', "other", '"', "}"],
        ["```", "json", "\n", "{", "}", "\n", "```"],
    ],
)
def test_text_that_was_held_back_comes_in_the_pieces_in_which_it_was_sent(pieces: list[str]) -> None:
    told = [delta.text for delta in deltas_of(pieces) if isinstance(delta, TextDelta | ThinkingDelta)]
    assert told == [piece for piece in pieces if "think>" not in piece]


def test_the_rest_of_a_piece_comes_with_the_next_one() -> None:
    assert deltas_of(["One <", "two", " <th", "ree"]) == [
        TextDelta("One "), TextDelta("<two"), TextDelta(" "), TextDelta("<three"),
    ]  # fmt: skip


@for_each("first", ["a", "al", "to", "get_tim", "```json"])
def test_only_where_tools_are_offered_a_rare_beginning_of_a_call_waits(first: str) -> None:
    assert InlineParser(TOOLS).feed(first) == []
    assert "".join(delta.text for delta in InlineParser({}).feed(first) if isinstance(delta, TextDelta)) == first


@for_each(
    "text",
    ["all\nof them", "all", "all\n", "a", "get_time\nis a tool", "to=you", "to=get_time it is", "python", "```\n"],
)
def test_prose_that_begins_like_a_rare_call_stays_as_it_is(text: str) -> None:
    assert (read(text).text, read(text).calls) == (text, [])


def test_an_answer_of_functionary_begins_with_whom_it_is_for() -> None:
    assert read("all\nHello.").text == "Hello."


ENDS = ("<|im_end|>", "<|eot_id|>", "<|end|>", "<|END_RESPONSE|>", "<|endoftext|>", "<end_of_turn>")


@for_each("end", ENDS)
def test_what_ends_a_turn_is_dropped_at_its_end_and_before_a_call(end: str) -> None:
    assert read(f"Hi.{end}").text == "Hi."
    assert read(f"Hi.{end}\n{end}\n").text == "Hi."
    assert read(end).text == ""
    assert read(f"<think>hm{end}").thinking == "hm"
    before = read(f"Hi.{end}\n{HERMES}{end}")
    assert (before.text, len(before.calls)) == ("Hi.", 1)


@for_each("end", ENDS)
@for_each(
    "text",
    [
        "{end} ends a turn", "It is {end}, as in `{end}`.", "```\nHi{end}\n```\nSo.", "`{end}`", "{end}\n\n{end}\n<",
        "<|im_start|>user\nHi{end}\n<|im_start|>", "{end}{end}<tool_call>other", "a{end}\n```python\n{end}\n```",
    ],
)  # fmt: skip
def test_what_ends_a_turn_is_text_where_it_is_spoken_of(text: str, end: str) -> None:
    written = text.replace("{end}", end)
    assert read(written).text == written


@for_each(
    "before",
    ["It`s a `file`: ", "It`s this: ", "`a.txt`", "``a ` b`` ", "It`s\n", "`a\n  ", "```x``` ", "- `a`, `b\n", "\\` "],
)
def test_a_backquote_that_nothing_closes_on_its_line_hides_no_call(before: str) -> None:
    reply = read(f"{before}{HERMES}")
    assert (reply.text, len(reply.calls)) == (before, 1)


def test_a_code_span_is_followed_through_pieces_that_pass_unread() -> None:
    call = HERMES.replace("\n", "")
    plain = ["a `", "b <tool_call> ", "c", "` and `d", "` ", "e `f\n"]
    assert fold(deltas_of([*plain, call])).text == "".join(plain)
    assert fold(deltas_of(["a `b", " c` `d", " e` ", call, " f"])).text == "a `b c` `d e` f"
    assert fold(deltas_of(["a `b", " c` `d", " e ", call, " f` g"])).text == f"a `b c` `d e {call} f` g"


@for_each(
    ("text", "arguments"),
    [
        (
            "<function=many><parameter=count>\n1\n<parameter=text>\nb\n</parameter></function>",
            {"count": 1, "text": "b"},
        ),
        ("<function=many><parameter=text>\na\n</function>\n</tool_call>", {"text": "a"}),
        ("<tool_call><function=many><parameter=text>\na\n</tool_call>\n", {"text": "a"}),
        ("<function=many><parameter=text>a</parameter/></function>", {"text": "a"}),
        ("<function=many><parameter=text>a<parameter=other>b</parameter></function>", {"text": "a<parameter=other>b"}),
        ("<function=many><parameter=text>a<parameter=text>b</parameter></function>", {"text": "a<parameter=text>b"}),
        ("<function=many><parameter=text>a</function> b</parameter></function>", {"text": "a</function> b"}),
        ("<function=many><parameter=text>a\n</function>\nb</parameter></function>", {"text": "a\n</function>\nb"}),
        ("<tool_call>many<arg_key>text</arg_key><arg_value>a\n</tool_call>", {"text": "a"}),
        (
            "<tool_call>many<arg_key>text</arg_key><arg_value>a </tool_call> b</arg_value></tool_call>",
            {"text": "a </tool_call> b"},
        ),
    ],
)
def test_a_value_that_was_not_closed_ends_where_it_must(text: str, arguments: JsonObject) -> None:
    reply = read(text)
    assert (reply.text, [call.arguments for call in reply.calls]) == ("", [arguments])


def test_a_value_that_was_cut_off_is_not_whole() -> None:
    text = "<function=many><parameter=text>\na\n</function>\n</tool_call"
    assert not [call for call in read(text, cut=True).calls if call.ready]


@for_each(
    ("text", "arguments"),
    [
        ("{'name': 'many', 'arguments': {'text': 'a \\'}\\' \"', 'exact': True}}", {"text": "a '}' \"", "exact": True}),
        ("{'arguments': {'text': 'a'}, 'name': 'many'}", {"text": "a"}),
        ("[{'name': 'many', 'arguments': {}}]", {}),
        ("{'name': 'many', 'arguments': '{\"text\": \"a\"}'}", {"text": "a"}),
        ('{"name": "many", "arguments": {"perhaps": None, "exact": false,}}', {"perhaps": None, "exact": False}),
        ("{'name': 'many', 'arguments': {'perhaps': null, 'exact': true}}", {"perhaps": None, "exact": True}),
        ('{"name": "many", "arguments": {"text": "it\'s {"}}', {"text": "it's {"}),
        ('{"name": "many", "arguments": {"text": "a"}', {"text": "a"}),
        ('[{"name": "many", "arguments": {"text": "a"}}', {"text": "a"}),
    ],
)
def test_behind_a_marker_python_and_a_forgotten_brace_are_understood(text: str, arguments: JsonObject) -> None:
    reply = read(f"I look.\n<tool_call>\n{text}\n</tool_call>\nDone.")
    assert (reply.text, [call.arguments for call in reply.calls]) == ("I look.\nDone.", [arguments])


@for_each("text", ["{'name': 'get_time', 'arguments': {'city': 'Oslo'}}", "```json\n{'name': 'get_time'}\n```"])
def test_python_without_a_marker_is_text(text: str) -> None:
    assert (read(text).text, read(text).calls) == (text, [])


def test_only_where_gpt_oss_left_out_its_marks_its_words_mean_something() -> None:
    thought = read("analysisWe see.assistantanalysisWe see more.assistantfinalIt is so.")
    assert (thought.thinking, thought.text) == ("We see.We see more.", "It is so.")
    assert read("The assistantfinal word, analysisWe.").text == "The assistantfinal word, analysisWe."
    for name in ("get_time", "other"):
        reply = read(f'analysisWe see.assistantcommentary to=functions.{name} json{{"city": "Oslo"}}')
        assert (reply.thinking, len(reply.calls)) == ("We see.", int(name == "get_time"))


def test_a_fence_behind_a_fence_with_a_call_is_one() -> None:
    call = '{"name": "get_time", "arguments": {"city": "Oslo"}}'
    shown = read(f"```json\n{call}\n```\n\n```python\nx = 1\n{HERMES}\n```\nSo.")
    assert (shown.text, len(shown.calls)) == (f"```python\nx = 1\n{HERMES}\n```\nSo.", 1)


@for_each(
    ("text", "thinking", "answer"),
    [
        ("<think>\nhm\n</think>\n\nYes", "hm\n", "Yes"),
        ("[THINK]hm[/THINK]Yes", "hm", "Yes"),
        (
            "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Yes<|return|>",
            "hm",
            "Yes",
        ),
        ("<|channel>thought\nhm<channel|>Yes", "hm", "Yes"),
        ("<think>to say `</think>` is fine</think>Yes", "to say `</think>` is fine", "Yes"),
        (f"<think>perhaps {HERMES} so</think>Yes", f"perhaps {HERMES} so", "Yes"),
        ("</think>\n\nYes", "", "Yes"),
    ],
)
def test_thinking_is_no_text(text: str, thinking: str, answer: str) -> None:
    reply = read(text)
    assert (reply.thinking, reply.text, reply.calls) == (thinking, answer, [])


def test_a_think_block_that_the_template_opened_is_understood() -> None:
    reply = read(f"hm\n</think>\n\nYes {HERMES}", thinking_open=True)
    assert (reply.thinking, reply.text, len(reply.calls)) == ("hm\n", "Yes ", 1)


@for_each("end", ["", "\n", "</think>", "\n</think>\n\n"])
def test_a_call_that_ends_the_thinking_and_the_reply_is_meant(end: str) -> None:
    reply = read(f"<think>I look. {HERMES}{HERMES}{end}")
    assert (reply.thinking, reply.text, len(reply.calls)) == ("I look. ", "", 2)


@for_each("length", range(len("<tool_call>") + 1, len(HERMES) - len("}\n</tool_call>")))
def test_a_call_that_was_cut_off_is_never_ready(length: int) -> None:
    reply = read(HERMES[:length], cut=True)
    assert reply.text == ""
    assert not [call for call in reply.calls if call.ready]


def test_a_call_that_was_not_closed_though_the_reply_ended_says_so() -> None:
    (call,) = read("<tool_call><function=python><parameter=code>a = 1\nb").calls
    assert (call.ready, call.arguments, call.error) == (True, None, "the call was not written to its end")


def test_every_fragment_together_is_the_arguments_text() -> None:
    (call,) = read('<tool_call>{"name": "get_time", "arguments": { "city" : "Oslo" } }').calls
    assert call.text == '{ "city" : "Oslo" }'


def test_plain_text_is_one_delta_a_piece() -> None:
    pieces = ["One ", "word ", "after ", "another."]
    assert deltas_of(pieces) == [TextDelta(piece) for piece in pieces]
