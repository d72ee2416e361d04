// What a terminal shows, as text: without the signs that move its cursor and choose its colours. Pure.

const ESCAPE = "\u001b";
const BELL = "\u0007";

export function plain(text: string): string {
  const [first = "", ...rest] = text.split(ESCAPE);
  const shown = first + rest.map(without).join("");
  const lines = shown.replaceAll("\r\n", "\n").split("\n");
  // What was written over is not seen.
  return lines.map((line) => line.replace(/\r+$/, "").split("\r").at(-1) ?? "").join("\n");
}

/** What stands behind an escape sequence, whose beginning was cut off. */
function without(piece: string): string {
  if (piece.startsWith("]")) {
    const end = piece.indexOf(BELL);
    return end < 0 ? "" : piece.slice(end + 1); // else it goes to the next escape
  }
  return piece.replace(/^(?:\[[0-?]*[ -/]*[@-~]|[()*+].|.)/s, "");
}
