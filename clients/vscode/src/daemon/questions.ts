// Questions of permission that wait for a person, and who shows them.

import type * as vscode from "vscode";
import type { PermissionAnswer, Question } from "../protocol.ts";

/** Puts a question to a person. `withdrawn` is called at most once, when nobody needs the answer any more. */
export interface Asker {
  ask(question: Question, answer: (answer: PermissionAnswer) => void): { withdrawn(): void };
}

export class Questions {
  readonly #askers = new Map<string, Asker>();
  #otherwise: Asker | undefined;

  /** Who shows the questions of one session. */
  of(sessionId: string, asker: Asker): { dispose(): void } {
    this.#askers.set(sessionId, asker);
    return {
      dispose: () => {
        if (this.#askers.get(sessionId) === asker) {
          this.#askers.delete(sessionId);
        }
      },
    };
  }

  /** Who shows all others. */
  otherwise(asker: Asker): void {
    this.#otherwise = asker;
  }

  /** The answer to a request of the daemon's. */
  ask(question: Question, token: vscode.CancellationToken): Promise<PermissionAnswer> {
    const asker = this.#askers.get(question.sessionId) ?? this.#otherwise;
    if (!asker || token.isCancellationRequested) {
      return Promise.resolve({ outcome: "cancelled" });
    }
    const { promise, resolve } = Promise.withResolvers<PermissionAnswer>();
    const shown = asker.ask(question, resolve);
    const listening = token.onCancellationRequested(() => {
      shown.withdrawn();
      resolve({ outcome: "cancelled" });
    });
    return promise.finally(() => listening.dispose());
  }
}
