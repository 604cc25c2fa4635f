/** Edits that keys and the clipboard ask for, as the server takes them. Pure. */
import type { Edits } from "../api/sheets";
import type { Move } from "../api/types.gen";
import type { Cells } from "../grid/clipboard";
import type { ColumnSpec } from "../grid/model";
import { continued } from "../grid/series";
import { type Habits, read, type Value } from "../grid/values";
import { cellKey } from "./table";

export const MOST_CELLS = 100_000;

/** `note` says what a reader may not expect of them. */
export type Planned = { readonly edits: Edits; readonly cells: number; readonly note?: string } | { readonly why: string };

/** Cells from the clipboard over rows by their ids; what lies beyond the last row becomes new rows. */
export function pasted(
  table: string,
  cells: Cells,
  rows: readonly number[],
  columns: readonly ColumnSpec[],
  habits: Habits,
): Planned {
  const width = Math.max(0, ...cells.map((row) => row.length));
  if (width > columns.length) {
    return { why: `${width} columns were copied, and only ${columns.length} are to the right of here. Begin further left.` };
  }
  if (cells.length * width > MOST_CELLS) return { why: tooMany(cells.length * width) };
  const set: { row: number; column: string; value: Value }[] = [];
  const added: Record<string, Value>[] = [];
  for (const [index, row] of cells.entries()) {
    const id = rows[index];
    const values: Record<string, Value> = {};
    for (const [place, text] of row.entries()) {
      const column = columns[place];
      if (column === undefined) continue;
      const said = read(text, column.kind, habits, column.isPercent);
      if ("why" in said) return { why: `${column.title}, pasted row ${index + 1}: ${said.why} Nothing was pasted.` };
      if (id === undefined) values[column.key] = said.value;
      else set.push({ row: id, column: column.key, value: said.value });
    }
    if (id === undefined) added.push(values);
  }
  const edits: Edits[number][] = [];
  if (set.length > 0) edits.push({ kind: "set", table, cells: set });
  if (added.length > 0) edits.push({ kind: "insert_rows", table, rows: added, after: null, before: null });
  if (edits.length === 0) return { why: "There is nothing to paste." };
  const others = columns.slice(0, width).filter((column) => column.typedIn !== "");
  const note = others.map((column) => `${column.title} was read as ${column.typedIn}.`).join(" ");
  return { edits, cells: cells.length * width, ...(note === "" ? {} : { note }) };
}

/** One value for a column in rows by their ids; all rows where they are null. */
export function filled(table: string, column: string, rows: readonly number[] | null, value: Value): Edits[number] {
  return { kind: "fill", table, column, rows, where: "", value, expression: "", formula: "", is_formula: false };
}

/** The rows given over others, by their ids from the nearest on: columns that make a series go on where it is wanted, others in turn. */
export function spreadOver(
  table: string,
  columns: readonly ColumnSpec[],
  from: readonly (readonly unknown[])[],
  to: readonly number[],
  isSeries: boolean,
): Planned {
  const cells = to.length * columns.length;
  if (cells > MOST_CELLS) return { why: tooMany(cells) };
  const edits: Edits[number][] = [];
  const set: { row: number; column: string; value: Value }[] = [];
  for (const { key, kind, at } of columns) {
    const values = from.map((row) => (row[at] ?? null) as Value); // JSON scalars
    const series = isSeries ? continued(values, kind, to.length) : null;
    const given = series ?? values;
    if (series === null && values.length === 1) edits.push(filled(table, key, to, values[0] ?? null));
    else set.push(...to.map((row, index) => ({ row, column: key, value: given[index % given.length] ?? null })));
  }
  if (set.length > 0) edits.push({ kind: "set", table, cells: set });
  return cells > 0 ? { edits, cells } : { why: "There is nothing to fill." };
}

/** Whether what was typed is all that moved the head away from a version: then its rows are those of the head, but for that. */
export function isTyped(moves: readonly Pick<Move, "to_version">[], from: string, typed: ReadonlySet<string>): boolean {
  const at = moves.findIndex((one) => one.to_version === from);
  return moves.slice(0, at < 0 ? moves.length : at).every((one) => typed.has(one.to_version));
}

/** The cells of a table that edits set, by their keys; those that fill rows or add them are not told apart. */
export function waitingOf(edits: Edits, table: string): ReadonlySet<string> {
  const cells = edits.flatMap((one) => (one.kind === "set" && one.table === table ? one.cells : []));
  return new Set(cells.map((one) => cellKey(one.row, one.column)));
}

export function tooMany(cells: number): string {
  return `${cells.toLocaleString()} cells are more than the ${MOST_CELLS.toLocaleString()} that can be changed at once. Select fewer.`;
}
