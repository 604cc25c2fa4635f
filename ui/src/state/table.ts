/** How a reader looks at a table: order, filters, and which columns stand where. Pure. */
import type { Column, Filter, Move, Table } from "../api/types.gen";
import type { ColumnSpec } from "../grid/model";
import { isDoubtful, kindOf, typedOf, writtenOf } from "./reading";

export interface Sort {
  readonly column: string;
  readonly isDescending: boolean;
}

/** Which rows are shown, and in which order. */
export interface Order {
  readonly sort: readonly Sort[];
  readonly filters: readonly Filter[];
}

export interface Look extends Order {
  /** All columns by name, as they stand; hidden ones keep their place. */
  readonly columns: readonly string[];
  readonly hidden: readonly string[];
  readonly widths: Readonly<Record<string, number>>;
  readonly frozen: number;
}

export type Test = Filter["test"];

const NARROW = 72;
const WIDE = 280;

export function lookOf(table: Pick<Table, "columns">): Look {
  return { sort: [], filters: [], columns: table.columns.map((one) => one.name), hidden: [], widths: {}, frozen: 1 };
}

/** The look at a table whose columns may be others by now. */
export function renewed(look: Look, table: Pick<Table, "columns">): Look {
  const names = table.columns.map((one) => one.name);
  const known = (name: string) => names.includes(name);
  if (names.length === look.columns.length && names.every((name) => look.columns.includes(name))) return look;
  return {
    ...look,
    sort: look.sort.filter((one) => known(one.column)),
    filters: look.filters.filter((one) => known(one.column)),
    columns: [...look.columns.filter(known), ...names.filter((name) => !look.columns.includes(name))],
    hidden: look.hidden.filter(known),
  };
}

/** Up, down, and not at all; beside the other columns sorted by, or alone. */
export function sorted(look: Look, column: string, isAdding: boolean): Look {
  const before = look.sort.find((one) => one.column === column);
  const next =
    before === undefined ? { column, isDescending: false } : before.isDescending ? null : { column, isDescending: true };
  if (!isAdding) return { ...look, sort: next === null ? [] : [next] };
  if (before === undefined) return { ...look, sort: [...look.sort, { column, isDescending: false }] };
  return { ...look, sort: look.sort.flatMap((one) => (one.column !== column ? [one] : next === null ? [] : [next])) };
}

export function sortedAs(look: Look, column: string, isDescending: boolean): Look {
  return { ...look, sort: [{ column, isDescending }] };
}

/** One condition on a column in the place of those before; none where it is null. */
export function filtered(look: Look, column: string, filter: Filter | null): Look {
  const others = look.filters.filter((one) => one.column !== column);
  return { ...look, filters: filter === null ? others : [...others, filter] };
}

export function shownOf(look: Look): readonly string[] {
  return look.columns.filter((name) => !look.hidden.includes(name));
}

/** Without a column; the last one stays. */
export function hidden(look: Look, column: string): Look {
  return shownOf(look).length > 1 ? { ...look, hidden: [...look.hidden, column] } : look;
}

/** With a column moved among those shown. */
export function moved(look: Look, from: number, to: number): Look {
  const shown = shownOf(look);
  const [column, target] = [shown[from], shown[to]];
  if (column === undefined || target === undefined || from === to) return look;
  const columns = look.columns.filter((name) => name !== column);
  columns.splice(columns.indexOf(target) + (to > from ? 1 : 0), 0, column);
  return { ...look, columns };
}

export function resized(look: Look, column: string, width: number): Look {
  return { ...look, widths: { ...look.widths, [column]: width } };
}

/** The columns shown, as a grid is told of them. */
export function specsOf(table: Table, look: Look): readonly ColumnSpec[] {
  return shownOf(look).flatMap((name) => {
    const index = table.columns.findIndex((one) => one.name === name);
    const column = table.columns[index];
    return column === undefined ? [] : [specOf(column, index + 1, look)];
  });
}

function specOf(column: Column, at: number, look: Look): ColumnSpec {
  const rank = look.sort.findIndex((one) => one.column === column.name);
  const sort = look.sort[rank];
  return {
    key: column.name,
    title: column.label,
    about: kindOf(column),
    hint: [`${column.name}: ${column.evidence}`, writtenOf(column.unit)].filter((part) => part !== "").join("; "),
    typedIn: typedOf(column.unit),
    isPercent: column.unit.is_percent,
    isDoubtful: isDoubtful(column),
    kind: column.type,
    width: look.widths[column.name] ?? widthFor(column),
    at,
    sort: sort === undefined ? null : { isDescending: sort.isDescending, rank: look.sort.length > 1 ? rank + 1 : 0 },
    isFiltered: look.filters.some((one) => one.column === column.name),
  };
}

/** A width that fits the header and the values that are frequent. */
function widthFor(column: Column): number {
  const values = [...column.profile.top, ...column.profile.patterns].map((one) => one.value.length);
  const ends = [column.profile.minimum, column.profile.maximum].map((one) => String(one ?? "").length + 1);
  const widest = Math.max(...values, ...(column.type === "text" ? [0] : ends));
  const header = Math.max(column.label.length * 7.5 + 44, kindOf(column).length * 6.3 + 40);
  return Math.round(Math.min(WIDE, Math.max(NARROW, header, widest * 7.5 + 20)));
}

const WORDS: Readonly<Record<Test, string>> = {
  equals: "is",
  not_equals: "is not",
  one_of: "is",
  contains: "contains",
  starts_with: "begins with",
  below: "below",
  at_most: "at most",
  above: "above",
  at_least: "at least",
  between: "",
  empty: "is empty",
  filled: "is not empty",
};
const NAMED = 3;

/** The row that somebody asks for, with or without signs between its thousands; null where the text is none. */
export function rowOf(text: string): number | null {
  const digits = text.trim().replaceAll(/(?<=\d)[.,'’\s](?=\d{3}(?!\d))/g, "");
  return /^[1-9]\d{0,8}$/.test(digits) ? Number(digits) : null;
}

/** A condition as people say it: `revenue at least 100`. */
export function filterSaid(filter: Filter, label: string): string {
  const values = filter.values.map(String);
  if (filter.test === "between") return `${label} ${values.join(" to ")}`;
  const rest = values.length - NAMED;
  const listed = rest > 0 ? `${values.slice(0, NAMED).join(", ")} and ${rest} more` : values.join(" or ");
  return [label, WORDS[filter.test], listed].filter((part) => part !== "").join(" ");
}

/** What a cell was before it was changed, and by whom. */
export interface Changed {
  readonly before: unknown;
  readonly by: string;
  readonly at: string;
}

export function cellKey(row: unknown, column: string): string {
  return `${row} ${column}`;
}

/** The cells of a table that edits changed and that are not back to what they were, from the newest moves first. */
export function changedOf(moves: readonly Move[], table: string): ReadonlyMap<string, Changed> {
  const changed = new Map<string, Changed>();
  for (const move of moves.toReversed()) {
    for (const cell of move.changes.filter((one) => one.table === table).flatMap((one) => one.sample)) {
      const key = cellKey(cell.row, cell.column);
      const [before, after] = move.kind === "undo" ? [cell.after, cell.before] : [cell.before, cell.after];
      const first = changed.get(key) ?? { before, by: move.created_by, at: move.created_at };
      if (first.before === after) changed.delete(key);
      else changed.set(key, { ...first, by: move.created_by, at: move.created_at });
    }
  }
  return changed;
}
