"""What models write around an answer, beside calls: thinking, and words that say nothing. Tables; knows no machine."""

import re

from chatls.providers.inline.dialect import OWN_SUFFIX

THINKING: dict[str, str] = {
    "<think>": "</think>",
    f"<think{OWN_SUFFIX}>": f"</think{OWN_SUFFIX}>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<reasoning>": "</reasoning>",
    "<mm:think>": "</mm:think>",
    "<ifm|think>": "</ifm|think>",
    "<ifm|think_fast>": "</ifm|think_fast>",
    "<ifm|think_faster>": "</ifm|think_faster>",
    "<seed:think>": "</seed:think>",
    "<longcat_think>": "</longcat_think>",
    "<|START_THINKING|>": "<|END_THINKING|>",
    "[THINK]": "[/THINK]",
    "<|channel>thought": "<channel|>",
    "<|open|>think<|sep|>": "<|close|>think<|sep|>",
    "<|inner_prefix|>": "<|inner_suffix|>",
    "<|begin_of_thought|>": "<|end_of_thought|>",
    "◁think▷": "◁/think▷",
    "Here are my reasoning steps:\n": "[BEGIN FINAL RESPONSE]",
    # Inkling, Solar Open 1 and 2: sources as in the table of families.
    "<|content_thinking|>": "<|end_message|>",
    "<|message_model|><|content_thinking|>": "<|end_message|>",
    "<|think|>": "<|end|>",
    "<|begin|>assistant<|think|>": "<|end|>",
    "<|think:start|>": "<|think:end|>",
    "<|plamo:begin_think:plamo|>": "<|plamo:end_think:plamo|>",
    "[unused16]": "[unused17]",
}
"""What opens thinking, and what closes it."""

SPOKEN = frozenset({"<think>", f"<think{OWN_SUFFIX}>", "<thinking>", "<thought>", "<reasoning>"})
"""Openers that prose mentions as well: they count at the beginning of a line only."""

ENVELOPES: tuple[str, ...] = (
    "<|START_RESPONSE|>", "<|START_TEXT|>", "<|CHATBOT_TOKEN|>", "<|open|>response<|sep|>",
    "[BEGIN FINAL RESPONSE]", ">>>all\n", "<|begin_of_solution|>",
    "<|content_text|>", "<|message_model|><|content_text|>",
    "<|content|>", "<|begin|>assistant<|content|>", "<|begin|>assistant", "<|im:content|>",
)  # fmt: skip
"""What begins an answer and says nothing; text elsewhere."""

WRAPS: dict[str, str] = {"<answer>": "</answer>", "<response>": "</response>"}
"""What Hunyuan A13B and ERNIE 4.5 put around the answer behind their thinking, and what closes it; text elsewhere."""

TURN_ENDS: tuple[str, ...] = (
    "<|END_RESPONSE|>", "<|END_TEXT|>", "<|END_OF_TURN_TOKEN|>", "<|close|>response<|sep|>", "<|close|>message<|sep|>",
    "<|role_end|>", "<|message_sep|>", "[END FINAL RESPONSE]", "<|end_of_solution|>",
    "<|end|>", "<|return|>", "<|call|>", "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|endoftext|>",
    "<\uff5cend▁of▁sentence\uff5c>", "<end_of_turn>",
    "<turn|>", "<channel|>", "<|end_of_msg|>", "<|end_message|>", "<|content_model_end_sampling|>",
    "<|im:end|>", "<|flush|>", "<|plamo:tag|>", "[unused10]", "[|endofturn|]", "<_end>",
)  # fmt: skip
"""What ends an answer and says nothing, at its very end and before a call; text elsewhere, where it is spoken of."""

HARMONY_ENDS = ("<|end|>", "<|return|>", "<|call|>", "<|start|>", "<|channel|>")
"""What ends a message of gpt-oss; the last two begin the next one."""

HARMONY_HEADER = re.compile(
    r"(?:(?P<role>assistant|tool|user|system)?\s*(?:to=[\w.:-]+\s*)?(?:<\|channel\|>)?\s*)"
    r"(?P<channel>analysis|commentary|final)?[^{}\n]{0,200}?\Z"
)
RECIPIENT = re.compile(r"\bto=(?:functions[.:])?(?P<name>[\w.:-]+)")

HEADED = "<|content_invoke_tool_json|>"
"""Behind the header of a call of Inkling."""

CODE_TOOLS = ("python", "ipython", "code_interpreter")
"""Tools whose argument some families write as bare code."""
