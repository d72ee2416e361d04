// Which session was shown last, in a file of this workspace's own: the editor's memento comes too late where a window is
// reloaded in the middle of an answer.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export class Memory {
  readonly #folder: string | undefined;
  #known: string | undefined;

  /** `folder`: the workspace's place for what this extension keeps; nothing where no folder is open. */
  constructor(folder: string | undefined) {
    this.#folder = folder;
    this.#known = this.#read();
  }

  get last(): string | undefined {
    return this.#known;
  }

  set last(sessionId: string | undefined) {
    if (sessionId === this.#known || this.#folder === undefined) {
      return;
    }
    this.#known = sessionId;
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      if (sessionId === undefined) {
        rmSync(this.#place(), { force: true });
      } else {
        writeFileSync(this.#place(), sessionId, { mode: 0o600 });
      }
    } catch {
      // A disk that takes nothing: then the window begins with an empty chat.
    }
  }

  #place(): string {
    return join(this.#folder ?? "", "last-session");
  }

  #read(): string | undefined {
    try {
      return readFileSync(this.#place(), "utf8").trim() || undefined;
    } catch {
      return undefined;
    }
  }
}
