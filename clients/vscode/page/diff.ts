// The lines that differ between two texts, with a few around them. Pure.

export interface Line {
  readonly sign: " " | "+" | "-" | "@";
  readonly text: string;
}

const AROUND = 3;
/** Changes beyond which the old stretch is shown as gone and the new one as come. */
const MOST_CHANGES = 1500;

/** Hunks, each behind a line that says where it stands. */
export function hunks(before: string, after: string): Line[] {
  const lines = compared(linesOf(before), linesOf(after));
  const near = lines.map((line, at) => line.sign !== " " || lines.slice(Math.max(0, at - AROUND), at + AROUND + 1).some((one) => one.sign !== " "));
  const found: Line[] = [];
  let old = 1;
  let now = 1;
  lines.forEach((line, at) => {
    if (near[at]) {
      if (!near[at - 1] && at > 0) {
        found.push({ sign: "@", text: `@@ -${old} +${now} @@` });
      }
      found.push(line);
    }
    old += line.sign === "+" ? 0 : 1;
    now += line.sign === "-" ? 0 : 1;
  });
  return found;
}

/** How many lines come and go. */
export function counted(lines: readonly Line[]): { readonly added: number; readonly removed: number } {
  const of = (sign: string): number => lines.filter((line) => line.sign === sign).length;
  return { added: of("+"), removed: of("-") };
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

function compared(before: readonly string[], after: readonly string[]): Line[] {
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && before[head] === after[head]) {
    head += 1;
  }
  let tail = 0;
  while (tail < most - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) {
    tail += 1;
  }
  const same = (lines: readonly string[]): Line[] => lines.map((text) => ({ sign: " ", text }));
  return [
    ...same(before.slice(0, head)),
    ...shortest(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...same(before.slice(before.length - tail)),
  ];
}

/** Myers' shortest script. */
function shortest(before: readonly string[], after: readonly string[]): Line[] {
  const gone = before.map((text): Line => ({ sign: "-", text }));
  const come = after.map((text): Line => ({ sign: "+", text }));
  const reach = new Map<number, number>([[1, 0]]);
  const trail: Map<number, number>[] = [];
  for (let changes = 0; changes <= Math.min(MOST_CHANGES, before.length + after.length); changes++) {
    trail.push(new Map(reach));
    for (let diagonal = -changes; diagonal <= changes; diagonal += 2) {
      const down = diagonal === -changes || (diagonal !== changes && at(reach, diagonal - 1) < at(reach, diagonal + 1));
      let x = down ? at(reach, diagonal + 1) : at(reach, diagonal - 1) + 1;
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) {
        x += 1;
      }
      reach.set(diagonal, x);
      if (x >= before.length && x - diagonal >= after.length) {
        return walked(before, after, trail);
      }
    }
  }
  return [...gone, ...come];
}

function walked(before: readonly string[], after: readonly string[], trail: readonly Map<number, number>[]): Line[] {
  const found: Line[] = [];
  let x = before.length;
  let y = after.length;
  for (let changes = trail.length - 1; changes >= 0; changes--) {
    const reach = trail[changes] ?? new Map<number, number>();
    const diagonal = x - y;
    const down = diagonal === -changes || (diagonal !== changes && at(reach, diagonal - 1) < at(reach, diagonal + 1));
    const from = down ? diagonal + 1 : diagonal - 1;
    const fromX = at(reach, from);
    const fromY = fromX - from;
    while (x > fromX && y > fromY && x > 0 && y > 0) {
      found.push({ sign: " ", text: before[(x -= 1)] ?? "" });
      y -= 1;
    }
    if (changes > 0) {
      found.push(down ? { sign: "+", text: after[(y -= 1)] ?? "" } : { sign: "-", text: before[(x -= 1)] ?? "" });
    }
  }
  return found.toReversed();
}

function at(reach: ReadonlyMap<number, number>, diagonal: number): number {
  return reach.get(diagonal) ?? -1;
}
