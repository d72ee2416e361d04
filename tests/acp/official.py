"""The official SDK's client runs one turn: `official.py FOLDER`. Prints what was said, and the stop reason."""

import asyncio
import os
import sys
from typing import Any

import acp
from acp import schema


class Person:
    """Allows everything."""

    async def request_permission(self, options: Any, session_id: str, tool_call: Any, **_: Any) -> Any:
        outcome = schema.AllowedOutcome(option_id=options[0].option_id, outcome="selected")
        return schema.RequestPermissionResponse(outcome=outcome)

    async def session_update(self, session_id: str, update: Any, **_: Any) -> None:
        if isinstance(update, schema.AgentMessageChunk):
            sys.stdout.write(update.content.text)


async def main(folder: str) -> None:
    person: Any = Person()
    command = (sys.executable, "-m", "chatls", "acp")
    async with acp.spawn_agent_process(person, *command, env=dict(os.environ)) as (agent, _):
        await agent.initialize(protocol_version=1)
        session = await agent.new_session(cwd=folder, mcp_servers=[])
        prompt: list[Any] = [schema.TextContentBlock(type="text", text="go")]
        done = await agent.prompt(session_id=session.session_id, prompt=prompt)
        sys.stdout.write(f" {done.stop_reason}\n")


asyncio.run(main(sys.argv[1]))
