// Which program is the daemon. A folder that is open has no say in it: what lies inside one is not found, and neither is
// what PATH names relatively. Starts nothing, and knows nothing of the editor.

import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { basename, delimiter, dirname, isAbsolute, join, sep } from "node:path";

export type Found = { readonly path: string; readonly source: "setting" | "PATH" } | { readonly complaint: string };

/** The path with links resolved, also of what is not there. */
function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    try {
      return join(realpathSync(dirname(path)), basename(path));
    } catch {
      return path;
    }
  }
}

/** Whether a path lies in a folder, or is one, links resolved. */
export function isInside(path: string, folders: readonly string[]): boolean {
  const resolved = real(path);
  return folders.map(real).some((folder) => resolved === folder || resolved.startsWith(folder.replace(/[\\/]$/, "") + sep));
}

/** Whether it is a file that may be run. */
export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** A program on PATH, but never one inside a folder that is open. A home folder that is open is the person's own. */
export function onPath(name: string, folders: readonly string[], path = process.env["PATH"] ?? ""): string | undefined {
  const foreign = folders.filter((folder) => !isInside(homedir(), [folder]));
  for (const folder of path.split(delimiter)) {
    const found = join(folder, name);
    // Both places count: a link from outside into a folder, and one from it to outside.
    if (isAbsolute(folder) && !isInside(folder, foreign) && !isInside(found, foreign) && isProgram(found)) {
      return found;
    }
  }
  return undefined;
}

/** The daemon's program: what the setting names, else what is on PATH. */
export function find(setting: string, folders: readonly string[]): Found {
  const named = setting.replace(/^~(?=\/)/, homedir());
  if (named !== "") {
    if (!isAbsolute(named)) {
      return { complaint: `The setting chatls.path names ${named}: it has to be an absolute path.` };
    }
    return isProgram(named)
      ? { path: named, source: "setting" }
      : { complaint: `The setting chatls.path names ${named}, which is no program here.` };
  }
  const found = onPath("chatls", folders);
  return found
    ? { path: found, source: "PATH" }
    : { complaint: "The program chatls is not on PATH. Install it, or choose it if it lies elsewhere." };
}
