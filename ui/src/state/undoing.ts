/** What undo and redo would change, and how that is said. Pure. */
import type { Change, Move, Table } from "../api/types.gen";
import { count, cell as shown, whole } from "../ui/format";

export type How = "undo" | "redo";

/** One step back or forward: whose it is, and the changes that it takes back or makes again. */
export interface Step {
  readonly how: How;
  /** The head that it goes from. */
  readonly head: string;
  readonly by: string;
  readonly at: string;
  readonly changes: readonly Change[];
}

/** The step that can be taken from a head, by the newest moves first; null where there is none. */
export function stepFrom(moves: readonly Move[], head: string, how: How): Step | null {
  const move = moves.find((one) => (one.kind === "undo") === (how === "redo") && one.to_version === head);
  return move === undefined ? null : { how, head, by: move.created_by, at: move.created_at, changes: move.changes };
}

/** Reads the steps that a window kept over a reload; whatever is none is left out. */
export function stepsKept(text: string | null): readonly string[] {
  try {
    const kept: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(kept) ? kept.filter((one) => typeof one === "string") : [];
  } catch {
    return []; // somebody else's text
  }
}

type Named = Pick<Table, "id" | "tab" | "columns">;

/** What stands in the cells after a step: the only one with its value, of more how many there are. */
export function stepSaid({ how, changes }: Step, tables: readonly Named[]): string {
  const [first] = changes;
  if (first === undefined) return "";
  const table = tables.find((one) => one.id === first.table);
  const label = (name: string) => table?.columns.find((one) => one.name === name)?.label ?? name;
  const [cell] = first.sample;
  if (changes.length === 1 && first.cells === 1 && cell !== undefined) {
    const value = how === "undo" ? cell.before : cell.after;
    const said =
      value === null || value === "" ? "empty" : typeof value === "number" ? shown(value, label(cell.column)) : `“${value}”`;
    return `${label(cell.column)} in row ${whole.format(cell.row)} is ${said}${how === "undo" ? " again" : ""}.`;
  }
  const names = [...new Set(changes.flatMap((one) => one.columns))].map(label);
  const of = names.length === 0 || names.length > 3 ? (table?.tab ?? first.table) : names.join(", ");
  const cells = changes.reduce((sum, one) => sum + one.cells, 0);
  if (cells === 0)
    return `Of ${table?.tab ?? first.table}: ${count(
      changes.reduce((sum, one) => sum + one.rows, 0),
      "row",
    )}.`;
  return `${count(cells, "cell")} of ${of} ${cells === 1 ? "is" : "are"} as ${how === "undo" ? "before" : "changed"}.`;
}
