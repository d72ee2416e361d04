"""Whether a chat template opens the model's thinking: ends of templates as public ones are written."""

from chatls.providers.known.generation import opens_thinking, opens_thinking_in_go
from tests.support.cases import for_each

BEGIN = "{%- for message in messages %}{{ '<think>' + message.content }}{%- endfor %}\n"
OPEN = {
    "DeepSeek R1": r"{% if add_generation_prompt and not ns.is_tool %}{{'<|Assistant|><think>\n'}}{% endif %}",
    "Qwen 3 Thinking": "{%- if add_generation_prompt %}\n    {{- '<|im_start|>assistant\\n<think>\\n' }}\n{%- endif %}",
    "Qwen 3.5": (
        "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}"
        "{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}"
        "{%- else %}{{- '<think>\\n' }}{%- endif %}{%- endif %}"
    ),
    "MiniMax M2": "{%- if add_generation_prompt -%}{{- ']~b]ai' ~ '\\n' ~ '<think>' ~ '\\n' }}{%- endif -%}",
    "Nemotron": (
        "{%- if add_generation_prompt -%}{{- '<SPECIAL_11>Assistant\\n' -}}"
        "{%- if ns.enable_thinking is defined and ns.enable_thinking is false -%}{{- '<think></think>' -}}"
        "{%- else -%}{{- '<think>\\n' -}}{%- endif -%}{%- endif -%}"
    ),
    "GLM 4.7": (
        "{%- if add_generation_prompt -%}<|assistant|>"
        "{{- '</think>' if (enable_thinking is defined and not enable_thinking) else '<think>' -}}{%- endif -%}"
    ),
    "Apriel": '{%- if add_generation_prompt %}{{ "<|assistant|>\\nHere are my reasoning steps:\\n" }}{%- endif %}',
    "Kimi K3": (
        "{%- if thinking is undefined -%}{%- set thinking = true -%}{%- endif -%}{%- if add_generation_prompt -%}"
        "{{- open_tag('message', [('role', 'assistant')]) -}}"
        "{{- open_tag('think' if thinking else 'response') -}}{%- endif -%}"
    ),
    "text and no expression": "{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}",
}
CLOSED = {
    "no prompt asked for": "{{ '<think>' }}",
    "plain": "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
    "Qwen 3": (
        "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}"
        "{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}"
        "{%- endif %}{%- endif %}"
    ),
    "DeepSeek V3.1": (
        "{%- if add_generation_prompt and ns.is_last_user and not ns.is_tool %}{{'<|Assistant|>'}}"
        "{%- if not thinking %}{{'</think>'}}{%- else %}{{'<think>'}}{%- endif %}{% endif %}"
    ),
    "GLM 4.5": (
        "{%- if add_generation_prompt -%}<|assistant|>"
        "{{- '\\n<think></think>' if (enable_thinking is defined and not enable_thinking) else '' -}}{%- endif -%}"
    ),
    "only if asked": "{% if add_generation_prompt %}{% if thinking %}{{ '<think>\\n' }}{% endif %}{% endif %}",
    "a comment": "{% if add_generation_prompt %}{{ 'x' }}{# <think> #}{% endif %}",
    "broken": "{% endif %}{% else %}add_generation_prompt {% elif %}{{ '",
    "nothing": "",
}


@for_each("end", OPEN.values(), ids=OPEN.keys())
def test_a_template_that_ends_with_the_beginning_of_thinking_opens_it(end: str) -> None:
    assert opens_thinking(BEGIN + end)
    assert opens_thinking(BEGIN + end.replace("add_generation_prompt", "add_generation_prompt is true"))


@for_each("end", CLOSED.values(), ids=CLOSED.keys())
def test_a_template_that_closes_it_or_leaves_it_to_the_model_does_not(end: str) -> None:
    assert not opens_thinking(BEGIN + end)


@for_each(
    ("template", "opens"),
    [
        ("{{ if .System }}{{ .System }}{{ end }}<|User|>{{ .Prompt }}<|Assistant|><think>\n{{ .Response }}", True),
        ("{{- range .Messages }}{{ .Content }}{{ end }}<|im_start|>assistant\n<think>\n", True),
        ("<|User|>{{ .Prompt }}<|Assistant|>{{ .Response }}", False),
        ("<|Assistant|>{{ if .Think }}<think>{{ end }}\n<think>\n\n</think>\n\n{{ .Response }}", False),
        ("", False),
    ],
)
def test_the_same_of_ollamas(template: str, *, opens: bool) -> None:
    assert opens_thinking_in_go(template) is opens
