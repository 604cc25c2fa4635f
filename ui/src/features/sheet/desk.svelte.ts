/** A table as somebody works at it: its grid, what is selected in it, and what is said of the work. */
import { ApiError, isGone } from "../../api/client";
import { type At, sheets } from "../../api/sheets";
import type { SheetDetail, Table } from "../../api/types.gen";
import type { Blocks } from "../../grid/blocks";
import type { ColumnSpec } from "../../grid/model";
import { rangesAt, rowsOf, type Selection } from "../../grid/selection";
import { habitsOf } from "../../grid/values";
import type { Grid } from "../../grid/view";
import { type Chosen, citedSaid, type Pointed } from "../../state/pointing";
import { type Look, type Order, specsOf } from "../../state/table";
import { cell, whole } from "../../ui/format";
import * as hand from "./hand";

export const HABITS = habitsOf();
const MOST_CHOSEN = 1_000;
const MOST_POINTED = 1_000;
const LETTER_PX = 7.2;

/** What is shown: each of them changes for itself under a desk that stays. */
export interface Shown {
  /** The version whose rows are shown: the head, or one before it while rows keep their places. */
  readonly version: string;
  readonly detail: SheetDetail;
  readonly table: Table;
  readonly look: Look;
}

export class Desk {
  selection = $state.raw<Selection | null>(null);
  rowCount = $state(0);
  told = $state.raw<{ readonly says: string; readonly isBad: boolean }>({ says: "", isBad: false });
  problem = $state.raw<ApiError | null>(null);
  grid: Grid | undefined;
  blocks: Blocks | undefined;
  /** The rows in view. */
  seen = { first: 0, last: 0 };
  readonly #shown: Shown;
  #work = new AbortController();
  readonly specs = $derived.by((): readonly ColumnSpec[] => specsOf(this.table, this.#shown.look));
  readonly at = $derived.by((): At => {
    const [sheet, version, table] = [this.#sheet, this.#version, this.#table];
    return { sheet, version, table };
  });
  readonly order = $derived.by((): Order => {
    const [sort, filters] = [this.#sort, this.#filters];
    return { sort, filters };
  });
  // each for itself: rows are fetched anew only where one of them is another
  readonly #sheet = $derived.by(() => this.#shown.detail.sheet.id);
  readonly #version = $derived.by(() => this.#shown.version);
  readonly #table = $derived.by(() => this.table.id);
  readonly #sort = $derived.by(() => this.#shown.look.sort);
  readonly #filters = $derived.by(() => this.#shown.look.filters);

  constructor(shown: Shown) {
    this.#shown = shown;
  }

  get table(): Table {
    return this.#shown.table;
  }

  /** Ends what is being read for the selection. */
  get signal(): AbortSignal {
    return this.#work.signal;
  }

  /** What is selected, or the cell that keys would begin from. */
  get selected(): Selection | undefined {
    return this.selection ?? this.grid?.selection;
  }

  tell(says: string, isBad = false): void {
    this.told = { says, isBad };
  }

  /** Show what is wrong; that the server is away, the page says already. */
  fail(error: unknown): void {
    if (!(error instanceof ApiError)) throw error;
    if (!isGone(error)) this.problem = error;
  }

  async attempt(doing: () => Promise<void>): Promise<void> {
    try {
      await doing();
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "AbortError")) this.fail(error);
    }
  }

  stop(): void {
    this.#work.abort();
    this.#work = new AbortController();
  }

  hand(): hand.Hand | null {
    const { blocks, specs: columns } = this;
    if (blocks === undefined) return null;
    return { table: this.table.id, blocks, columns, habits: HABITS, isWhole: this.order.filters.length === 0 };
  }

  /** What an answer pointed at and was selected for it. */
  #cited: { readonly of: Selection; readonly chosen: Chosen } | null = null;

  /** What of the table is selected, as a question may be about it; null where nothing is. */
  async choose(now: Selection): Promise<Chosen | null> {
    if (this.#cited?.of === now) return this.#cited.chosen;
    const { specs } = this;
    const own = this.hand();
    const rows = rowsOf(now.ranges).reduce((sum, { first, last }) => sum + last - first + 1, 0);
    if (own === null || rows === 0) return null;
    const isAll = own.isWhole && rows === this.rowCount;
    const ids = isAll ? [] : await hand.idsIn(own, now.ranges, MOST_CHOSEN, this.signal);
    const chosen = new Set(now.ranges.flatMap(({ left, right }) => specs.slice(left, right + 1).map((one) => one.key)));
    const columns = chosen.size === specs.length ? [] : specs.map((one) => one.key).filter((one) => chosen.has(one));
    return { table: this.table.id, columns, rows: ids, count: rows, isPointed: now.isPointed === true };
  }

  async pointAt({ cells, isFirm }: Pointed): Promise<void> {
    const rows = cells.rows.slice(0, isFirm ? MOST_POINTED : 1);
    const count = cells.rows.length + cells.more;
    const found = await sheets.places(this.at, this.order, rows);
    const named = this.specs.flatMap((one, index) => (cells.columns.includes(one.key) ? [index] : []));
    const columns = named.length > 0 ? named : this.specs.map((_, index) => index);
    const first = found.places[0];
    if (first === undefined) this.tell("The rows pointed at are not among those shown: a filter leaves them out.", true);
    else if (isFirm && this.grid !== undefined) {
      this.grid.point(rangesAt(found.places, columns));
      const chosen = { table: this.table.id, columns: cells.columns, rows: rows.slice(0, MOST_CHOSEN), count, isPointed: true };
      this.#cited = { of: this.grid.selection, chosen };
      this.tell(citedSaid(found.places.length, rows.length, count));
    } else this.grid?.reveal({ row: first, column: columns[0] ?? 0 }, true);
  }

  async goTo(row: number): Promise<void> {
    const [place] = (await sheets.places(this.at, this.order, [row])).places;
    const column = this.grid?.selection.active.column ?? 0;
    if (place === undefined) this.tell(`Row ${whole.format(row)} is not among the rows shown.`, true);
    else {
      this.grid?.reveal({ row: place, column }, true);
      this.grid?.select({ kind: "go", to: { row: place, column }, how: "set" });
    }
  }

  /** The width that a column needs for its title and for what is seen of it. */
  fitting(spec: ColumnSpec): number {
    const { first, last } = this.seen;
    const rows = Array.from({ length: last - first + 1 }, (_, index) => this.blocks?.row(first + index));
    const longest = Math.max(spec.title.length + 4, ...rows.map((row) => cell(row?.[spec.at]).length));
    return Math.min(600, Math.max(64, Math.round(longest * LETTER_PX + 20)));
  }
}
