"""Ask about this folder, and print the answer as it is written: python example.py QUESTION"""

import sys

import anyio

from chatls_client import Client
from chatls_client.protocol import TextChunk


async def main(question: str) -> None:
    async with Client.start(roots=["."]) as client:
        turn = client.prompt(question)
        async for event in turn:
            if isinstance(event, TextChunk):
                print(event.text, end="", flush=True)
        print(f"\n({turn.result.stop_reason})")


anyio.run(main, sys.argv[1])
