"""Whole replies as local models write them, with the tools of chatls; and answers that only look like that."""

import re
from dataclasses import dataclass

from chatls.content import JsonObject

TEXT: JsonObject = {"type": "string"}
NUMBER: JsonObject = {"type": "integer"}
TOOLS: dict[str, JsonObject] = {
    "read_file": {
        "type": "object",
        "properties": {"path": TEXT, "start_line": NUMBER, "end_line": NUMBER},
        "required": ["path"],
    },
    "search": {
        "type": "object",
        "properties": {"pattern": TEXT, "path": TEXT, "glob": TEXT, "literal": {"type": "boolean"}, "context": NUMBER},
        "required": ["pattern"],
    },
    "list_files": {"type": "object", "properties": {"path": TEXT, "glob": TEXT, "max_results": NUMBER}},
}
READ = ("read_file", {"path": "a.txt"})
SEARCH = ("search", {"pattern": "two", "literal": True})
LIST = ("list_files", {"glob": "*.txt"})
BAR = "\uff5c"
DSML, GCML = f"{BAR}DSML{BAR}", f"{BAR}GCML{BAR}"
V3 = f"<{BAR}tool▁calls▁begin{BAR}><{BAR}tool▁call▁begin{BAR}>"
SEP = f"<{BAR}tool▁sep{BAR}>"
END = f"<{BAR}tool▁call▁end{BAR}><{BAR}tool▁calls▁end{BAR}>"


def plamo(text: str) -> str:
    """The marks of PLaMo 3, each as it has them."""
    named = re.sub(r"<\|((?:begin|end)_\w+)\|>", r"<|plamo:\1:plamo|>", text)
    return re.sub(r"<\|(constrain|msg|tag)\|>", r"<|plamo:\1|>", named)


@dataclass(frozen=True)
class Told:
    """A reply, and what is to be told of it; blanks around texts are not compared."""

    written: str
    calls: tuple[tuple[str, JsonObject], ...]
    text: str = ""
    thinking: str = ""


