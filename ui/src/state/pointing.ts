/** What chat and grid tell each other of the sheet: cells pointed at by an answer, cells chosen by the reader. Pure. */
import { count, whole } from "../ui/format";

/** Cells of one table, by the ids of their rows; no columns means whole rows. */
export interface Cells {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly number[];
  /** How many rows there are beyond those that are named. */
  readonly more: number;
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

/** What is selected of rows that were cited: empty where it is all of them. */
export function citedSaid(selected: number, wanted: number, all: number): string {
  const left = wanted - selected;
  return [
    ...(wanted < all ? [`The first ${whole.format(wanted)} of ${count(all, "cited row")} are selected.`] : []),
    ...(left > 0 ? [`${count(left, "of them is", "of them are")} not among the rows shown.`] : []),
  ].join(" ");
}
