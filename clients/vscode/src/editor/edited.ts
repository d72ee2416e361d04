// A call as a person wants it, from the text that they made of its proposal. Pure.

import type { Question } from "../protocol.ts";

/** The arguments of the call that makes `wanted` of the file; nothing where the call cannot say that. */
export function editedArguments(question: Question, wanted: string): Readonly<Record<string, unknown>> | undefined {
  const diff = question.preview.find((item) => item.type === "diff");
  if (diff?.type !== "diff") {
    return undefined;
  }
  if (typeof question.arguments["content"] === "string") {
    return { ...question.arguments, content: wanted };
  }
  if (Array.isArray(question.arguments["edits"])) {
    return { ...question.arguments, edits: [{ old_text: diff.oldText, new_text: wanted }] };
  }
  return undefined;
}