MODELS: dict[str, Told] = {
    "Qwen3": Told(
        "<think>\nThe user wants to know what is in a.txt, so I call read_file.\n</think>\n\n"
        '<tool_call>\n{"name": "read_file", "arguments": {"path": "a.txt"}}\n</tool_call><|im_end|>',
        (READ,),
        thinking="The user wants to know what is in a.txt, so I call read_file.",
    ),
    "Qwen3, nothing thought, two at once": Told(
        "<think>\n\n</think>\n\nI'll look at both.\n"
        '<tool_call>\n{"name": "read_file", "arguments": {"path": "a.txt"}}\n</tool_call>\n'
        '<tool_call>\n{"name": "list_files", "arguments": {"glob": "*.txt"}}\n</tool_call>',
        (READ, LIST),
        "I'll look at both.",
    ),
    "Qwen2.5": Told(
        '<tool_call>\n{"name": "search", "arguments": {"pattern": "two", "literal": true}}\n</tool_call>', (SEARCH,)
    ),
    "Qwen2.5, two braces": Told(
        '<tool_call>\n{{"name": "read_file", "arguments": {"path": "a.txt"}}}\n</tool_call>', (READ,)
    ),
    "Qwen2.5, a brace too few": Told(
        '<tool_call>\n{"name": "read_file", "arguments": {"path": "a.txt"}\n</tool_call>', (READ,)
    ),
    "Qwen2.5-Coder": Told(
        '```json\n{\n  "name": "read_file",\n  "arguments": {\n    "path": "a.txt"\n  }\n}\n```', (READ,)
    ),
    "Qwen2.5-Coder, a fence for each": Told(
        '```json\n{"name": "read_file", "arguments": {"path": "a.txt"}}\n```\n\n'
        '```json\n{"name": "list_files", "arguments": {"glob": "*.txt"}}\n```\n',
        (READ, LIST),
    ),
    "Qwen2.5-Coder, tools": Told('<tools>\n{"name": "read_file", "arguments": {"path": "a.txt"}}\n</tools>', (READ,)),
    "Qwen3-Coder": Told(
        "I'll search for it first.\n\n<tool_call>\n<function=search>\n<parameter=pattern>\ntwo\n</parameter>\n"
        "<parameter=literal>\nTrue\n</parameter>\n</function>\n</tool_call>",
        (SEARCH,),
        "I'll search for it first.",
    ),
    "Qwen3-Coder, not opened": Told(
        "Let me read `a.txt`:\n\n"
        "<function=read_file>\n<parameter=path>\na.txt\n</parameter>\n</function>\n</tool_call>",
        (READ,),
        "Let me read `a.txt`:",
    ),
    "Qwen3-Coder, parameters not closed": Told(
        "<tool_call>\n<function=search>\n<parameter=pattern>\ntwo\n<parameter=literal>\ntrue\n</function>\n</tool_call>",
        (SEARCH,),
    ),
    "Llama 3.1": Told('{"name": "read_file", "parameters": {"path": "a.txt"}}', (READ,)),
    "Llama 3.1, tag": Told(
        '<|python_tag|>{"type": "function", "name": "read_file", "parameters": {"path": "a.txt"}}<|eom_id|>', (READ,)
    ),
    "Llama 3.1, function": Told('<function=search>{"pattern": "two", "literal": true}</function>', (SEARCH,)),
    "Llama 3.2, several": Told(
        '{"name": "read_file", "parameters": {"path": "a.txt"}};'
        ' {"name": "list_files", "parameters": {"glob": "*.txt"}}',
        (READ, LIST),
    ),
    "Llama 3.2, commas": Told(
        '{"name": "read_file", "parameters": {"path": "a.txt"}},\n'
        '{"name": "list_files", "parameters": {"glob": "*.txt"}}',
        (READ, LIST),
    ),
    "Llama 3.2, python": Told("[read_file(path='a.txt'), search(pattern='two', literal=True)]", (READ, SEARCH)),
    "Llama 3.2, its own header": Told(
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
        '{"name": "read_file", "parameters": {"path": "a.txt"}}<|eot_id|>',
        (READ,),
    ),
    "Llama 4": Told('<|python_start|>[read_file(path="a.txt")]<|python_end|>', (READ,)),
    "Mistral Small": Told(
        '[TOOL_CALLS][{"name": "read_file", "arguments": {"path": "a.txt"}}, '
        '{"name": "search", "arguments": {"pattern": "two", "literal": true}}]</s>',
        (READ, SEARCH),
    ),
    "Mistral Small, marks left out": Told(
        'read_file{"path": "a.txt"}search{"pattern": "two", "literal": true}', (READ, SEARCH)
    ),
    "Devstral": Told(
        'I\'ll start by looking at the file.[TOOL_CALLS]read_file[ARGS]{"path": "a.txt"}',
        (READ,),
        "I'll start by looking at the file.",
    ),
    "Magistral": Told(
        '[THINK]I need the file.[/THINK]I read it.[TOOL_CALLS]read_file[CALL_ID]Xq3kP9aBc[ARGS]{"path": "a.txt"}',
        (READ,),
        "I read it.",
        "I need the file.",
    ),
    "DeepSeek R1 distill": Told(
        f"<think>\nI should read it.\n</think>\n\n{V3}function{SEP}read_file\n"
        f'```json\n{{"path": "a.txt"}}\n```{END}<{BAR}end▁of▁sentence{BAR}>',
        (READ,),
        thinking="I should read it.",
    ),
    "DeepSeek V3.1": Told(f'I read it.{V3}read_file{SEP}{{"path": "a.txt"}}{END}', (READ,), "I read it."),
    "GLM-4.5": Told(
        "<think>I look.</think>\n<tool_call>search\n<arg_key>pattern</arg_key>\n<arg_value>two</arg_value>\n"
        "<arg_key>literal</arg_key>\n<arg_value>true</arg_value>\n</tool_call>",
        (SEARCH,),
        thinking="I look.",
    ),
    "GLM-4.6, on one line": Told(
        "<tool_call>read_file<arg_key>path</arg_key><arg_value>a.txt</arg_value><arg_key>start_line</arg_key>"
        "<arg_value>2</arg_value></tool_call>",
        (("read_file", {"path": "a.txt", "start_line": 2}),),
    ),
    "GLM-4-9B": Told('<tool_call>read_file\n{"path": "a.txt"}\n</tool_call>', (READ,)),
    "Kimi K2": Told(
        "I'll read it.<|tool_calls_section_begin|><|tool_call_begin|>functions.read_file:0"
        '<|tool_call_argument_begin|>{"path": "a.txt"}<|tool_call_end|><|tool_calls_section_end|>',
        (READ,),
        "I'll read it.",
    ),
    "Kimi K2, marks left out": Told(
        'functions.read_file:0{"path": "a.txt"}functions.list_files:1{"glob": "*.txt"}', (READ, LIST)
    ),
    "gpt-oss-20b": Told(
        "<|channel|>analysis<|message|>We need to read the file.<|end|><|start|>assistant<|channel|>commentary "
        'to=functions.read_file <|constrain|>json<|message|>{"path":"a.txt"}<|call|>',
        (READ,),
        thinking="We need to read the file.",
    ),
    "gpt-oss-20b, marks left out": Told(
        'analysisWe need to read the file.assistantcommentary to=functions.read_file json{"path":"a.txt"}',
        (READ,),
        thinking="We need to read the file.",
    ),
    "gpt-oss-20b, marks left out, with a preamble": Told(
        "analysisUser wants it.assistantcommentaryI read it."
        'assistantcommentary to=functions.read_file code{"path":"a.txt"}',
        (READ,),
        "I read it.",
        "User wants it.",
    ),
    "gpt-oss-20b, the first words left out": Told('commentary to=functions.read_file json{"path":"a.txt"}', (READ,)),
    "Granite 3": Told('<|tool_call|>[{"name": "read_file", "arguments": {"path": "a.txt"}}]<|end_of_text|>', (READ,)),
    "Granite 3, a tag": Told('<tool_call>[{"arguments": {"path": "a.txt"}, "name": "read_file"}]', (READ,)),
    "Granite 4": Told('<tool_call>\n{"name": "list_files", "arguments": {"glob": "*.txt"}}\n</tool_call>', (LIST,)),
    "Gemma 3": Told('```tool_code\nprint(read_file(path="a.txt"))\n```', (READ,)),
    "Gemma 3, JSON": Told('```json\n{"name": "read_file", "parameters": {"path": "a.txt"}}\n```', (READ,)),
    "Phi-4": Told('<|tool_call|>[{"name": "read_file", "arguments": {"path": "a.txt"}}]<|/tool_call|>', (READ,)),
    "Phi-4 mini": Told('functools[{"name": "read_file", "arguments": {"path": "a.txt"}}]', (READ,)),
    "Hermes 3": Told("<tool_call>\n{'arguments': {'path': 'a.txt'}, 'name': 'read_file'}\n</tool_call>", (READ,)),
    "Hermes 3, Python's words": Told(
        "<tool_call>\n{'name': 'search', 'arguments': {'pattern': 'two', 'literal': True}}\n</tool_call>", (SEARCH,)
    ),
    "Hermes 3, arguments in a string": Told(
        r'<tool_call>{"name": "read_file", "arguments": "{\"path\": \"a.txt\"}"}</tool_call>', (READ,)
    ),
    "LFM2": Told('<|tool_call_start|>[read_file(path="a.txt")]<|tool_call_end|>I read it.', (READ,), "I read it."),
    "LFM2, no list": Told('<|tool_call_start|>read_file(path="a.txt")<|tool_call_end|>', (READ,)),
    "MiniMax M2": Told(
        "<think>\nI look.\n</think>\n\n<minimax:tool_call>\n"
        '<invoke name="read_file">\n<parameter name="path">a.txt</parameter>\n</invoke>\n'
        '<invoke name="list_files">\n<parameter name="glob">*.txt</parameter>\n</invoke>\n</minimax:tool_call>',
        (READ, LIST),
        thinking="I look.",
    ),
    "Nemotron Nano": Told(
        '<think>\nhm\n</think>\n\n<TOOLCALL>[{"name": "read_file", "arguments": {"path": "a.txt"}}]</TOOLCALL>',
        (READ,),
        thinking="hm",
    ),
    "Command R7B": Told(
        "<|START_THINKING|>I read it.<|END_THINKING|><|START_ACTION|>[\n"
        '    {"tool_call_id": "0", "tool_name": "read_file", "parameters": {"path": "a.txt"}}\n]<|END_ACTION|>',
        (READ,),
        thinking="I read it.",
    ),
    "Hunyuan 4": Told(
        "<think:6124c78e>I read it.</think:6124c78e>I look.<tool_calls:6124c78e><tool_call:6124c78e>read_file"
        "<arg_key:6124c78e>path</arg_key:6124c78e><arg_value:6124c78e>a.txt</arg_value:6124c78e></tool_call:6124c78e>"
        "<tool_call:6124c78e>list_files</tool_call:6124c78e></tool_calls:6124c78e>",
        (READ, ("list_files", {})),
        "I look.",
        "I read it.",
    ),
    "Hunyuan 4, tags without its suffix in a value": Told(
        "<tool_calls:x><tool_call:x>search<tool_sep:x>\n<arg_key:x>pattern</arg_key:x>\n"
        "<arg_value:x></arg_value></tool_call></arg_value:x>\n</tool_call:x>\n</tool_calls:x>",
        (("search", {"pattern": "</arg_value></tool_call>"}),),
    ),
    "DeepSeek 4.1": Told(
        f'I read it.\n\n<{DSML} calls>\n<{DSML} invoke name="read_file">\n<{DSML} parameter name="path" '
        f'string="true">a.txt</{DSML} parameter>\n</{DSML} invoke>\n<{DSML} invoke name="list_files">'
        f'{{"glob": "*.txt"}}</{DSML} invoke>\n</{DSML} calls>',
        (READ, LIST),
        "I read it.",
    ),
    "DeepSeek 3.2, JSON, its own mark left out": Told(
        '<function_calls>\n<invoke name="search">\n{"pattern": "two", "literal": true}\n</invoke>\n</function_calls>',
        (SEARCH,),
    ),
    "DeepSeek V3, two at once": Told(
        f'{V3}function{SEP}read_file\n```json\n{{"path": "a.txt"}}\n```<{BAR}tool▁call▁end{BAR}>\n'
        f'<{BAR}tool▁call▁begin{BAR}>function{SEP}list_files\n```json\n{{"glob": "*.txt"}}\n```{END}',
        (READ, LIST),
    ),
    "DeepSeek V3, the second one's mark left out": Told(
        f'{V3}function{SEP}read_file\n```json\n{{"path": "a.txt"}}\n```<{BAR}tool▁call▁end{BAR}>\n'
        f'function{SEP}list_files\n```json\n{{"glob": "*.txt"}}\n```{END}',
        (READ, LIST),
    ),
    "DeepSeek V3, begun twice": Told(
        f'{V3.partition("><")[0]}>{V3}function {SEP} read_file\n```json\n{{"path": "a.txt"}}\n```{END}', (READ,)
    ),
    "Step 3, two at once": Told(
        f'I read.\n<{BAR}tool_calls_begin{BAR}><{BAR}tool_call_begin{BAR}><steptml:invoke name="read_file">'
        f'<steptml:parameter name="path">a.txt</steptml:parameter></steptml:invoke><{BAR}tool_call_end{BAR}>'
        f"<{BAR}tool_sep{BAR}><{BAR}tool_call_begin{BAR}>function<{BAR}tool_sep{BAR}>list_files\n"
        '<steptml:invoke name="list_files"><steptml:parameter name="glob">*.txt</steptml:parameter></steptml:invoke>'
        f"<{BAR}tool_call_end{BAR}><{BAR}tool_calls_end{BAR}>",
        (READ, LIST),
        "I read.",
    ),
    "GigaChat 3": Told(
        "I look.<|message_sep|>\n\nfunction call<|role_sep|>\n"
        '{"name": "read_file", "arguments": {"path": "a.txt"}}<|message_sep|>\n\n',
        (READ,),
        "I look.",
    ),
    "GigaChat 3.5": Told(
        f'I look.<{GCML}tool_calls><{GCML}invoke name="search"><{GCML}parameter name="pattern" string="true">two'
        f'</{GCML}parameter><{GCML}parameter name="literal" string="false">true</{GCML}parameter></{GCML}invoke>'
        f"</{GCML}tool_calls></s>",
        (SEARCH,),
        "I look.",
    ),
    "Inkling": Told(
        "<|message_model|><|content_thinking|>I read it.<|end_message|><|message_model|><|content_text|>I look."
        "<|end_message|><|message_model|>read_file<|content_invoke_tool_json|>"
        '{"name":"read_file","args":{"path":"a.txt"}}<|end_message|><|content_model_end_sampling|>',
        (READ,),
        "I look.",
        "I read it.",
    ),
    "Inkling, its first mark in the prompt": Told(
        'list_files<|content_invoke_tool_json|>{"name":"list_files","args":{"glob":"*.txt"}}<|end_message|>'
        "<|message_model|><|content_text|>And more.<|end_message|>",
        (LIST,),
        "And more.",
    ),
    "Solar Open": Told(
        "<|think|>I read it.<|end|><|begin|>assistant<|content|>I look.<|end|><|begin|>assistant<|tool_calls|>"
        '<|tool_call:begin|>b462b4f8<|tool_call:name|>read_file<|tool_call:args|>{"path": "a.txt"}<|tool_call:end|>'
        '<|tool_call:begin|>0<|tool_call:name|>list_files<|tool_call:args|>{"glob": "*.txt"}<|tool_call:end|><|calls|>',
        (READ, LIST),
        "I look.",
        "I read it.",
    ),
    "Solar Open 2": Told(
        "<|think:start|>I read it.<|think:end|>I look.<|tool_call:start|>read_file\n"
        "<|tool_arg:start|>path<|tool_arg:value|>a.txt<|tool_arg:end|>\n<|tool_call:end|>\n"
        "<|tool_call:start|>list_files\n<|tool_call:end|><|im:end|>",
        (READ, ("list_files", {})),
        "I look.",
        "I read it.",
    ),
    "Gemma 4, no mark": Told(
        '<|channel>thought\nI read it.\n<channel|>call:read_file{path:<|"|>a.txt<|"|>}'
        'call:list_files{glob:<|"|>*.txt<|"|>}',
        (READ, LIST),
        thinking="I read it.",
    ),
    "Gemma 4, on a line": Told(
        'I look.\ncall:search{pattern:<|"|>two<|"|>,literal:true}<tool_call|>', (SEARCH,), "I look."
    ),
    "Gemma 4, a colon": Told('<|tool_call>:call:read_file{path:<|"|>a.txt<|"|>}<turn|>', (READ,)),
    "Gemma 4, parentheses": Told('<|tool_call>call:read_file(path:<|"|>a.txt<|"|>)<tool_call|>', (READ,)),
    "Gemma 4, marks in pieces": Told('<call>read_file{path:<|"|>a.txt<|"|>}</call>', (READ,)),
    "MiniCPM 5": Told(
        '<think>\nI look.\n</think>\n<function name="search"><param name="pattern"><![CDATA[two]]></param>'
        "<param name='literal'>true</param></function>\n"
        '<functionname="list_files"><paramname="glob">*.txt</param></function>',
        (SEARCH, LIST),
        thinking="I look.",
    ),
    "MiniCPM 5, blanks as its tokenizer has them": Told(
        '<function\u0120name="read_file"><param\u0120name="path">a.txt</param></function>', (READ,)
    ),
    "MiniCPM 5, all in one parameter": Told(
        "<function name=\"read_file\"><param name=\"properties\">{'path': 'a.txt'}</param></function>", (READ,)
    ),
    "GLM 5.3 Flash": Told(
        'I look.\n<tool_call>read_file>{"path": "a.txt"}<tool_call>Files/list_files>{"glob": "*.txt"}</tool_call>',
        (READ, LIST),
        "I look.",
    ),
    "GLM 5.3 Flash, tags left out": Told(
        "<tool_call>search\n<arg_key>pattern=two</arg_value>\n<arg_key>literal=true</arg_value>\n</tool_call>",
        (SEARCH,),
    ),
    "Command R+": Told(
        'I will look for it.\n\nAction: ```json\n[\n    {\n        "tool_name": "search",\n        "parameters": {\n'
        '            "pattern": "two",\n            "literal": true\n        }\n    },\n    {\n'
        '        "tool_name": "list_files",\n        "parameters": {"glob": "*.txt"}\n    }\n]\n'
        "```<|END_OF_TURN_TOKEN|>",
        (SEARCH, LIST),
        "I will look for it.",
    ),
    "Kimi K3": Told(
        "<|open|>think<|sep|>I read it.<|close|>think<|sep|><|open|>response<|sep|>I look.<|close|>response<|sep|>"
        '<|open|>tools<|sep|><|open|>call tool="search" index="1"<|sep|>'
        '<|open|>argument key="pattern" type="string"<|sep|>two<|close|>argument<|sep|>'
        '<|open|>argument key="literal" type="boolean"<|sep|>true<|close|>argument<|sep|>'
        "<|close|>call<|sep|><|close|>tools<|sep|><|close|>message<|sep|><|end_of_msg|>",
        (SEARCH,),
        "I look.",
        "I read it.",
    ),
    "Kimi K3, JSON": Told(
        '<|open|>tools<|sep|><|open|>call index="1" tool="read_file"<|sep|><|open|>json type="object"<|sep|>'
        '{"path": "a.txt"}<|close|>json<|sep|><|close|>call<|sep|><|close|>tools<|sep|>',
        (READ,),
    ),
    "gpt-oss-20b, the recipient first": Told(
        ' to=functions.read_file<|channel|>commentary <|constrain|>json<|message|>{"path":"a.txt"}<|call|>', (READ,)
    ),
    "gpt-oss-20b, the recipient and no mark": Told(
        'to=functions.read_filejson{"path":"a.txt"}\nto=functions.list_files commentary json{"glob":"*.txt"}',
        (READ, LIST),
    ),
    "gpt-oss-20b, the recipient on a line": Told(
        'I look.\ncommentary to=functions.read_file json{"path":"a.txt"}', (READ,), "I look."
    ),
    "IQuest Coder": Told(
        "I look.\n<iquestcoder_tool_call>read_file<arg_key>path</arg_key><arg_value>a.txt</arg_value>"
        "</iquestcoder_tool_call><iquest_tool_call>list_files\n<arg_key>glob</arg_key>\n<arg_value>*.txt</arg_value>\n"
        "</iquest_tool_call>",
        (READ, LIST),
        "I look.",
    ),
    "LongCat, keys and values": Told(
        "<longcat_think>hm</longcat_think><longcat_tool_call>search\n<longcat_arg_key>pattern</longcat_arg_key>\n"
        "<longcat_arg_value>two</longcat_arg_value>\n<longcat_arg_key>literal</longcat_arg_key>\n"
        "<longcat_arg_value>true</longcat_arg_value>\n</longcat_tool_call>",
        (SEARCH,),
        thinking="hm",
    ),
    "PLaMo 3": Told(
        plamo(
            "<|begin_think|>hm<|end_think|>I look.<|begin_tool_requests|><|begin_tool_request|><|begin_tool_name|>"
            "read_file<|end_tool_name|><|begin_tool_arguments|><|constrain|>json<|msg|>"
            '{"path": "a.txt"}<|end_tool_arguments|><|end_tool_request|><|begin_tool_request|><|begin_tool_name|>'
            'list_files<|end_tool_name|><|begin_tool_arguments|>{"glob": "*.txt"}<|end_tool_arguments|>'
            "<|end_tool_request|><|end_tool_requests|><|tag|>"
        ),
        (READ, LIST),
        "I look.",
        "hm",
    ),
    "openPangu": Told(
        '[unused16]hm[unused17]I look.[unused11][{"name": "read_file", "arguments": {"path": "a.txt"}}][unused12]'
        "[unused10]",
        (READ,),
        "I look.",
        "hm",
    ),
    "RWKV": Told(
        'I look.\n\n**Tool Call:**\n```json\n{"name": "read_file", "arguments": {"path": "a.txt"}}\n```',
        (READ,),
        "I look.",
    ),
    "Step Audio 2": Told('<tool_call>function\nread_file\n{"path": "a.txt"}</tool_call>', (READ,)),
    "Nemotron 4": Told('<toolcall> {"name": "read_file", "arguments": {"path": "a.txt"}} </toolcall>', (READ,)),
    "MiniMax M2, other quotes": Told(
        "<minimax:tool_call><invoke name='read_file'><parameter name='path'>a.txt</parameter></invoke>"
        "</minimax:tool_call>",
        (READ,),
    ),
    "Hunyuan A13B": Told(
        "<think>\nhm\n</think>\n<answer>\nI look.\n</answer>\n"
        '<tool_calls>[{"name": "read_file", "arguments": {"path": "a.txt"}}]</tool_calls>',
        (READ,),
        "I look.",
        "hm",
    ),
    "Hunyuan A13B, its marks spoken of": Told(
        "<think>hm</think><answer>The tag `</answer>` ends it, </answer> too.</answer>\n"
        '<tool_calls>[{"name": "read_file", "arguments": {"path": "a.txt"}}]</tool_calls>',
        (READ,),
        "The tag `</answer>` ends it, </answer> too.",
        "hm",
    ),
    "ERNIE 4.5": Told(
        "<think>hm\n</think>\n\n<response>\nI look.\n</response>\n"
        '<tool_call>\n{"name": "read_file", "arguments": {"path": "a.txt"}}\n</tool_call>\n',
        (READ,),
        "I look.",
        "hm",
    ),
    "EXAONE": Told(
        "<thought>hm</thought>I look.\n"
        '<tool_call>{"name": "read_file", "arguments": {"path": "a.txt"}}</tool_call>[|endofturn|]',
        (READ,),
        "I look.",
        "hm",
    ),
    "any, through LM Studio": Told(
        '[TOOL_REQUEST]{"name": "read_file", "arguments": {"path": "a.txt"}}[END_TOOL_REQUEST]', (READ,)
    ),
    "any, mixed up": Told(
        '<tool_call>\n```json\n{"name": "read_file", "arguments": {"path": "a.txt"}}\n```\n</tool_call>', (READ,)
    ),
    "any, by the OpenAI book": Told(
        '{"tool_calls": [{"id": "call_1", "type": "function", "function": '
        r'{"name": "read_file", "arguments": "{\"path\": \"a.txt\"}"}}]}',
        (READ,),
    ),
    "any, behind code": Told(
        'I look at `a.txt`<tool_call>{"name": "read_file", "arguments": {"path": "a.txt"}}</tool_call>',
        (READ,),
        "I look at `a.txt`",
    ),
}

