/** What is selected in a grid, as Excel moves it: an active cell and ranges, the last of which is the one that changes. Pure. */

/** A cell; row -1 is the header. */
export interface Place {
  readonly row: number;
  readonly column: number;
}

/** Cells from corner to corner, both of them included. */
export interface Range {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** `lead` is the corner opposite of the active cell, which Shift moves. */
export interface Selection {
  readonly active: Place;
  readonly lead: Place;
  readonly ranges: readonly Range[];
  /** Something else than hands selected it. */
  readonly isPointed?: true;
}

export interface Size {
  readonly rows: number;
  readonly columns: number;
}

/** Whether a selection takes the place of the one before, goes on from its active cell, or is one more. */
export type How = "set" | "extend" | "add";

export type Action =
  | { readonly kind: "go"; readonly to: Place; readonly how: How }
  | { readonly kind: "step"; readonly rows: number; readonly columns: number; readonly isExtending: boolean }
  /** To the next cell of the range that is selected, or beyond the active one where it is alone. */
  | { readonly kind: "next"; readonly rows: number; readonly columns: number }
  | { readonly kind: "rows"; readonly row: number; readonly how: How }
  | { readonly kind: "columns"; readonly column: number; readonly how: How }
  | { readonly kind: "spread"; readonly over: "rows" | "columns" | "all" }
  | { readonly kind: "put"; readonly ranges: readonly Range[] }
  | { readonly kind: "collapse" };

export const START: Selection = at({ row: 0, column: 0 });

export function at(place: Place): Selection {
  return { active: place, lead: place, ranges: place.row < 0 ? [] : [between(place, place)] };
}

export function between(one: Place, other: Place): Range {
  return {
    top: Math.min(one.row, other.row),
    left: Math.min(one.column, other.column),
    bottom: Math.max(one.row, other.row),
    right: Math.max(one.column, other.column),
  };
}

export function contains(range: Range, row: number, column: number): boolean {
  return row >= range.top && row <= range.bottom && column >= range.left && column <= range.right;
}

export function isSelected(selection: Selection, row: number, column: number): boolean {
  return selection.ranges.some((range) => contains(range, row, column));
}

/** The range that changes; that of the active cell where none is selected. */
export function current(selection: Selection): Range {
  return selection.ranges.at(-1) ?? between(selection.active, selection.active);
}

/** The first and the last row that ranges reach. */
export function spanOf(ranges: readonly Range[]): readonly [number, number] {
  return ranges.reduce(([first, last], one) => [Math.min(first, one.top), Math.max(last, one.bottom)], [
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ] as readonly [number, number]);
}

/** Whether a range has cells in a column. */
export function spans(range: Range, column: number): boolean {
  return range.left <= column && column <= range.right;
}

export function cellsIn(range: Range): number {
  return (range.bottom - range.top + 1) * (range.right - range.left + 1);
}

export function select(selection: Selection, action: Action, size: Size): Selection {
  switch (action.kind) {
    case "go":
      return moved(selection, clamped(action.to, size), action.how);
    case "step":
      return stepped(selection, action, size);
    case "next":
      return next(selection, action, size);
    case "rows": {
      const from = action.how === "extend" ? selection.active.row : action.row;
      return spread(
        selection,
        { row: Math.max(0, from), column: 0 },
        { row: action.row, column: last(size.columns) },
        action.how,
      );
    }
    case "columns": {
      const from = action.how === "extend" ? selection.active.column : action.column;
      return spread(selection, { row: 0, column: from }, { row: last(size.rows), column: action.column }, action.how);
    }
    case "spread":
      return over(selection, action.over, size);
    case "put":
      return put(selection, action.ranges);
    case "collapse":
      return at(selection.active);
  }
}

/** The selection of a table that lost rows or columns. */
export function fitted(selection: Selection, size: Size): Selection {
  const fits = selection.ranges.every((range) => range.bottom < size.rows && range.right < size.columns);
  return fits && selection.active.column < size.columns ? selection : at(clamped(selection.active, size));
}

/** Rows of several ranges, each once, as runs from the top. */
export function rowsOf(ranges: readonly Range[]): readonly { readonly first: number; readonly last: number }[] {
  const runs: { first: number; last: number }[] = [];
  for (const { top, bottom } of [...ranges].sort((one, other) => one.top - other.top)) {
    const before = runs.at(-1);
    if (before !== undefined && top <= before.last + 1) before.last = Math.max(before.last, bottom);
    else runs.push({ first: top, last: bottom });
  }
  return runs;
}

/** Whether every column selected has the same rows selected: put side by side, the cells make one block. */
export function isBlock(ranges: readonly Range[]): boolean {
  const rows = JSON.stringify(rowsOf(ranges));
  // only where a range begins, and behind its end, can a column differ from the one before
  const columns = new Set(ranges.flatMap(({ left, right }) => [left, right + 1]));
  return [...columns].every((column) => {
    const here = ranges.filter((range) => spans(range, column));
    return here.length === 0 || JSON.stringify(rowsOf(here)) === rows;
  });
}

/** Ranges over the columns given at these rows, which come in order: neighbours make one range. */
export function rangesAt(rows: readonly number[], columns: readonly number[]): readonly Range[] {
  const spans = (places: readonly number[]) => rowsOf(places.map((one) => ({ top: one, bottom: one, left: 0, right: 0 })));
  const across = spans(columns);
  return spans(rows).flatMap(({ first, last: bottom }) =>
    across.map((span) => ({ top: first, bottom, left: span.first, right: span.last })),
  );
}

function last(count: number): number {
  return Math.max(0, count - 1);
}

function clamped(place: Place, size: Size): Place {
  const row = size.rows === 0 ? -1 : Math.min(Math.max(-1, place.row), size.rows - 1);
  return { row, column: Math.min(Math.max(0, place.column), last(size.columns)) };
}

function moved(selection: Selection, to: Place, how: How): Selection {
  if (to.row < 0) return at(to);
  if (how === "set") return at(to);
  if (how === "add") return { active: to, lead: to, ranges: [...selection.ranges, between(to, to)] };
  const active = selection.active.row < 0 ? { row: 0, column: selection.active.column } : selection.active;
  return { active, lead: to, ranges: [...selection.ranges.slice(0, -1), between(active, to)] };
}

function stepped(
  selection: Selection,
  { rows, columns, isExtending }: { readonly rows: number; readonly columns: number; readonly isExtending: boolean },
  size: Size,
): Selection {
  const from = isExtending ? selection.lead : selection.active;
  const row = from.row + rows;
  // only a single step leads out of the rows, into the header: Ctrl and a page stop at the first one
  const isOut = row < 0 && (isExtending || (from.row > 0 && rows < -1));
  const to = clamped({ row: isOut ? 0 : row, column: from.column + columns }, size);
  return moved(selection, to, isExtending ? "extend" : "set");
}

function next(
  selection: Selection,
  { rows, columns }: { readonly rows: number; readonly columns: number },
  size: Size,
): Selection {
  const range = current(selection);
  const { active } = selection;
  if (cellsIn(range) === 1) return at(clamped({ row: Math.max(0, active.row + rows), column: active.column + columns }, size));
  const width = range.right - range.left + 1;
  const height = range.bottom - range.top + 1;
  const [row, column] = [active.row - range.top, active.column - range.left];
  const cells = width * height;
  const index = columns === 0 ? column * height + row + rows : row * width + column + columns;
  const wrapped = ((index % cells) + cells) % cells;
  const place =
    columns === 0
      ? { row: range.top + (wrapped % height), column: range.left + Math.floor(wrapped / height) }
      : { row: range.top + Math.floor(wrapped / width), column: range.left + (wrapped % width) };
  return { ...selection, active: place };
}

function spread(selection: Selection, from: Place, to: Place, how: How): Selection {
  const range = between(from, to);
  const kept = how === "set" ? [] : how === "add" ? selection.ranges : selection.ranges.slice(0, -1);
  return { active: from, lead: to, ranges: [...kept, range] };
}

function over(selection: Selection, what: "rows" | "columns" | "all", size: Size): Selection {
  if (size.rows === 0) return selection;
  const range = current(selection);
  const top = what === "rows" ? Math.max(0, range.top) : 0;
  const bottom = what === "rows" ? Math.max(0, range.bottom) : size.rows - 1;
  const left = what === "columns" ? range.left : 0;
  const right = what === "columns" ? range.right : last(size.columns);
  const active = selection.active.row < 0 ? { row: 0, column: selection.active.column } : selection.active;
  return { active, lead: { row: bottom, column: right }, ranges: [{ top, left, bottom, right }] };
}

function put(selection: Selection, ranges: readonly Range[]): Selection {
  const [first] = ranges;
  if (first === undefined) return selection;
  return {
    active: { row: first.top, column: first.left },
    lead: { row: first.bottom, column: first.right },
    ranges,
    isPointed: true,
  };
}
