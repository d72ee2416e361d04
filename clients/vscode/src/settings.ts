// What a person set, as the daemon wants it. Only what is set is sent: the rest is the daemon's own to decide.

import * as vscode from "vscode";

/** Settings of the extension's own, which the daemon does not know. */
const OWN: ReadonlySet<string> = new Set(["path", "editorContext", "trace.server"]);

interface Manifest {
  readonly contributes: { readonly configuration: readonly { readonly properties: Readonly<Record<string, unknown>> }[] };
}

/** A key of our own. */
export function own<Value>(key: string, otherwise: Value): Value {
  return vscode.workspace.getConfiguration("chatls").get<Value>(key, otherwise);
}

/** The daemon's settings object, from what was set for this machine or this person. */
export function forDaemon(manifest: unknown): Record<string, unknown> {
  const sections = (manifest as Manifest).contributes.configuration;
  const names = sections.flatMap((section) => Object.keys(section.properties)).map((name) => name.replace(/^chatls\./, ""));
  const settings = vscode.workspace.getConfiguration("chatls");
  const found: Record<string, unknown> = {};
  for (const name of names.filter((known) => !OWN.has(known))) {
    const value = settings.inspect(name)?.globalValue;
    if (value !== undefined && value !== null) {
      put(found, name.split("."), value);
    }
  }
  return found;
}

function put(into: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [head = "", ...rest] = path;
  if (rest.length === 0) {
    into[head] = value;
  } else {
    into[head] ??= {};
    put(into[head] as Record<string, unknown>, rest, value);
  }
}
