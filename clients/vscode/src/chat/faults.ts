// What went wrong, in words for people.

import { ErrorCode, type ErrorKind, type TurnError } from "../protocol.ts";

interface Thrown {
  readonly code?: number;
  readonly message?: string;
  readonly data?: { readonly kind?: ErrorKind; readonly retryable?: boolean };
}

/** The client's own codes: the connection is gone, the client does not run. */
const ALL_GONE: ReadonlySet<number | undefined> = new Set([-32096, -32097, -32099]);
export const GONE = -32097;

export function forPeople(message: string): TurnError {
  return { kind: "internal", message, retryable: true };
}

/** Why a prompt has no result. `cancelled`: a person wanted it so. */
export function turnError(error: unknown, cancelled = false): TurnError {
  const { code, message = String(error), data } = (error ?? {}) as Thrown;
  if (cancelled && (code === ErrorCode.requestCancelled || ALL_GONE.has(code))) {
    return forPeople("Cancelled before it began.");
  }
  if (ALL_GONE.has(code)) {
    return forPeople("The daemon ended in the middle of the answer. Ask again: it is started anew.");
  }
  return { kind: data?.kind ?? "internal", message, retryable: data?.retryable ?? true };
}
