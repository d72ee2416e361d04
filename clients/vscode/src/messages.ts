// What the extension and its page say to each other. Both fold the same events, so only those travel.

import type { Offer } from "./chat/names.ts";
import type { ContentBlock, Diff, ElicitAnswer, Elicitation, ProgressValue, PromptResult, Question, SessionEntry, TurnError, WorkingMode } from "./protocol.ts";
import type { View } from "./view.ts";

/** A turn as the page knows it. */
export interface TurnState {
  readonly key: string;
  /** The person's words. */
  readonly words: string;
  /** What went along with them, in words for people. */
  readonly along: readonly string[];
  readonly view: View;
  readonly turnId?: string;
}

/** Something that goes along with the next prompt. */
export interface Attachment {
  readonly id: string;
  readonly label: string;
  readonly icon: "file" | "selection" | "problems" | "picture" | "terminal" | "text";
}

/** What a person may attach by a menu. */
export type AttachedKind = "file" | "selection" | "problems" | "picture" | "terminal";

/** A question, as far as the page has to know it. */
export interface Asked {
  readonly id: string;
  readonly turn: string;
  readonly question: Question;
  /** What would be done can be changed before it is. */
  readonly editable: boolean;
  /** It was opened in an editor, to be changed there. */
  readonly editing?: boolean;
}

/** A form of an MCP server. */
export interface AskedForm {
  readonly id: string;
  readonly turn: string;
  readonly form: Elicitation;
}

/** Which sessions are wanted. */
export interface Wanted {
  readonly query: string;
  /** Those of other folders, too. */
  readonly everywhere: boolean;
  /** Those behind the ones that are shown. */
  readonly cursor?: string;
  /** At most so many. */
  readonly limit?: number;
  /** What was taken back, too. */
  readonly branches?: boolean;
}

/** All that is shown around the turns. */
export interface Chrome {
  readonly title: string;
  readonly state: "stopped" | "starting" | "ready" | "failed";
  /** What is wrong with the daemon, for people. */
  readonly trouble?: string;
  readonly trusted: boolean;
  /** A turn runs that can be stopped from here. */
  readonly running: boolean;
  /** A turn runs in another window. */
  readonly elsewhere: boolean;
  /** The session was deleted. */
  readonly lost: boolean;
  /** Only the small model that comes along answers: no other was set up. */
  readonly bare: boolean;
  /** What the person looks at in the editor, and whether the model is told. */
  readonly looks?: { readonly label: string; readonly told: boolean };
  readonly model?: string;
  readonly mode?: WorkingMode;
  readonly features: { readonly sessions: boolean; readonly steer: boolean; readonly modes: boolean };
  readonly context?: { readonly tokens: number; readonly window?: number };
  /** Words that are sent when the turn that runs has ended. */
  readonly queued: readonly string[];
  /** Words that the turn that runs will be told with its next request. */
  readonly steering: readonly string[];
  /** The commands behind a slash. */
  readonly commands: readonly Offer[];
}

export type ToPage =
  | {
      readonly type: "state";
      readonly chrome: Chrome;
      readonly turns: readonly TurnState[];
      readonly questions: readonly Asked[];
      readonly forms: readonly AskedForm[];
      readonly attachments: readonly Attachment[];
    }
  | { readonly type: "chrome"; readonly chrome: Chrome }
  /** A new one, or one that is told anew. */
  | { readonly type: "turn"; readonly turn: TurnState }
  /** A turn and those behind it are no more. */
  | { readonly type: "cut"; readonly from: string }
  /** Lists of sessions are old. */
  | { readonly type: "stale" }
  | { readonly type: "events"; readonly turn: string; readonly events: readonly ProgressValue[] }
  | { readonly type: "ended"; readonly turn: string; readonly result?: PromptResult; readonly error?: TurnError }
  | { readonly type: "question"; readonly asked: Asked }
  | { readonly type: "form"; readonly asked: AskedForm }
  | { readonly type: "withdrawn"; readonly id: string }
  | { readonly type: "attachments"; readonly attachments: readonly Attachment[] }
  | { readonly type: "completions"; readonly query: string; readonly files: readonly string[]; readonly names: readonly Offer[] }
  | { readonly type: "sessions"; readonly wanted: Wanted; readonly sessions: readonly SessionEntry[]; readonly cursor?: string }
  | { readonly type: "recent"; readonly sessions: readonly SessionEntry[] }
  | { readonly type: "focus"; readonly what: "prompt" | "question" | "history" | "list" }
  | { readonly type: "draft"; readonly text: string };

export type FromPage =
  | { readonly type: "ready" }
  | { readonly type: "send"; readonly text: string }
  | { readonly type: "unqueue"; readonly at: number }
  | { readonly type: "stop" }
  | { readonly type: "cancelCall"; readonly turn: string; readonly call: string }
  | { readonly type: "answer"; readonly id: string; readonly optionId: string; readonly feedback?: string }
  | { readonly type: "dismiss"; readonly id: string }
  | { readonly type: "formAnswer"; readonly id: string; readonly answer: ElicitAnswer }
  | { readonly type: "editAnswer"; readonly id: string; readonly command?: string }
  | { readonly type: "diff"; readonly diff: Diff; readonly title: string }
  | { readonly type: "open"; readonly href: string }
  | { readonly type: "show"; readonly text: string; readonly language: string }
  | { readonly type: "copy"; readonly text: string }
  | { readonly type: "insert"; readonly text: string }
  | { readonly type: "apply"; readonly text: string; readonly path?: string }
  | { readonly type: "terminal"; readonly text: string }
  | { readonly type: "changes"; readonly turn: string }
  | { readonly type: "looks"; readonly told: boolean }
  | { readonly type: "retry"; readonly turn: string }
  | { readonly type: "rewind"; readonly turn: string }
  | { readonly type: "fork"; readonly turn: string }
  | { readonly type: "complete"; readonly query: string }
  | { readonly type: "offer" }
  | { readonly type: "attach"; readonly what: AttachedKind }
  | { readonly type: "paste"; readonly mimeType: string; readonly data: string }
  | { readonly type: "drop"; readonly uris: readonly string[] }
  | { readonly type: "detach"; readonly id: string }
  | { readonly type: "search"; readonly wanted: Wanted }
  | { readonly type: "recent" }
  | { readonly type: "load"; readonly sessionId: string }
  | { readonly type: "delete" | "rename"; readonly sessionId: string; readonly title: string; readonly wanted: Wanted }
  | { readonly type: "command"; readonly name: PageCommand };

/** Commands of the extension that the page may call. */
export type PageCommand =
  | "newSession"
  | "pickModel"
  | "setup"
  | "pickMode"
  | "restart"
  | "showLog"
  | "chooseProgram"
  | "openGuide"
  | "trust"
  | "settings"
  | "exportSession"
  | "storeKey";

export type Blocks = readonly ContentBlock[];
