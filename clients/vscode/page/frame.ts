// One frame after the other: whoever has something to draw gets a few milliseconds of each, so that the page stays alive.

export interface Drawn {
  /** Draw a piece; whether there is more to draw. */
  draw(): boolean;
}

const SLICE_MS = 6;

const waiting = new Set<Drawn>();
const after: (() => void)[] = [];
let asked = false;

/** Let it draw in the next frame. */
export function soon(one: Drawn): void {
  waiting.add(one);
  ask();
}

/** Do something behind the drawing of the next frame. */
export function afterDrawing(work: () => void): void {
  after.push(work);
  ask();
}

function ask(): void {
  if (!asked) {
    asked = true;
    requestAnimationFrame(frame);
  }
}

function frame(): void {
  asked = false;
  const end = performance.now() + SLICE_MS;
  for (const one of waiting) {
    let more = true;
    while (more && performance.now() < end) {
      more = one.draw();
    }
    if (!more) {
      waiting.delete(one);
    }
    if (performance.now() >= end) {
      break;
    }
  }
  after.splice(0).forEach((work) => work());
  if (waiting.size > 0) {
    ask();
  }
}
