// Keeps a conversation as the daemon has its session: read when it is opened, and looked at again when something changed,
// which another window may have done, another panel or the editor's own Chat view.

import type { Daemon } from "../daemon/daemon.ts";
import { ErrorCode, type LoadResult } from "../protocol.ts";
import type { Conversation } from "./conversation.ts";
import { Replay } from "./replay.ts";

/** Who runs a turn elsewhere may die, and then nobody says so. */
const DOUBT_MS = 3000;

export class Looking {
  readonly #daemon: Daemon;
  /** Those that are looked at now, and whether they have to be once more. */
  readonly #under = new Map<Conversation, boolean>();
  readonly #doubts = new Map<Conversation, NodeJS.Timeout>();

  constructor(daemon: Daemon) {
    this.#daemon = daemon;
  }

  /** Read a session that the daemon keeps, or its last turns. */
  async read(sessionId: string, into: Conversation, last?: number): Promise<void> {
    const client = await this.#daemon.ready();
    const replay = new Replay(into);
    const { listening, partialResultToken } = this.#daemon.listen(client, (event) => replay.take(event));
    try {
      const params = { sessionId, partialResultToken, ...(last === undefined ? {} : { last }) };
      const loaded = await this.#daemon.request("chat/session/load", params);
      replay.close(loaded);
      into.adopt(loaded);
      into.follow(loaded.running, loaded.running === "here" ? listening : undefined);
      this.#doubt(into);
      if (loaded.running !== "here") {
        listening.dispose();
      }
    } catch (error) {
      listening.dispose();
      throw error;
    }
  }

  /** Look whether it is still as it is shown. What cannot be looked at stays. */
  async again(one: Conversation): Promise<void> {
    if (this.#under.has(one)) {
      this.#under.set(one, true);
      return;
    }
    do {
      this.#under.set(one, false);
      await this.#look(one).catch((error: unknown) => this.#daemon.log.warn(`A session could not be looked at: ${String(error)}`));
    } while (this.#under.get(one));
    this.#under.delete(one);
    this.#doubt(one);
  }

  async #look(one: Conversation): Promise<void> {
    const { sessionId } = one;
    one.stale = false;
    if (sessionId === undefined || one.running || !this.#daemon.features.sessions) {
      return;
    }
    const now = await this.#kept(sessionId, 1);
    if (one.running || one.sessionId !== sessionId) {
      return; // it went on by itself
    }
    if (!now) {
      one.lose();
      return;
    }
    one.rename(now.title);
    const mine = one.turns.filter((turn) => turn.turnId !== undefined);
    const same = mine.at(-1)?.turnId === now.turns.at(-1)?.turnId;
    const isOver = mine.at(-1)?.view.status !== "running" && one.elsewhere === undefined;
    if (same && (now.running === undefined ? isOver : now.running === "here" && one.elsewhere === "here")) {
      return;
    }
    await (same ? this.read(sessionId, one, 1) : this.#catchUp(sessionId, one));
  }

  /** Turns were added, or taken back. */
  async #catchUp(sessionId: string, one: Conversation): Promise<void> {
    const all = (await this.#kept(sessionId))?.turns ?? [];
    if (one.running || one.sessionId !== sessionId) {
      return;
    }
    const mine = one.turns.filter((turn) => turn.turnId !== undefined);
    const differs = mine.findIndex((turn, at) => turn.turnId !== all[at]?.turnId);
    const shared = differs < 0 ? mine.length : differs;
    const gone = mine[shared];
    if (gone) {
      one.cut(gone);
    }
    await this.read(sessionId, one, all.length - shared);
  }

  async #kept(sessionId: string, last?: number): Promise<LoadResult | undefined> {
    try {
      return await this.#daemon.request("chat/session/load", { sessionId, ...(last === undefined ? {} : { last }) });
    } catch (error) {
      if ((error as { code?: number }).code === ErrorCode.sessionNotFound) {
        return undefined;
      }
      throw error;
    }
  }

  #doubt(one: Conversation): void {
    clearTimeout(this.#doubts.get(one));
    this.#doubts.delete(one);
    if (one.elsewhere !== undefined && one.isShown) {
      this.#doubts.set(one, setTimeout(() => void this.again(one), DOUBT_MS));
    }
  }

  dispose(): void {
    this.#doubts.forEach((timer) => clearTimeout(timer));
    this.#doubts.clear();
  }
}
