// How often the daemon may crash before it is left alone. Pure.

const WITHIN_MS = 180_000;

/** Counts crashes. */
export class Crashes {
  #at: number[] = [];
  readonly #most: number;

  constructor(most = 5) {
    this.#most = most;
  }

  /** Note one; whether the daemon may be started again. */
  note(now: number): boolean {
    this.#at = [...this.#at.filter((at) => now - at < WITHIN_MS), now];
    return this.#at.length < this.#most;
  }

  /** A person says so: begin anew. */
  forget(): void {
    this.#at = [];
  }
}
