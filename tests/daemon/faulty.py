"""The daemon with tools that break every rule of tools: run this file instead of `python -m chatls`.

What they raise, what they return, how they plan and how they describe themselves.
"""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import anyio
from anyio import create_task_group
from anyio.lowlevel import checkpoint

from chatls import tools
from chatls.content import JsonObject, Location, TextContent
from chatls.errors import ToolError
from chatls.tools.tool import FileSubject, Plan, ToolContext, ToolOutput, tool
from chatls.workspace.workspace import Workspace


class OddError(BaseException):
    """No `Exception`."""


class MuteError(Exception):
    """One that cannot be told."""

    def __str__(self) -> str:
        raise ValueError("no words")


class HugeError(Exception):
    """One with very many words."""

    def __str__(self) -> str:
        return "x" * 1_000_000


class Huge:
    """A value that nobody wants to see."""

    def __repr__(self) -> str:
        return "secret " * 1_000_000


RAISED: dict[str, Callable[[], BaseException]] = {
    "BaseException": OddError,
    "SystemExit": lambda: SystemExit(3),
    "KeyboardInterrupt": KeyboardInterrupt,
    "GeneratorExit": GeneratorExit,
    "CancelledError": asyncio.CancelledError,
    "StopIteration": StopIteration,
    "StopAsyncIteration": StopAsyncIteration,
    "MemoryError": MemoryError,
    "MuteError": MuteError,
    "HugeError": HugeError,
    "BaseExceptionGroup": lambda: BaseExceptionGroup("odd", [OddError()]),
    "ToolError": lambda: ToolError("said in vain"),
}
RETURNED: dict[str, Callable[[], object]] = {
    "None": lambda: None,
    "a number": lambda: float("nan"),
    "bytes": lambda: b"text",
    "an object": lambda: {"text": "x"},
    "a huge object": lambda: [Huge()] * 1000,
    "a coroutine function": lambda: RETURNED["None"],
    "odd content": lambda: ToolOutput(cast(Any, ({"type": "text", "text": "x"},))),
    "no text": lambda: ToolOutput((TextContent(cast(Any, Huge())),)),
    "no content": lambda: ToolOutput(cast(Any, None)),
}


def _misbehave(how: str) -> Any:
    if how in RAISED:
        error = RAISED[how]()
        raise error
    return RETURNED[how]()


@tool(kind="other")
def faulty(context: ToolContext, how: str) -> str:
    """Misbehave in a thread."""
    return _misbehave(how)


@tool(kind="other")
async def faulty_loop(context: ToolContext, how: str) -> str:
    """Misbehave on the loop."""
    await checkpoint()
    return _misbehave(how)


@tool(kind="other")
async def faulty_group(context: ToolContext, how: list[str]) -> str:
    """Misbehave in tasks of its own."""
    async with create_task_group() as inner, create_task_group() as tasks:
        inner.start_soon(anyio.sleep_forever)
        for each in how:
            tasks.start_soon(_raise, each)
    return "never"


async def _raise(how: str) -> None:
    try:
        await anyio.sleep(0.02)
    finally:
        _misbehave(how)


@tool(kind="edit", read_only=False)
async def faulty_plan(context: ToolContext, when: str, how: str = "") -> Any:
    """Misbehave while planning (`when`: plan), or while carrying it out (carry_out); `how` may also be to hang."""

    async def misbehave() -> Any:
        if how == "hang":
            context.output("hanging")
            await anyio.sleep_forever()
        return _misbehave(how)

    if when == "plan":
        return await misbehave()
    return Plan(FileSubject(context.workspace.roots[0].path / "faulty.txt"), (), misbehave)


def _bad_title(arguments: JsonObject) -> str:
    raise ZeroDivisionError("a bug in a title")


def _bad_places(workspace: Workspace, arguments: JsonObject) -> tuple[Location, ...]:
    raise ZeroDivisionError("a bug in a place")


def _bad_word(workspace: Workspace, arguments: JsonObject) -> str:
    raise ZeroDivisionError("a bug in a word")


@tool(kind="other", title=_bad_title)
def untitled(context: ToolContext) -> str:
    """Have no title."""
    return "untitled"


@tool(kind="other", locate=_bad_places)
def nowhere(context: ToolContext) -> str:
    """Have no place."""
    return "nowhere"


@tool(kind="edit", read_only=False, title=_bad_title, locate=_bad_places, serial=_bad_word)
async def lost(context: ToolContext) -> Plan:
    """Have no title, no place and no word."""
    raise AssertionError("never planned")


_DONE: dict[int, anyio.Event] = {}


@tool(kind="other")
async def backwards(context: ToolContext, number: int, last: int, fail: bool = False) -> str:
    """End after the call with the next number has ended; the last one at once."""
    done = _DONE.setdefault(number, anyio.Event())
    if number < last:
        await _DONE.setdefault(number + 1, anyio.Event()).wait()
    done.set()
    if number == 0:
        _DONE.clear()
    if fail:
        raise ToolError(f"number {number} failed")
    return f"number {number}"


tools.TOOLS = (*tools.TOOLS, faulty, faulty_loop, faulty_group, faulty_plan, untitled, nowhere, lost, backwards)

if __name__ == "__main__":
    from chatls.__main__ import main

    main()
