// What a daemon may say and take beyond what every daemon does: each is used only where it is advertised.

import type { ContentBlock, PermissionAnswer, PromptParams, PromptResult, Usage } from "./protocol.ts";

/** What the daemon that runs can do, from its `experimental.chat`. */
export interface Features {
  readonly sessions: boolean;
  readonly steer: boolean;
  readonly modes: boolean;
  readonly editedArguments: boolean;
}

export const NO_FEATURES: Features = { sessions: false, steer: false, modes: false, editedArguments: false };

export const MODES = ["ask", "plan", "edits"] as const;
export type Mode = (typeof MODES)[number];

export type Prompt = PromptParams & { readonly keep?: boolean; readonly mode?: Mode };
export type Result = PromptResult & { readonly title?: string };
export type Answer = PermissionAnswer & { readonly arguments?: Readonly<Record<string, unknown>> };

export interface SessionEntry {
  readonly sessionId: string;
  readonly title: string;
  readonly folders: readonly string[];
  readonly updatedAt: string;
  readonly turns: number;
  readonly model?: string | null;
  readonly mode?: Mode;
  readonly running?: "here" | "elsewhere";
  readonly snippet?: string;
}

export interface LoadedTurn {
  readonly turnId: string;
  readonly prompt: string;
  readonly stopReason?: PromptResult["stopReason"] | "interrupted";
  readonly at?: string;
}

export type LoadedSession = SessionEntry & {
  readonly turns: readonly LoadedTurn[] | number;
  readonly usage?: Usage | null;
  readonly contextTokens?: number;
  readonly contextWindow?: number;
};

export interface Rewound {
  readonly prompt: readonly ContentBlock[];
  readonly files: readonly { readonly uri: string; readonly state: string }[];
  readonly commands: readonly string[];
}

/** The requests of daemons that keep sessions. */
export interface SessionRequests {
  "chat/session/list": {
    params: { query?: string; everywhere?: boolean; limit?: number; cursor?: string };
    result: { readonly sessions: readonly SessionEntry[]; readonly nextCursor?: string };
  };
  "chat/session/load": { params: { sessionId: string; partialResultToken?: string }; result: LoadedSession };
  "chat/session/fork": { params: { sessionId: string; turnId?: string }; result: { readonly sessionId: string } };
  "chat/session/rewind": {
    params: { sessionId: string; turnId: string; files?: "keep" | "restore"; dryRun?: boolean };
    result: Rewound;
  };
  "chat/session/rename": { params: { sessionId: string; title: string }; result: object };
  "chat/session/delete": { params: { sessionId: string }; result: object };
  "chat/session/export": {
    params: { sessionId: string; format: "markdown" | "json" };
    result: { readonly text: string };
  };
}
