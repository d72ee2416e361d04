// The one way out of the page.

import type { FromPage } from "../src/messages.ts";

interface Api {
  postMessage(message: FromPage): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): Api;

const api = acquireVsCodeApi();

export function tell(message: FromPage): void {
  api.postMessage(message);
}

/** What is being written, kept while the page is away. */
export function draft(text?: string): string {
  if (text !== undefined) {
    api.setState({ draft: text });
  }
  return (api.getState() as { draft?: string } | undefined)?.draft ?? "";
}
