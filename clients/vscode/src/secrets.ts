// Keys of providers, kept by the editor and given to the daemon as environment variables. Never in settings or logs.

import * as vscode from "vscode";

const NAMES = "chatls.keys";
const USUAL = ["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "OPENROUTER_API_KEY", "MISTRAL_API_KEY"];

export class Secrets {
  readonly #context: vscode.ExtensionContext;

  constructor(context: vscode.ExtensionContext) {
    this.#context = context;
  }

  /** The variables that are kept, with their values. */
  async environment(): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const name of this.#names()) {
      const value = await this.#context.secrets.get(`chatls.${name}`);
      if (value) {
        found[name] = value;
      }
    }
    return found;
  }

  /** Ask for a variable and its value; whether something was changed. */
  async ask(): Promise<boolean> {
    const kept = this.#names();
    const items = [...new Set([...kept, ...USUAL])].map((name) => ({
      label: name,
      ...(kept.includes(name) ? { description: "kept here; choose it to replace or forget it" } : {}),
    }));
    const other = { label: "Another variable ..." };
    const picked = await vscode.window.showQuickPick([...items, other], { title: "Which key?" });
    const name = picked === other ? await askName() : picked?.label;
    if (!name) {
      return false;
    }
    const value = await vscode.window.showInputBox({
      title: name,
      prompt: "The key. It is kept by the editor's secret storage. Empty: forget it.",
      password: true,
      ignoreFocusOut: true,
    });
    return value === undefined ? false : this.#keep(name, value.trim());
  }

  async #keep(name: string, value: string): Promise<boolean> {
    const others = this.#names().filter((known) => known !== name);
    if (value === "") {
      await this.#context.secrets.delete(`chatls.${name}`);
    } else {
      await this.#context.secrets.store(`chatls.${name}`, value);
    }
    await this.#context.globalState.update(NAMES, value === "" ? others : [...others, name]);
    return true;
  }

  #names(): readonly string[] {
    return this.#context.globalState.get<readonly string[]>(NAMES, []);
  }
}

function askName(): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: "The name of the environment variable",
    validateInput: (text) => (/^[A-Z_][A-Z0-9_]*$/.test(text) ? undefined : "Capital letters, digits and underscores."),
  });
}
