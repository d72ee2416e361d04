// What a turn looks like: a pure fold of its events into plain data, from which any face draws. Knows no face.
// The rules stand in clients/python/chatls_client/view.py, and tests/transcripts holds what they give. An event of a kind
// that is not known changes nothing. What did not change is the same object as before, so that a face need not draw it.

import type { Diff, ProgressValue, PromptResult, StepEnd, ToolCallEnd, TurnError, Usage } from "./protocol.ts";
import type { Block, NoticeBlock, TextBlock, ThinkingBlock, ToolBlock, View } from "./view.ts";

type Of<Kind> = Extract<ProgressValue, { kind: Kind }>;

const OPEN: ReadonlySet<string> = new Set(["streaming", "ready", "awaiting_permission", "running"]);

/** A turn of which nothing is known yet. */
export const NOTHING: View = { status: "waiting", blocks: [], steps: 0, tools: {} };

/** Whether a call has not ended. */
export function isOpen(block: ToolBlock): boolean {
  return OPEN.has(block.status);
}

/** The view after one more event. */
export function fold(view: View, event: ProgressValue): View {
  switch (event.kind) {
    case "turnStart":
      return { ...view, status: "running", sessionId: event.sessionId, model: event.model };
    case "textChunk":
      return { ...view, blocks: written(view, "text", event.text) };
    case "thinkingChunk":
      return { ...view, blocks: written(view, "thinking", event.text) };
    case "reclassified":
      return { ...view, blocks: reclassified(view, event) };
    case "notice":
      return { ...view, blocks: noticed(view, event), ...(event.model === undefined ? {} : { model: event.model }) };
    case "retry":
      return { ...view, blocks: retried(view, event) };
    case "stepEnd":
      return stepEnded(view, event);
    case "steered": {
      const text = event.content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n");
      return { ...view, blocks: [...view.blocks, { step: view.steps + 1, text, type: "steered" }] };
    }
    case "contextUsage": {
      const { tokens, window, exact } = event;
      return { ...view, context: { tokens, ...(window === undefined ? {} : { window }), exact } };
    }
    case "compactStart": {
      const block = { step: view.steps + 1, reason: event.reason, before: event.tokens, type: "compaction" } as const;
      return { ...view, blocks: [...view.blocks, block] };
    }
    case "compactEnd":
      return { ...view, blocks: compacted(view.blocks, event) };
    default:
      return called(view, event);
  }
}

/** The blocks with the last compaction that is open completed. */
function compacted(blocks: readonly Block[], event: Of<"compactEnd">): readonly Block[] {
  const { before, after, summary } = event;
  const last = blocks.findLastIndex((block) => block.type === "compaction" && block.after === undefined);
  return blocks.map((block, at) =>
    at === last && block.type === "compaction" ? { ...block, before, after, summary } : block,
  );
}

/** The view after the answer. */
export function finish(view: View, result: PromptResult): View {
  return {
    status: "ended",
    sessionId: result.sessionId,
    ...(view.model === undefined ? {} : { model: view.model }),
    blocks: closed(view.blocks),
    steps: result.steps,
    ...(result.usage ? { usage: result.usage } : {}),
    ...(view.context === undefined ? {} : { context: view.context }),
    stopReason: result.stopReason,
    ...(result.error ? { error: result.error } : {}),
    chunks: result.chunks,
    tools: result.tools,
    durationMs: result.durationMs,
    ...(typeof result.timeToFirstChunkMs === "number" ? { timeToFirstChunkMs: result.timeToFirstChunkMs } : {}),
  };
}

/** The view after a refusal, or after the daemon's death. */
export function fail(view: View, error: TurnError): View {
  return { ...view, status: "ended", blocks: closed(view.blocks), stopReason: "error", error };
}

function written(view: View, type: "text" | "thinking", text: string): readonly Block[] {
  const last = view.blocks.at(-1);
  const step = view.steps + 1;
  if (last && last.type === type && last.step === step) {
    return [...view.blocks.slice(0, -1), { ...last, text: last.text + text }];
  }
  const block: TextBlock | ThinkingBlock = { step, text, type };
  return [...view.blocks, block];
}

/** The beginning of this step's text is thinking, so many code points of it. */
function reclassified(view: View, event: Of<"reclassified">): readonly Block[] {
  let left = event.from === "text" && event.to === "thinking" ? event.length : 0;
  return view.blocks.flatMap((block): Block[] => {
    if (left === 0 || block.type !== "text" || block.step !== view.steps + 1) {
      return [block];
    }
    const points = [...block.text];
    const text = points.slice(left).join("");
    const thinking: ThinkingBlock = { step: block.step, text: points.slice(0, left).join(""), type: "thinking" };
    left = Math.max(0, left - points.length);
    return text === "" ? [thinking] : [thinking, { ...block, text }];
  });
}

function noticed(view: View, event: Of<"notice">): readonly Block[] {
  const block: NoticeBlock = { step: view.steps + 1, level: event.level, text: event.text, type: "notice" };
  const last = view.blocks.at(-1);
  const again =
    last?.type === "notice" &&
    last.step === block.step &&
    last.level === block.level &&
    butForNumbers(last.text) === butForNumbers(block.text);
  return [...(again ? view.blocks.slice(0, -1) : view.blocks), block];
}

function butForNumbers(text: string): string {
  return text.replace(/[0-9][0-9.,]*/g, "0");
}

function retried(view: View, event: Of<"retry">): readonly Block[] {
  const step = view.steps + 1;
  const kept =
    event.discards === "thinking"
      ? view.blocks.filter((block) => !(block.type === "thinking" && block.step === step))
      : view.blocks;
  const { attempt, delayMs, reason, text } = event;
  const before = kept.at(-1)?.type === "retry" ? kept.slice(0, -1) : kept;
  return [...before, { step, attempt, delayMs, reason, text, type: "retry" }];
}

