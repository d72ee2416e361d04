// What waits for a person in one session: questions of permission, and forms. Knows no panel.

import type { Asked, AskedForm, ToPage } from "../messages.ts";
import type { ElicitAnswer, Elicitation, PermissionAnswer, Question } from "../protocol.ts";

interface WaitingQuestion {
  asked: Asked;
  readonly answer: (answer: PermissionAnswer) => void;
}

interface WaitingForm {
  readonly asked: AskedForm;
  readonly answer: (answer: ElicitAnswer) => void;
}

export class Pending {
  readonly questions = new Map<string, WaitingQuestion>();
  readonly forms = new Map<string, WaitingForm>();
  readonly #key: string;
  readonly #emit: (message: ToPage) => void;
  #fillings = 0;

  /** `key`: a name that no other session of this window has. */
  constructor(key: string, emit: (message: ToPage) => void) {
    this.#key = key;
    this.#emit = emit;
  }

  /** How much waits. */
  get count(): number {
    return this.questions.size + this.forms.size;
  }

  /** `changes`: the daemon takes an answer with the call as the person wants it. */
  ask(question: Question, turn: string, changes: boolean, answer: (answer: PermissionAnswer) => void): { withdrawn(): void } {
    const id = question.toolCallId;
    const asked: Asked = { id, turn, question, editable: changes && canBeEdited(question) };
    this.questions.set(id, { asked, answer });
    this.#emit({ type: "question", asked });
    return { withdrawn: () => this.#forget(id) };
  }

  /** A person's word. Whether the question still waited. */
  answer(id: string, answer: PermissionAnswer): boolean {
    const one = this.questions.get(id);
    this.#forget(id);
    one?.answer(answer);
    return one !== undefined;
  }

  fill(form: Elicitation, turn: string, answer: (answer: ElicitAnswer) => void): { withdrawn(): void } {
    const id = `${this.#key}-form-${(this.#fillings += 1)}`;
    const asked: AskedForm = { id, turn, form };
    this.forms.set(id, { asked, answer });
    this.#emit({ type: "form", asked });
    return { withdrawn: () => this.#forget(id) };
  }

  /** What a person made of a form. */
  filled(id: string, answer: ElicitAnswer): void {
    const one = this.forms.get(id);
    this.#forget(id);
    one?.answer(answer);
  }

  /** The question is being changed in an editor, or not any more. */
  editing(id: string, editing: boolean): void {
    const one = this.questions.get(id);
    if (one) {
      one.asked = { ...one.asked, editing };
      this.#emit({ type: "question", asked: one.asked });
    }
  }

  /** A turn ended: nobody needs its answers. */
  withdraw(turn: string): void {
    for (const [id, one] of this.questions) {
      if (one.asked.turn === turn) {
        this.answer(id, { outcome: "cancelled" });
      }
    }
    for (const [id, one] of this.forms) {
      if (one.asked.turn === turn) {
        this.filled(id, { action: "cancel" });
      }
    }
  }

  #forget(id: string): void {
    if (this.questions.delete(id) || this.forms.delete(id)) {
      this.#emit({ type: "withdrawn", id });
    }
  }
}

/** One change of one file, or a command. */
function canBeEdited(question: Question): boolean {
  const changes = question.preview.filter((item) => item.type === "diff");
  const one = changes.length === 1 && changes[0]?.change !== "deleted" && changes[0]?.change !== "moved";
  return (one && ["edit_file", "write_file"].includes(toolOf(question))) || typeof question.arguments["command"] === "string";
}

/** The tool of a question, which its arguments tell. */
function toolOf(question: Question): string {
  if (Array.isArray(question.arguments["edits"])) {
    return "edit_file";
  }
  return typeof question.arguments["content"] === "string" ? "write_file" : "";
}
