// Questions of permission and forms that wait for a person, and who shows them.

import type * as vscode from "vscode";
import type { ElicitAnswer, Elicitation, PermissionAnswer, Question } from "../protocol.ts";

/** Puts a question to a person. `withdrawn` is called at most once, when nobody needs the answer any more. */
export interface Asker {
  ask(question: Question, answer: (answer: PermissionAnswer) => void): { withdrawn(): void };
  /** Shows a form in the same way. Who cannot has none. */
  fill?(form: Elicitation, answer: (answer: ElicitAnswer) => void): { withdrawn(): void };
}

export class Questions {
  readonly #askers = new Map<string, readonly Asker[]>();
  #otherwise: Asker | undefined;

  /** Who shows the questions of one session, while they do; of several the last one. */
  of(sessionId: string, asker: Asker): { dispose(): void } {
    const put = (more: readonly Asker[]): void => {
      const others = (this.#askers.get(sessionId) ?? []).filter((one) => one !== asker);
      this.#askers.set(sessionId, [...others, ...more]);
    };
    put([asker]);
    return { dispose: () => put([]) };
  }

  /** Who shows all others. */
  otherwise(asker: Asker): void {
    this.#otherwise = asker;
  }

  /** The answer to `chat/requestPermission`. */
  ask(question: Question, token: vscode.CancellationToken): Promise<PermissionAnswer> {
    const asker = this.#of(question);
    return put<PermissionAnswer>((answer) => asker?.ask(question, answer), { outcome: "cancelled" }, token);
  }

  /** The answer to `chat/elicit`. */
  fill(form: Elicitation, token: vscode.CancellationToken): Promise<ElicitAnswer> {
    const asker = this.#of(form);
    return put<ElicitAnswer>((answer) => asker?.fill?.(form, answer), { action: "cancel" }, token);
  }

  #of({ sessionId }: { readonly sessionId: string }): Asker | undefined {
    return this.#askers.get(sessionId)?.at(-1) ?? this.#otherwise;
  }
}

/** What a person answers; `closed` where nobody can, and when it is withdrawn. */
function put<Answer>(
  show: (answer: (answer: Answer) => void) => { withdrawn(): void } | undefined,
  closed: Answer,
  token: vscode.CancellationToken,
): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const shown = token.isCancellationRequested ? undefined : show(resolve);
  if (!shown) {
    return Promise.resolve(closed);
  }
  const listening = token.onCancellationRequested(() => {
    shown.withdrawn();
    resolve(closed);
  });
  return promise.finally(() => listening.dispose());
}
