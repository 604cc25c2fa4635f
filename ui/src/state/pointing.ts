/** What chat and grid tell each other of the sheet: cells pointed at by an answer, cells chosen by the reader. */

/** Cells of one table, by the ids of their rows; no columns means whole rows. */
export interface Cells {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly number[];
}

/** Cells that an answer points at: looked at while hovered, selected on a click. */
export interface Pointed {
  readonly cells: Cells;
  readonly isFirm: boolean;
}

/** What the reader selected, as the question that takes it along says it. */
export interface Chosen {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly number[];
  /** How many rows are selected; `rows` may hold the first of them only. */
  readonly count: number;
  /** An answer selected them, not the reader. */
  readonly isPointed: boolean;
}
