/** Rows of a long table, fetched in blocks around what is seen and kept while there is room. */

export type Row = readonly unknown[];

/** Rows from an offset on, maybe fewer than asked for, and how many the table has. */
export interface Page {
  readonly count: number;
  readonly rows: readonly Row[];
}

export type Fetch = (offset: number, limit: number, signal: AbortSignal) => Promise<Page>;

export interface Heard {
  readonly onRows: () => void;
  readonly onCount: (count: number) => void;
  readonly onFailed: (error: unknown) => void;
}

const SIZE = 200;
const KEPT = 40;
const AT_ONCE = 2;
/** While one flies over the rows, nothing is fetched until the next moment of rest. */
const REST_MS = 50;

export class Blocks {
  #fetch: Fetch;
  readonly #heard: Heard;
  readonly #size: number;
  readonly #kept: number;
  #count: number;
  #blocks = new Map<number, readonly Row[]>();
  /** Blocks of the version before, shown until their successors come. */
  #before = new Map<number, readonly Row[]>();
  /** Values that the server need not have yet, by the places of their rows and of theirs in them. */
  #put = new Map<number, Map<number, unknown>>();
  readonly #running = new Map<number, AbortController>();
  #wanted: readonly number[] = [];
  #seen = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(fetch: Fetch, heard: Heard, count: number, size = SIZE, kept = KEPT) {
    this.#fetch = fetch;
    this.#heard = heard;
    this.#count = count;
    this.#size = size;
    this.#kept = kept;
  }

  get count(): number {
    return this.#count;
  }

  /** The row at a place, where it is here. */
  row(index: number): Row | undefined {
    const number = Math.floor(index / this.#size);
    return (this.#blocks.get(number) ?? this.#before.get(number))?.[index % this.#size];
  }

  has(first: number, last: number): boolean {
    for (let index = first; index <= last; index += 1) if (this.row(index) === undefined) return false;
    return true;
  }

  /** Say which rows are seen: they are fetched, then their neighbours, first those ahead. */
  want(first: number, last: number): void {
    const [low, high] = [Math.floor(Math.max(0, first) / this.#size), Math.floor(Math.max(0, last) / this.#size)];
    const isFlying = Math.abs(low - this.#seen) > 1 && this.#timer !== undefined;
    const ahead = low < this.#seen ? [low - 1, high + 1] : [high + 1, low - 1];
    this.#wanted = [...Array.from({ length: high - low + 1 }, (_, index) => low + index), ...ahead].filter(
      (number) => number >= 0 && number * this.#size < this.#count,
    );
    this.#seen = low;
    for (const [number, controller] of this.#running) if (number < low - 2 || number > high + 2) controller.abort();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#pump();
    }, REST_MS);
    if (!isFlying) this.#pump();
  }

  /** From now on rows come from elsewhere: another version, whose rows stand where they stood, or another order. */
  renew(fetch: Fetch, count: number, isSameOrder: boolean): void {
    for (const controller of this.#running.values()) controller.abort();
    this.#running.clear();
    this.#before = isSameOrder ? new Map([...this.#before, ...this.#blocks]) : new Map();
    this.#blocks = new Map();
    this.#put = new Map();
    this.#fetch = fetch;
    this.#count = count;
    this.#pump();
  }

  /** Show a value in the place of the server's, until rows come from elsewhere. */
  put(index: number, column: number, value: unknown): void {
    this.#put.set(index, new Map([...(this.#put.get(index) ?? []), [column, value]]));
    const [number, place] = [Math.floor(index / this.#size), index % this.#size];
    for (const blocks of [this.#blocks, this.#before]) {
      const rows = blocks.get(number);
      const row = rows?.[place];
      if (rows !== undefined && row !== undefined) blocks.set(number, rows.with(place, row.with(column, value)));
    }
  }

  /** Read rows from first to last, those that are here and others in pages, which are not kept. */
  async *read(first: number, last: number, limit: number, signal: AbortSignal): AsyncGenerator<readonly Row[]> {
    const fetch = this.#fetch;
    for (let at = first; at <= last; ) {
      const number = Math.floor(at / this.#size);
      const end = Math.min(last + 1, at + limit);
      const here = this.#blocks.get(number)?.slice(at % this.#size, (at % this.#size) + last + 1 - at);
      const rows = here !== undefined && here.length > 0 ? here : this.#over(at, (await fetch(at, end - at, signal)).rows);
      if (rows.length === 0) return;
      yield rows;
      at += rows.length;
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const controller of this.#running.values()) controller.abort();
  }

  #pump(): void {
    for (const number of this.#wanted) {
      if (this.#running.size >= AT_ONCE) return;
      if (!this.#blocks.has(number) && !this.#running.has(number)) void this.#load(number);
    }
  }

  async #load(number: number): Promise<void> {
    const controller = new AbortController();
    this.#running.set(number, controller);
    const fetch = this.#fetch;
    try {
      const rows: Row[] = [];
      let count = this.#count;
      do {
        // a page of long texts holds fewer rows than were asked for
        const page = await fetch(number * this.#size + rows.length, this.#size - rows.length, controller.signal);
        if (fetch !== this.#fetch) return;
        rows.push(...page.rows);
        count = page.count;
        if (page.rows.length === 0) break;
      } while (number * this.#size + rows.length < count && rows.length < this.#size);
      this.#keep(number, this.#over(number * this.#size, rows));
      if (count !== this.#count) {
        this.#count = count;
        this.#heard.onCount(count);
      }
      this.#heard.onRows();
    } catch (error) {
      if (!controller.signal.aborted && fetch === this.#fetch) this.#heard.onFailed(error);
      this.#wanted = this.#wanted.filter((one) => one !== number); // tried again when it is seen again
    } finally {
      if (this.#running.get(number) === controller) this.#running.delete(number);
      this.#pump();
    }
  }

  /** Rows from an offset on, with what was put in them. */
  #over(offset: number, rows: readonly Row[]): readonly Row[] {
    if (this.#put.size === 0) return rows;
    return rows.map((row, index) =>
      [...(this.#put.get(offset + index) ?? [])].reduce<Row>((made, [column, value]) => made.with(column, value), row),
    );
  }

  #keep(number: number, rows: readonly Row[]): void {
    this.#blocks.set(number, rows);
    this.#before.delete(number);
    const far = (one: number) => Math.abs(one - this.#seen);
    while (this.#blocks.size > this.#kept) {
      this.#blocks.delete([...this.#blocks.keys()].reduce((one, other) => (far(other) > far(one) ? other : one)));
    }
    if (this.#before.size > this.#kept) this.#before.clear();
  }
}
