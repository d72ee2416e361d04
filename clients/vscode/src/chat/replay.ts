// A transcript that is read becomes turns of a conversation: new ones, or ones that it has, which are told anew.

import { fromBlock } from "../editor/context.ts";
import { fail, fold, NOTHING } from "../fold.ts";
import type { ContentBlock, LoadResult, ProgressValue, StopReason, TurnEntry } from "../protocol.ts";
import type { View } from "../view.ts";
import type { Conversation, Turn } from "./conversation.ts";
import { forPeople } from "./faults.ts";

export class Replay {
  readonly #into: Conversation;
  readonly #turns: Turn[] = [];
  #read = false;

  constructor(into: Conversation) {
    this.#into = into;
  }

  /** An event of the transcript, or, behind it, one of a turn that runs on. */
  take(event: ProgressValue): void {
    const told = event as { readonly kind: string; readonly content?: readonly ContentBlock[] };
    if (told.kind === "prompt") {
      this.#begin(event.turnId, told.content ?? []);
      return;
    }
    const turn = this.#turns.at(-1);
    this.#into.note(event);
    if (turn) {
      turn.view = fold(turn.view, event);
      if (this.#read) {
        this.#into.emit({ type: "events", turn: turn.key, events: [event] });
      }
    }
  }

  #begin(turnId: string, content: readonly ContentBlock[]): void {
    const known = this.#into.turns.find((one) => one.turnId === turnId);
    const words = content.flatMap((block) => (block.type === "text" ? [block.text] : []));
    const turn = known ?? this.#into.add({ words: words.join("\n"), along: content.flatMap(fromBlock) });
    turn.turnId = turnId;
    turn.view = { ...NOTHING };
    this.#turns.push(turn);
  }

  /** All of it was read: it is shown. */
  close({ turns, running }: LoadResult): void {
    const last = turns.at(-1)?.turnId;
    for (const turn of this.#turns) {
      const kept = turns.find((one) => one.turnId === turn.turnId);
      if (!running || turn.turnId !== last || kept?.stopReason !== undefined) {
        turn.view = over(turn.view, kept);
      }
      this.#into.emit({ type: "turn", turn });
    }
    this.#read = true;
  }
}

const REASONS: readonly StopReason[] = ["end_turn", "max_tokens", "max_turn_requests", "refusal", "cancelled", "error"];

function over(view: View, kept: TurnEntry | undefined): View {
  const stopReason = REASONS.find((one) => one === kept?.stopReason);
  if (stopReason === undefined) {
    return fail(view, forPeople("chatls ended before this answer did. Ask again, or say \"go on\"."));
  }
  return stopReason === "error" ? fail(view, forPeople("This answer failed.")) : { ...view, status: "ended", stopReason };
}
