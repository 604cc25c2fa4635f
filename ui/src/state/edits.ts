/** Edits that keys and the clipboard ask for, as the server takes them. Pure. */
import type { Edits } from "../api/sheets";
import type { Cells } from "../grid/clipboard";
import type { ColumnSpec } from "../grid/model";
import { type Habits, read, type Value } from "../grid/values";

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

/** The first of these rows over the others, or all of them in turn over the rows that follow them. */
export function spreadOver(
  table: string,
  columns: readonly ColumnSpec[],
  from: readonly (readonly unknown[])[],
  to: readonly number[],
): Planned {
  if (to.length * columns.length > MOST_CELLS) return { why: tooMany(to.length * columns.length) };
  const cells = to.length * columns.length;
  const valueAt = (index: number, column: ColumnSpec) => (from[index % from.length]?.[column.at] ?? null) as Value; // JSON scalars
  if (from.length === 1) return { edits: columns.map((column) => filled(table, column.key, to, valueAt(0, column))), cells };
  const set = to.flatMap((row, index) => columns.map((column) => ({ row, column: column.key, value: valueAt(index, column) })));
  return set.length > 0 ? { edits: [{ kind: "set", table, cells: set }], cells } : { why: "There is nothing to fill." };
}

export function tooMany(cells: number): string {
  return `${cells.toLocaleString()} cells are more than the ${MOST_CELLS.toLocaleString()} that can be changed at once. Select fewer.`;
}