function stepEnded(view: View, event: StepEnd): View {
  const usage = event.usage ? sum(view.usage, event.usage) : view.usage;
  return { ...view, blocks: withText(view, event.text), steps: view.steps + 1, ...(usage ? { usage } : {}) };
}

function sum(one: Usage | undefined, other: Usage): Usage {
  return {
    inputTokens: (one?.inputTokens ?? 0) + other.inputTokens,
    outputTokens: (one?.outputTokens ?? 0) + other.outputTokens,
    cacheReadTokens: (one?.cacheReadTokens ?? 0) + other.cacheReadTokens,
    cacheWriteTokens: (one?.cacheWriteTokens ?? 0) + other.cacheWriteTokens,
  };
}

/** The text of the step that ends, put right where it differs from what was streamed. */
function withText(view: View, text: string): readonly Block[] {
  const step = view.steps + 1;
  const isText = (block: Block): block is TextBlock => block.type === "text" && block.step === step;
  const shown = view.blocks.filter(isText).map((block) => block.text);
  if (shown.join("") === text) {
    return view.blocks;
  }
  const first = view.blocks.findIndex(isText);
  const start = view.blocks.findIndex((block) => block.step === step);
  const place = first >= 0 ? first : start >= 0 ? start : view.blocks.length;
  const kept = view.blocks.filter((block) => !isText(block));
  const whole: readonly Block[] = text === "" ? [] : [{ step, text, type: "text" }];
  return [...kept.slice(0, place), ...whole, ...kept.slice(place)];
}

function called(view: View, event: ProgressValue): View {
  const blocks = calledBlocks(view, event);
  return blocks === view.blocks ? view : { ...view, blocks };
}

function calledBlocks(view: View, event: ProgressValue): readonly Block[] {
  const blocks = view.blocks;
  switch (event.kind) {
    case "toolCallStart":
      return [...blocks, begun(view, event.toolCallId, event.name, event.toolKind)];
    case "toolCallDelta":
      return change(blocks, event.toolCallId, (it) => ({
        ...it,
        argumentsText: it.argumentsText + event.argumentsDelta,
      }));
    case "toolCallEnd": {
      const known = blocks.some((block) => block.type === "tool" && block.id === event.toolCallId);
      const all = known ? blocks : [...blocks, begun(view, event.toolCallId, event.name, "other")];
      return change(all, event.toolCallId, (it) => ready(it, event));
    }
    case "permissionRequested":
      return change(blocks, event.toolCallId, (it) => ({ ...it, status: "awaiting_permission" }));
    case "permissionResolved":
      return change(blocks, event.toolCallId, (it) => ({ ...it, status: "ready", permission: event.outcome }));
    case "toolRunStart":
      return change(blocks, event.toolCallId, (it) => ({
        ...it,
        status: "running",
        startedEarly: event.startedEarly,
      }));
    case "toolRunOutput":
      return change(blocks, event.toolCallId, (it) => ({ ...it, output: it.output + event.text }));
    case "toolRunEnd": {
      const { status, content, durationMs, truncated } = event;
      return change(blocks, event.toolCallId, (it) => ({ ...it, status, content, durationMs, truncated }));
    }
    default:
      return blocks;
  }
}

function begun(view: View, id: string, name: string, kind: ToolBlock["kind"]): ToolBlock {
  return {
    step: view.steps + 1,
    id,
    name,
    kind,
    status: "streaming",
    argumentsText: "",
    locations: [],
    startedEarly: false,
    output: "",
    content: [],
    truncated: false,
    type: "tool",
  };
}

/** Complete; what an earlier run of the call left is taken back. */
function ready(block: ToolBlock, event: ToolCallEnd): ToolBlock {
  return {
    step: block.step,
    id: block.id,
    name: event.name,
    kind: block.kind,
    status: "ready",
    argumentsText: block.argumentsText,
    title: event.title,
    ...(event.arguments ? { arguments: event.arguments } : {}),
    ...(event.argumentsError === undefined ? {} : { argumentsError: event.argumentsError }),
    locations: event.locations,
    ...(block.permission === undefined ? {} : { permission: block.permission }),
    startedEarly: false,
    output: "",
    content: [],
    truncated: false,
    type: "tool",
  };
}

/** Blocks with one call changed; the same array where there is no such call. */
function change(blocks: readonly Block[], id: string, how: (block: ToolBlock) => ToolBlock): readonly Block[] {
  const at = blocks.findLastIndex((block) => block.type === "tool" && block.id === id);
  const block = blocks[at];
  return block?.type === "tool" ? blocks.with(at, how(block)) : blocks;
}

function closed(blocks: readonly Block[]): readonly Block[] {
  return blocks.map((block) =>
    block.type === "tool" && isOpen(block) ? { ...block, status: "cancelled" as const } : block,
  );
}

/** What became of each file that a turn changed: from what it was before the first change to what it was behind the last. */
export function changedFiles(view: View): Diff[] {
  const found = new Map<string, Diff>();
  for (const block of view.blocks) {
    for (const item of block.type === "tool" ? block.content : []) {
      if (item.type === "diff") {
        const before = found.get(item.from ?? item.uri);
        found.delete(item.from ?? item.uri);
        const from = before?.from ?? item.from;
        const oldText = before?.oldText ?? item.oldText;
        const change = before?.change === "new" && item.change !== "deleted" ? "new" : item.change;
        found.set(item.uri, { type: "diff", uri: item.uri, oldText, newText: item.newText, change, ...(from === undefined ? {} : { from }) });
      }
    }
  }
  return [...found.values()].filter((one) => one.oldText !== one.newText || one.change !== "changed");
}
