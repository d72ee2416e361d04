// What a turn looks like when its events are folded (fold.ts). Generated from the Python client's view.py by
// `make docs`: do not edit. A member that may be missing is left out where there is nothing to say.

import type {
  CompactionReason,
  ErrorKind,
  JsonObject,
  Location,
  NoticeLevel,
  StopReason,
  ToolContent,
  ToolKind,
  ToolStatus,
  TurnError,
  Usage,
} from "./protocol.ts";

/** Where a call is in its life. */
export type CallStatus = "streaming" | "ready" | "awaiting_permission" | "running" | ToolStatus;

/** A stretch of the answer. */
export interface TextBlock {
  readonly step: number;
  readonly text: string;
  readonly type: "text";
}

/** A stretch of the model's thinking. */
export interface ThinkingBlock {
  readonly step: number;
  readonly text: string;
  readonly type: "thinking";
}

/** A tool call, from its first letter to its result. */
export interface ToolBlock {
  readonly step: number;
  readonly id: string;
  readonly name: string;
  readonly kind: ToolKind;
  readonly status: CallStatus;
  /** The arguments' JSON text as far as it was written; raw, for showing only. */
  readonly argumentsText: string;
  readonly title?: string;
  readonly arguments?: JsonObject;
  readonly argumentsError?: string;
  readonly locations: readonly Location[];
  readonly permission?: string;
  readonly startedEarly: boolean;
  readonly output: string;
  readonly content: readonly ToolContent[];
  readonly durationMs?: number;
  readonly truncated: boolean;
  readonly type: "tool";
}

/** Something a person should know. */
export interface NoticeBlock {
  readonly step: number;
  readonly level: NoticeLevel;
  readonly text: string;
  readonly type: "notice";
}

/** The provider is asked again. */
export interface RetryBlock {
  readonly step: number;
  readonly attempt: number;
  readonly delayMs: number;
  readonly reason: ErrorKind;
  readonly text: string;
  readonly type: "retry";
}

/** What the person said meanwhile, where the model was told. */
export interface SteeredBlock {
  readonly step: number;
  readonly text: string;
  readonly type: "steered";
}

/** What the model is sent is made shorter. */
export interface CompactionBlock {
  readonly step: number;
  readonly reason: CompactionReason;
  readonly before: number;
  /** None while the summary is being written. */
  readonly after?: number;
  readonly summary?: string;
  readonly type: "compaction";
}

/** How full the model's window is. */
export interface Fill {
  readonly tokens: number;
  readonly window?: number;
  readonly exact: boolean;
}

export type Block = TextBlock | ThinkingBlock | ToolBlock | NoticeBlock | RetryBlock | SteeredBlock | CompactionBlock;

/** A turn as far as it is known. */
export interface View {
  /** `waiting`: no event yet. */
  readonly status: "waiting" | "running" | "ended";
  readonly sessionId?: string;
  readonly model?: string;
  readonly blocks: readonly Block[];
  /** Replies that are whole; at the end, replies begun. */
  readonly steps: number;
  readonly usage?: Usage;
  readonly context?: Fill;
  readonly stopReason?: StopReason;
  readonly error?: TurnError;
  readonly chunks?: number;
  readonly tools: Readonly<Record<string, number>>;
  readonly durationMs?: number;
  readonly timeToFirstChunkMs?: number;
}
