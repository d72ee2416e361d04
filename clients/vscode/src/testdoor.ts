// The door that tests come in by: commands, and what the editor holds, over HTTP on this machine. Only in the test bundle.

import { createServer } from "node:http";
import * as vscode from "vscode";
import type { Parts } from "./panel/actions.ts";

type Work = (parts: Parts, api: typeof vscode) => unknown;

/** Takes the body of a function of `parts` and `vscode`, and answers what it gives as JSON. */
export function openDoor(parts: Parts): vscode.Disposable {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      void answer(parts, Buffer.concat(pieces).toString()).then((text) => response.end(text));
    });
  });
  const port = Number(process.env["CHATLS_TEST_DOOR"] ?? 0);
  // One that is reloaded waits for the one before it; a second window has the next one.
  const tries = [port, port, port + 1];
  const open = (): unknown => server.listen(tries.shift(), "127.0.0.1");
  server.on("error", () => tries.length > 0 && setTimeout(open, 500));
  open();
  return new vscode.Disposable(() => server.close());
}

async function answer(parts: Parts, body: string): Promise<string> {
  try {
    const work = new Function("parts", "vscode", `return (async () => {${body}})()`) as Work;
    return JSON.stringify({ value: (await work(parts, vscode)) ?? null });
  } catch (error) {
    return JSON.stringify({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}
