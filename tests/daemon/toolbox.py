"""The daemon with a few tools more, whose only use is to misbehave: run this file instead of `python -m chatls`."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import anyio

from chatls import tools
from chatls.children.process import Child
from chatls.content import TextContent
from chatls.tools.tool import FileSubject, Plan, ToolContext, ToolOutput, tool


@tool(kind="other")
async def hang(context: ToolContext) -> str:
    """Wait for ever, and end when cancelled."""
    context.output("hanging")
    await anyio.sleep_forever()
    return "never"


@tool(kind="other")
def stubborn(context: ToolContext) -> str:
    """Wait for ever in a thread, whoever cancels it."""
    context.output("hanging")
    threading.Event().wait()
    return "never"


@tool(kind="execute")
async def family(context: ToolContext) -> str:
    """Start a child that starts a grandchild, and show their process ids; both ignore SIGTERM and sleep."""
    script = "trap '' TERM; sleep 600 & echo $$ $!; wait; sleep 600"
    async with await Child.start(["sh", "-c", script]) as child:
        context.output((await child.stdout.receive()).decode())
        await child.wait()
    return "never"


@tool(kind="other")
def loud(context: ToolContext) -> str:
    """Write to stdout in every way there is, and let children do so."""
    print("printed", flush=True)
    sys.stdout.buffer.write(b"Content-Length: 3\r\n\r\n{}\n")
    sys.stdout.flush()
    os.write(1, b"written to descriptor 1\n")
    subprocess.run(["sh", "-c", "echo from a child; cat"], check=True)
    return "loud"


@tool(kind="other")
def burst(context: ToolContext, count: int) -> str:
    """Show much output while it runs."""
    for number in range(count):
        context.output(f"{number}\n")
    return "done"


@tool(kind="other")
def ring(context: ToolContext, path: str) -> str:
    """Write to a named pipe, so that a client that reads nothing else knows how far the turn is."""
    Path(path).write_text("ring")
    return "rung"


@tool(kind="edit", read_only=False)
async def write(context: ToolContext) -> Plan:
    """A tool that is not read-only, though it does nothing."""

    async def done() -> ToolOutput:
        return ToolOutput((TextContent("written"),))

    return Plan(FileSubject(context.workspace.roots[0].path / "written.txt"), (), done)


@tool(kind="other")
def look(context: ToolContext) -> str:
    """All that the workspace knows: its roots by name, and the open documents under them."""
    workspace = context.workspace
    roots = {root.name: str(root.path) for root in workspace.roots}
    documents = [workspace.open_under(root.path) for root in workspace.roots]
    opened = {str(path): text for found in documents for path, text in found.items()}
    return json.dumps({"roots": roots, "documents": opened})


@tool(kind="other")
def bug(context: ToolContext) -> str:
    """Fail in a way that no tool should."""
    raise ZeroDivisionError("a bug")


tools.TOOLS = (*tools.TOOLS, hang, stubborn, family, loud, burst, ring, look, write, bug)

if __name__ == "__main__":
    from chatls.__main__ import main

    main()
