"""All names of OpenTelemetry's conventions for generative AI (semantic-conventions-genai, in development), and ours.

What the conventions have no name for begins with `chatls`.
"""

AGENT = "chatls"

CHAT, INVOKE_AGENT, EXECUTE_TOOL = "chat", "invoke_agent", "execute_tool"

OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
AGENT_NAME = "gen_ai.agent.name"
CONVERSATION = "gen_ai.conversation.id"
REQUEST_MODEL = "gen_ai.request.model"
REQUEST_MAX_TOKENS = "gen_ai.request.max_tokens"
REQUEST_TEMPERATURE = "gen_ai.request.temperature"
REQUEST_STREAM = "gen_ai.request.stream"
REQUEST_REASONING = "gen_ai.request.reasoning.level"
FINISH_REASONS = "gen_ai.response.finish_reasons"
TIME_TO_FIRST_CHUNK = "gen_ai.response.time_to_first_chunk"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
CACHE_READ_TOKENS = "gen_ai.usage.cache_read.input_tokens"
CACHE_WRITE_TOKENS = "gen_ai.usage.cache_write.input_tokens"
OTHER = "_OTHER"
"""What has too many names for a name of a span or a metric."""
TOOL_NAME = "gen_ai.tool.name"
TOOL_TYPE = "gen_ai.tool.type"
TOOL_CALL = "gen_ai.tool.call.id"
INPUT_MESSAGES = "gen_ai.input.messages"
OUTPUT_MESSAGES = "gen_ai.output.messages"
SYSTEM_INSTRUCTIONS = "gen_ai.system_instructions"
TOOL_ARGUMENTS = "gen_ai.tool.call.arguments"
TOOL_RESULT = "gen_ai.tool.call.result"
KIND_OF_TOKENS = "gen_ai.token.type"
ERROR = "error.type"
MCP_METHOD = "mcp.method.name"
MCP_VERSION = "mcp.protocol.version"
TRANSPORT = "network.transport"

METRIC_TOKENS = "gen_ai.client.token.usage"
METRIC_DURATION = "gen_ai.client.operation.duration"
METRIC_FIRST_CHUNK = "gen_ai.client.operation.time_to_first_chunk"
METRIC_PER_CHUNK = "gen_ai.client.operation.time_per_output_chunk"
METRIC_TURN = "gen_ai.invoke_agent.duration"
METRIC_TOOL = "gen_ai.execute_tool.duration"

TOKEN_BUCKETS = tuple(4.0**power for power in range(14))
SECOND_BUCKETS = tuple(0.01 * 2**power for power in range(14))

TURN = "chatls.turn.id"
STEP = "chatls.step"
STEPS = "chatls.steps"
CHUNKS = "chatls.chunks"
TEXT_LENGTH = "chatls.text.length"
THINKING_LENGTH = "chatls.thinking.length"
CALLS = "chatls.tool_calls"
STOP = "chatls.stop_reason"
MODE = "chatls.mode"
TOOLS = "chatls.tools"
TOOL_RUNS = "chatls.tool_runs"
STATUS = "chatls.tool.status"
EARLY = "chatls.tool.early"
RAN = "chatls.tool.ran"
WAITED = "chatls.tool.waited"
RESULT_LENGTH = "chatls.tool.result.length"
MESSAGES = "chatls.request.messages"
MESSAGES_LEFT_OUT = "chatls.input.messages_left_out"
OFFERED = "chatls.request.tools"
RETRY = "chatls.retry"
ATTEMPT, REASON, DELAY = "chatls.retry.attempt", "chatls.retry.reason", "chatls.retry.delay"
COMPACT = "chatls.compact"
PERMISSION = "chatls.permission"
OUTCOME = "chatls.permission.outcome"
SHORTENED = "chatls.compact.reason"
TOKENS_BEFORE, TOKENS_AFTER = "chatls.compact.tokens_before", "chatls.compact.tokens_after"

_PROVIDERS = {
    "azure": "azure.ai.openai",
    "gemini": "gcp.gemini",
    "mistral": "mistral_ai",
    "moonshot": "moonshot_ai",
    "xai": "x_ai",
}


def provider(name: str) -> str:
    """A provider as the conventions call it; as the settings call it where they have no name.

    >>> provider("gemini"), provider("openai"), provider("work")
    ('gcp.gemini', 'openai', 'work')
    """
    return _PROVIDERS.get(name, name)
