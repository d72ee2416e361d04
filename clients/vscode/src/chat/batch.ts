// Joins adjacent pieces of one turn, so that a fast model costs a few messages a frame and not thousands. Pure.

import type { ProgressValue } from "../protocol.ts";

/** The same events in fewer pieces. The `seq` of a joined one is that of its last piece. */
export function joined(events: readonly ProgressValue[]): ProgressValue[] {
  const found: ProgressValue[] = [];
  let run: ProgressValue[] = [];
  const close = (): void => {
    if (run.length > 0) {
      found.push(whole(run));
    }
    run = [];
  };
  for (const event of events) {
    if (run[0] && !together(run[0], event)) {
      close();
    }
    run.push(event);
  }
  close();
  return found;
}

function together(one: ProgressValue, other: ProgressValue): boolean {
  if (one.turnId !== other.turnId) {
    return false;
  }
  if (one.kind === "textChunk" || one.kind === "thinkingChunk") {
    return one.kind === other.kind;
  }
  if (one.kind === "toolCallDelta" || one.kind === "toolRunOutput") {
    return one.kind === other.kind && one.toolCallId === other.toolCallId;
  }
  return false;
}

function whole(run: readonly ProgressValue[]): ProgressValue {
  const last = run.at(-1) as ProgressValue;
  if (run.length === 1) {
    return last;
  }
  if (last.kind === "toolCallDelta") {
    return { ...last, argumentsDelta: run.map((one) => (one.kind === "toolCallDelta" ? one.argumentsDelta : "")).join("") };
  }
  const text = run.map((one) => ("text" in one ? one.text : "")).join("");
  return { ...last, text } as ProgressValue;
}