CALL = '<tool_call>{"name": "read_file", "arguments": {"path": "a.txt"}}</tool_call>'
ANSWERS: dict[str, str] = {
    "JSON": (
        'The answer of the server:\n\n{\n  "name": "read_file",\n  "version": "1.0.0",\n'
        '  "arguments": ["--path", "a.txt"]\n}\n'
        '\n[{"name": "search"}, {"id": 2, "tool": "list"}]\n\n'
        '{"tools": [{"name": "read_file", "description": "Reads."}]}\n'
    ),
    "package.json": (
        'Change it so:\n\n```json\n{\n  "name": "search",\n  "scripts": {"test": "jest"}\n}\n```\n\n'
        "Then run `npm test`.\n"
    ),
    "a call shown": f"So a call is written:\n\n```xml\n{CALL}\n```\n\nor in a line: `{CALL}`, or `as {CALL} here`.\n",
    "marks": (
        "Qwen uses `<tool_call>`, Mistral [TOOL_CALLS] and gpt-oss `<|channel|>`; a template ends with "
        "`the <|im_end|> mark`, thinking stands in `a <think> block`, "
        "and ``code with ` and <tool_call> in it`` is code.\n"
    ),
    "tool names": (
        "read_file reads a file, search looks for text:\n\n- `read_file(path='a.txt')`\n- search(pattern='x')\n"
        "- list_files{glob}\n\nread_file(path='a.txt') is the call.\n"
    ),
    "tool names first": "read_file {path} is how it is called; read_file{path} too.",
    "a tool's name and a brace": "search{pattern, path} takes two names.",
    "XML": (
        '<project>\n  <dependencies>\n    <function name="x"/>\n    <parameter name="path">a</parameter>\n'
        "  </dependencies>\n</project>\n\n<tools>\n  <tool>hammer</tool>\n</tools>\n"
    ),
    "HTML": (
        '<!DOCTYPE html>\n<div class="a"><p>b &lt; c</p></div>\n<script>if (a<b) { c[0] = {}; }</script>\n</html>\n'
    ),
    "Python": (
        "```python\nfor line in lines:\n    print(f\"{line!r}\", end='')\nx = [f(a) for a in {1: 2}]\n```\n\n"
        "At the prompt:\n\n>>> search('x')\n[1, 2]\n>>> read_file\n<function read_file at 0x7f>\n"
    ),
    "newer marks": (
        "Hunyuan writes `<tool_call:opensource>` or <think:opensource> or <tool_calls:, Kimi <|open|>call tool=, Solar "
        "<|tool_call:start|>, Inkling <|message_model|>other<|content_text|>, Gemma call:read_file{path} and "
        "<|tool_call>:x.\n\ncall:read_file{path} is the form,\ncall:read_file is not; call:me.\n"
        "Action: read it.\nAction: [x] is done\nto=functions.x are not.\nto=functions.read_file names it.\n"
        f"assistant to=functions.read_file, too; <{DSML} calls> has a blank, <tool_call>read_file> has none.\n"
    ),
    "a diff": (
        '```diff\n--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1,2 @@\n-<tool_call>\n+{"name": "read_file"}\n```\n\n'
        "diff --git a/x b/x\n+[TOOL]\n-{}\n"
    ),
    "thinking aloud": (
        "I think <think> is the tag, and </think> ends it. Hmm, <thinking> too? "
        "I reason: <reasoning>. So: use `<think>`.\n"
    ),
    "a table": "| mark | of |\n|---|---|\n| `<tool_call>` | Qwen |\n| `[TOOL_CALLS]` | Mistral |\n| {a} | [b] |\n",
    "backquotes": "It`s ``a ` b`` and ```c``` and `` ` ``; '`' is one. Don`t.\n\n    indented `code\n\n~~~\n`x\n~~~\n",
    "lists": "[ ] to do\n[x] done\n[1] a note\n[link](x)\n\n1. {a}\n2. [b]\n\n[search] finds, [read_file] reads.\n",
    "a shell": '$ cat <<EOF\n{"name": "x"}\nEOF\n$ echo ${a[0]} >>> b\n$ search | xargs -I{} sh -c \'{}\'\n',
    "LaTeX": "\\begin{align}\n[a] &< {b} \\\\\n\\end{align}\n$$\\{x \\mid x < 1\\}$$\n",
    "analysis": (
        "analysisResult holds it, finalValue too; assistantfinal is a leaked word. to=you and to=functions.x are not.\n"
    ),
    "final": "finalAnswer = 3\ncommentary to=you, he said\n",
    "commentary": "commentary to the text follows.\n",
    "schemas": (
        '{"type": "function", "function": {"name": "other", "parameters": {"type": "object"}}}\n'
        '{"type": "object", "properties": {"name": {"type": "string"}}}\n{"name": "read_file"}\n'
        '{"name": "read_file", "description": "Reads a file.", "parameters": {"type": "object", "properties": {}}}\n'
        '{"type": "function", "function": {"name": "search", "description": "x", "parameters": {"type": "object"}}}\n'
    ),
    "a fence in one language, then others": (
        '```json\n{"a": 1}\n```\n\n```python\nread_file(path="a.txt")\n```\n\n```\n{"name": "read_file"}\n```\n'
    ),
    "Python first": "```python\nread_file(path='a.txt')\n```\nprints it.\n",
    "an answer in a tag": "<answer>42</answer>\n\nor\n<response>a</response>: [unused1], **Tool Call:** none.\n",
    "other languages": "¿Qué <b>es</b> eso? 你好 {世界} 【注】 «да» \U0001f600\u200d\U0001f4bb `código`\n",
    "carriage returns": 'One\r\n\r\n{\r\n  "a": 1\r\n}\r\n```\r\n<tool_call>\r\n```\r\n',
}
"""Answers with no call: byte for byte what is shown."""
