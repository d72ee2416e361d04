// What the daemon that runs can do beyond what every daemon does: each is used only where it is advertised.

import type { WorkingMode } from "./protocol.ts";

/** From its `experimental.chat`. */
export interface Features {
  readonly sessions: boolean;
  readonly steer: boolean;
  readonly modes: boolean;
  readonly editedArguments: boolean;
  readonly commands: boolean;
}

export const NO_FEATURES: Features = { sessions: false, steer: false, modes: false, editedArguments: false, commands: false };

export const MODES: readonly WorkingMode[] = ["ask", "plan", "edits"];
