"""Whole replies as local models write them, with the tools of chatls; and answers that only look like that."""

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
V3 = f"<{BAR}tool▁calls▁begin{BAR}><{BAR}tool▁call▁begin{BAR}>"
SEP = f"<{BAR}tool▁sep{BAR}>"
END = f"<{BAR}tool▁call▁end{BAR}><{BAR}tool▁calls▁end{BAR}>"


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
    "other languages": "¿Qué <b>es</b> eso? 你好 {世界} 【注】 «да» \U0001f600\u200d\U0001f4bb `código`\n",
    "carriage returns": 'One\r\n\r\n{\r\n  "a": 1\r\n}\r\n```\r\n<tool_call>\r\n```\r\n',
}
"""Answers with no call: byte for byte what is shown."""
