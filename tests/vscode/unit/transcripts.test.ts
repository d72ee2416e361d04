// Every transcript folds to its view, as in all clients.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fail, finish, fold, NOTHING } from "../../../clients/vscode/src/fold.ts";
import type { ProgressValue, PromptResult, TurnError } from "../../../clients/vscode/src/protocol.ts";

const FOLDER = join(import.meta.dirname, "../../transcripts");
const NAMES = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".jsonl"))
  .map((name) => name.slice(0, -6));

interface Last {
  readonly result?: PromptResult;
  readonly error?: { readonly message: string; readonly data?: { readonly kind?: string; readonly retryable?: boolean } };
}

function played(name: string): unknown {
  const lines = readFileSync(join(FOLDER, `${name}.jsonl`), "utf8").trim().split("\n");
  const last = JSON.parse(lines.at(-1) ?? "{}") as Last;
  const view = lines.slice(0, -1).reduce((seen, line) => fold(seen, JSON.parse(line) as ProgressValue), NOTHING);
  if (last.result) {
    return finish(view, last.result);
  }
  const { message = "", data } = last.error ?? {};
  const error = { kind: data?.kind ?? "internal", message, retryable: data?.retryable ?? false } as TurnError;
  return fail(view, error);
}

test("there are transcripts", () => assert.ok(NAMES.length >= 15));

for (const name of NAMES) {
  test(`the transcript ${name} folds to its view`, () => {
    const wanted: unknown = JSON.parse(readFileSync(join(FOLDER, `${name}.view.json`), "utf8"));
    assert.deepEqual(JSON.parse(JSON.stringify(played(name))), wanted);
  });
}

test("an event of an unknown kind changes nothing", () => {
  const unknown = { kind: "newerThanThis", seq: 1, turnId: "t" } as unknown as ProgressValue;
  assert.equal(fold(NOTHING, unknown), NOTHING);
});

test("what an event does not touch stays the same object, so that it is not drawn again", () => {
  const lines = readFileSync(join(FOLDER, "eager-parallel-tools.jsonl"), "utf8").trim().split("\n").slice(0, -1);
  let view = NOTHING;
  for (const line of lines) {
    const before = view;
    view = fold(view, JSON.parse(line) as ProgressValue);
    const changed = view.blocks.filter((block, at) => at < before.blocks.length && block !== before.blocks[at]);
    assert.ok(changed.length <= 1, line);
  }
});
