// The fields of forms: what is written is a value of its kind, or a word on what is wrong with it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { choicesOf, valueOf } from "../../../clients/vscode/page/fields.ts";
import { Questions } from "../../../clients/vscode/src/daemon/questions.ts";
import type { ElicitAnswer, Elicitation, FormField } from "../../../clients/vscode/src/protocol.ts";

const field = (type: FormField["type"], more: Partial<FormField> = {}): FormField => ({ name: "it", title: "It", type, required: true, ...more });

test("what is written is a value of its field's kind", () => {
  assert.deepEqual(valueOf(field("string"), " as it is "), { value: " as it is " });
  assert.deepEqual(valueOf(field("integer"), " -12 "), { value: -12 });
  assert.deepEqual(valueOf(field("number"), "1.5e3"), { value: 1500 });
  assert.deepEqual(valueOf(field("boolean"), "false"), { value: false });
  assert.deepEqual(valueOf(field("choice", { choices: ["a", "b"] }), "b"), { value: "b" });
  assert.deepEqual(valueOf(field("number", { required: false }), " "), { value: undefined });
  assert.deepEqual(valueOf(field("string", { required: false, default: "x" }), ""), { value: "" });
});

test("what does not fit is said so, and is no value", () => {
  for (const [one, text] of [
    [field("string"), ""],
    [field("string"), "x".repeat(10_001)],
    [field("integer"), "1.5"],
    [field("integer"), "9007199254740993"],
    [field("number"), "0x10"],
    [field("number"), "1e999"],
    [field("number"), "Infinity"],
    [field("boolean"), ""],
    [field("choice", { choices: ["a", "b"] }), "c"],
  ] as const) {
    assert.ok("wrong" in valueOf(one, text), `${one.type} ${text}`);
  }
});

test("nothing is chosen for a person where the server has no default", () => {
  const texts = (one: FormField): (string | undefined)[] | undefined => choicesOf(one)?.map(([value]) => value);
  assert.deepEqual(texts(field("boolean")), ["", "true", "false"]);
  assert.deepEqual(texts(field("boolean", { default: false })), ["true", "false"]);
  assert.deepEqual(texts(field("choice", { choices: ["a"], default: "a" })), ["a"]);
  assert.equal(choicesOf(field("string")), undefined);
});

test("a form is closed where nobody shows it, and taken away when the daemon withdraws it", async () => {
  const form: Elicitation = { sessionId: "s", turnId: "t", toolCallId: "c", server: "own", message: "?", fields: [] };
  const cancels: (() => void)[] = [];
  const token = {
    isCancellationRequested: false,
    onCancellationRequested: (listener: () => void) => {
      cancels.push(listener);
      return { dispose: () => undefined };
    },
  } as never;
  const questions = new Questions();
  assert.deepEqual(await questions.fill(form, token), { action: "cancel" });
  questions.otherwise({ ask: () => ({ withdrawn: () => undefined }) });
  assert.deepEqual(await questions.fill(form, token), { action: "cancel" });
  let withdrawn = 0;
  let said: ((answer: ElicitAnswer) => void) | undefined;
  questions.of("s", {
    ask: () => ({ withdrawn: () => undefined }),
    fill: (_, answer) => {
      said = answer;
      return { withdrawn: () => (withdrawn += 1) };
    },
  });
  const first = questions.fill(form, token);
  said?.({ action: "decline" });
  assert.deepEqual(await first, { action: "decline" });
  const second = questions.fill(form, token);
  cancels.at(-1)?.();
  assert.deepEqual(await second, { action: "cancel" });
  assert.equal(withdrawn, 1);
});
