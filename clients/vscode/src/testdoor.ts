// The door that tests come in by: commands, and what the editor holds, over HTTP on this machine. Only in the test bundle.

import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import * as vscode from "vscode";
import type { Parts } from "./panel/actions.ts";

type Work = (parts: Parts, api: typeof vscode) => unknown;

/** Takes the body of a function of `parts` and `vscode`, and answers what it gives as JSON. */
export function openDoor(parts: Parts): vscode.Disposable {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      response.setHeader("connection", "close"); // one that is kept may be closed just when it is used
      void answer(parts, Buffer.concat(pieces).toString()).then((text) => response.end(text));
    });
  });
  // Its name is its port, behind this process's: no window's door is taken for another's.
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    writeFileSync(join(process.env["CHATLS_TEST_DOORS"] ?? "", `${process.pid}-${typeof address === "object" ? address?.port : ""}`), "");
  });
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
