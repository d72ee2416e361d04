// The fields of a form: what a text is in one, and what there is to choose from. Pure.

import type { FormField, FormValue } from "../src/protocol.ts";

const LONGEST = 10_000;
const WHOLE = /^[+-]?\d+$/;

export type Written = { readonly value: FormValue | undefined } | { readonly wrong: string };

/** What a text is in a field; no value where it is left out. */
export function valueOf(field: FormField, text: string): Written {
  const typed = text.trim();
  if (typed === "") {
    const cleared = field.type === "string" && field.default !== undefined && !field.required;
    return field.required ? { wrong: "This has to be filled in." } : { value: cleared ? "" : undefined };
  }
  switch (field.type) {
    case "string":
      return text.length > LONGEST ? { wrong: `At most ${LONGEST} characters.` } : { value: text };
    case "boolean":
      return { value: typed === "true" };
    case "choice":
      return field.choices?.includes(text) ? { value: text } : { wrong: "Choose one of these." };
    case "integer":
      return WHOLE.test(typed) && Number.isSafeInteger(Number(typed)) ? { value: Number(typed) } : { wrong: "Write a whole number." };
    default: {
      const plain = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(typed);
      return plain && Number.isFinite(Number(typed)) ? { value: Number(typed) } : { wrong: "Write a number." };
    }
  }
}

/** What there is to choose from, as text and in words; nothing where it is written. */
export function choicesOf(field: FormField): readonly (readonly [string, string])[] | undefined {
  const given: readonly (readonly [string, string])[] | undefined =
    field.type === "boolean"
      ? [
          ["true", "Yes"],
          ["false", "No"],
        ]
      : field.type === "choice"
        ? (field.choices ?? []).map((one) => [one, one] as const)
        : undefined;
  return given && field.default === undefined ? [["", field.required ? "Choose" : "Leave it out"], ...given] : given;
}
