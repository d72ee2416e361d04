// Cuts markdown that is still being written into blocks that are done and one that is open. Pure.
//
// A block is done where a blank line follows that is in no fence and behind which neither the list nor the quote goes on,
// before a heading or a fence, and behind a fence's end. So each is drawn once, and only the open one again and again.

interface Fence {
  readonly sign: string;
  readonly length: number;
  /** It stands at the margin, and not in a list: its end is the block's. */
  readonly top: boolean;
}

const FENCE = /^( {0,3}|\s+|\s*>\s?|\s*(?:[-*+]|\d{1,9}[.)])\s+)(`{3,}|~{3,})(.*)$/;
const LIST = /^ {0,3}(?:[-*+]|\d{1,9}[.)])(?:\s|$)/;
const HEADING = /^#{1,6}(?:\s|$)/;
const INDENTED = /^(?: {2,}|\t)/;

export class Splitter {
  /** What is not done yet. */
  tail = "";
  /** Where in `tail` the first line stands that was not looked at. */
  #scanned = 0;
  #fence: Fence | undefined;
  /** Where the block may end, if the next line does not belong to it. */
  #blank = -1;
  #list = false;

  /** Whether the open block is code that stands at the margin. */
  get inFence(): boolean {
    return this.#fence?.top === true;
  }

  /** Take more text; the blocks that are done by now. */
  feed(text: string): string[] {
    this.tail += text;
    const done: string[] = [];
    for (;;) {
      const end = this.tail.indexOf("\n", this.#scanned);
      if (end < 0) {
        return done;
      }
      this.#line(this.tail.slice(this.#scanned, end).replace(/\r$/, ""), this.#scanned, end + 1, done);
    }
  }

  #line(line: string, start: number, next: number, done: string[]): void {
    this.#scanned = next;
    if (this.#fence) {
      this.#inFence(line, next, done);
    } else if (line.trim() === "") {
      this.#blank = this.#blank < 0 ? start : this.#blank;
    } else {
      this.#words(line, start, done);
    }
  }

  #inFence(line: string, next: number, done: string[]): void {
    const fence = this.#fence;
    const close = /^\s*(?:>\s?)?(`{3,}|~{3,})\s*$/.exec(line)?.[1];
    if (fence && close && close[0] === fence.sign && close.length >= fence.length) {
      this.#fence = undefined;
      if (fence.top) {
        this.#cut(next, done);
      }
    }
  }

  #words(line: string, start: number, done: string[]): void {
    const fence = FENCE.exec(line);
    const isFence = fence !== null && !(fence[2]?.startsWith("`") && fence[3]?.includes("`"));
    const top = /^ {0,3}[`~]/.test(line) && !(this.#list && this.#blank < 0 && INDENTED.test(line));
    const goesOn = this.#list && (INDENTED.test(line) || LIST.test(line));
    const ends = (this.#blank >= 0 && !goesOn) || HEADING.test(line) || (isFence && top && !goesOn);
    if (ends && start > 0) {
      this.#cut(start, done);
    }
    this.#blank = -1;
    this.#list ||= LIST.test(line);
    if (isFence && fence[2]) {
      this.#fence = { sign: fence[2].charAt(0), length: fence[2].length, top: top && !goesOn };
    } else if (HEADING.test(line) && !goesOn) {
      this.#cut(this.#scanned, done);
    }
  }

  #cut(at: number, done: string[]): void {
    const block = this.tail.slice(0, at);
    if (block.trim() !== "") {
      done.push(block);
    }
    this.tail = this.tail.slice(at);
    this.#scanned -= at;
    this.#blank = -1;
    this.#list = false;
  }
}

/** A run of letters without a place to break it, longer than layout can take. */
export function hasLongWord(text: string, longest = 1000): boolean {
  let run = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    run = code === 32 || (code >= 9 && code <= 13) ? 0 : run + 1;
    if (run > longest) {
      return true;
    }
  }
  return false;
}
