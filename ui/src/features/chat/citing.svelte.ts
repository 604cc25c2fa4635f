/** The number of an answer whose source is looked at: shortly under the pointer, or until the reader leaves it. */
import { chats } from "../../api/chats";
import { ApiError } from "../../api/client";
import type { Citation, NumberFound } from "../../api/types.gen";
import { cellsOf } from "../../state/evidence";
import type { Talk } from "./talk";

const LOOK_MS = 80;

export class Citing {
  /** What was clicked. */
  cited = $state.raw<NumberFound | null>(null);
  source = $state.raw<Citation | null>(null);
  problem = $state.raw<ApiError | null>(null);
  readonly #talk: () => Talk;
  readonly #known = new Map<NumberFound, Promise<Citation>>();
  #looking: ReturnType<typeof setTimeout> | undefined;
  #isPointing = false;

  constructor(talk: () => Talk) {
    this.#talk = talk;
  }

  look(number: NumberFound | null): void {
    clearTimeout(this.#looking);
    if (number === null) {
      if (this.#isPointing) this.#talk().onPoint(null);
      this.#isPointing = false;
      return;
    }
    this.#looking = setTimeout(async () => {
      const mine = this.#looking;
      const found = await this.#citation(number).catch(() => null); // a click says what is wrong
      const [first] = found === null ? [] : cellsOf(found, false);
      if (this.#looking !== mine || first === undefined || number === this.cited) return;
      this.#isPointing = true;
      this.#talk().onPoint(first);
    }, LOOK_MS);
  }

  async cite(number: NumberFound): Promise<void> {
    clearTimeout(this.#looking);
    this.problem = null;
    if (this.cited === number) {
      this.leave();
      return;
    }
    this.cited = number;
    this.source = null;
    try {
      const found = await this.#citation(number);
      if (this.cited !== number) return;
      this.source = found;
      const [first] = cellsOf(found, true);
      this.#isPointing = false;
      if (first !== undefined) this.#talk().onPoint(first);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.problem = error;
    }
  }

  leave(): void {
    this.cited = null;
    this.source = null;
    this.#talk().onPoint(null);
  }

  #citation(number: NumberFound): Promise<Citation> {
    const { chat } = this.#talk();
    const found = this.#known.get(number) ?? chats.cite(chat, number.handle ?? "", number.row, number.column);
    this.#known.set(number, found);
    found.catch(() => this.#known.delete(number));
    return found;
  }
}
