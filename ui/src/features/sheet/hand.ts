/** What hands do to the cells of a grid: copy, paste, fill and clear, also in rows that are not loaded. */
import type { Edits } from "../../api/sheets";
import type { Blocks, Row } from "../../grid/blocks";
import { type Cells, parse, repeated, toHtml, toTsv } from "../../grid/clipboard";
import type { ColumnSpec } from "../../grid/model";
import { current, isBlock, type Range, rowsOf, type Selection } from "../../grid/selection";
import type { Habits } from "../../grid/values";
import { filled, MOST_CELLS, type Planned, pasted, spreadOver, tooMany } from "../../state/edits";
import { editedAs } from "../../ui/format";

const MOST_COPIED = 1_000_000;
const MOST_HTML = 20_000;
export const PAGE = 500;

export interface Hand {
  readonly table: string;
  readonly blocks: Blocks;
  readonly columns: readonly ColumnSpec[];
  readonly habits: Habits;
  /** Whether all rows of the table are shown. */
  readonly isWhole: boolean;
}

/** A cell as it is copied: as a person here would type it, so that a spreadsheet reads it as what it is. */
function plain(value: unknown, { isPercent }: ColumnSpec, { decimal }: Habits): string {
  return editedAs(value, { unit: { is_percent: isPercent } }, decimal);
}

/** Why these cells cannot be copied; null where they can. */
export function tooLarge(selection: Selection): string | null {
  if (!isBlock(selection.ranges)) return "These cells are not of the same rows and columns, so they cannot be copied together.";
  const columns = columnsIn(selection).length;
  const cells = rowsOf(selection.ranges).reduce((sum, { first, last }) => sum + last - first + 1, 0) * columns;
  if (cells <= MOST_COPIED) return null;
  const most = MOST_COPIED.toLocaleString();
  return `${cells.toLocaleString()} cells are more than the ${most} that can be copied at once. Select fewer, or download the table.`;
}

function columnsIn(selection: Selection): readonly number[] {
  const columns = new Set<number>();
  for (const { left, right } of selection.ranges) for (let one = left; one <= right; one += 1) columns.add(one);
  return [...columns].sort((one, other) => one - other);
}

export function isLoaded({ blocks }: Hand, selection: Selection): boolean {
  return rowsOf(selection.ranges).every(({ first, last }) => last - first < 20_000 && blocks.has(first, last));
}

/** The cells selected, where all of their rows are here. */
export function cellsHere(hand: Hand, selection: Selection): Cells {
  const rows = rowsOf(selection.ranges).flatMap(({ first, last }) =>
    Array.from({ length: last - first + 1 }, (_, index) => hand.blocks.row(first + index) ?? []),
  );
  return cellsOf(hand, selection, rows);
}

/** The cells selected, after their rows were fetched. */
export async function cellsThere(
  hand: Hand,
  selection: Selection,
  signal: AbortSignal,
  onRead: (rows: number) => void,
): Promise<Cells> {
  return cellsOf(hand, selection, await rowsIn(hand, selection.ranges, signal, onRead));
}

function cellsOf({ columns, habits }: Hand, selection: Selection, rows: readonly Row[]): Cells {
  const chosen = columnsIn(selection).flatMap((index) => columns[index] ?? []);
  return rows.map((row) => chosen.map((column) => plain(row[column.at], column, habits)));
}

export function textsOf(cells: Cells): Readonly<Record<string, string>> {
  const isSmall = cells.length * (cells[0]?.length ?? 0) <= MOST_HTML;
  return { "text/plain": toTsv(cells), ...(isSmall ? { "text/html": toHtml(cells) } : {}) };
}

async function rowsIn(
  { blocks }: Hand,
  ranges: readonly Range[],
  signal: AbortSignal,
  onRead: (rows: number) => void = () => undefined,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const { first, last } of rowsOf(ranges)) {
    for await (const page of blocks.read(first, last, PAGE, signal)) {
      signal.throwIfAborted();
      rows.push(...page);
      onRead(rows.length);
    }
  }
  return rows;
}

function idsOf(rows: readonly Row[]): readonly number[] {
  return rows.map((row) => Number(row[0]));
}

/** The ids of the first rows that are selected. */
export async function idsIn(
  hand: Hand,
  ranges: readonly Range[],
  most: number,
  signal: AbortSignal,
): Promise<readonly number[]> {
  let left = most;
  const some: Range[] = [];
  for (const { first, last } of rowsOf(ranges)) {
    if (left <= 0) break;
    some.push({ top: first, bottom: Math.min(last, first + left - 1), left: 0, right: 0 });
    left -= last - first + 1;
  }
  return idsOf(await rowsIn(hand, some, signal));
}

/** What a paste at the active cell changes; it fills a selection that is a multiple of it. */
export async function paste(hand: Hand, selection: Selection, text: string, signal: AbortSignal): Promise<Planned> {
  const range = current(selection);
  const cells = repeated(parse(text), range.bottom - range.top + 1, range.right - range.left + 1);
  const most = Math.min(hand.blocks.count - range.top, cells.length);
  if (!hand.isWhole && most < cells.length) {
    return { why: `${cells.length} rows were copied, and only ${most} are shown below here. Clear the filters to add rows.` };
  }
  if (cells.length > MOST_CELLS) return { why: tooMany(cells.length) };
  const ids = await idsIn(hand, [{ ...range, bottom: range.top + cells.length - 1 }], most, signal);
  return pasted(hand.table, cells, ids, hand.columns.slice(range.left), hand.habits);
}

/** Rows over those beside them: as they are, as Ctrl+D does it, or as a series that goes on, as the handle does. */
export async function fill(hand: Hand, from: Range, to: Range, isSeries: boolean, signal: AbortSignal): Promise<Planned> {
  const columns = hand.columns.slice(from.left, from.right + 1);
  const cells = (to.bottom - to.top + 1) * columns.length;
  const isRestOfAll = from.top === from.bottom && from.top === 0 && to.bottom === hand.blocks.count - 1 && hand.isWhole;
  const isByColumn = isRestOfAll && !isSeries;
  if (!isByColumn && cells > MOST_CELLS) return { why: tooMany(cells) };
  const source = await rowsIn(hand, [from], signal);
  if (isByColumn && cells > MOST_CELLS) return { edits: overAll(hand.table, columns, source[0] ?? []), cells };
  const ids = await idsIn(hand, [to], MOST_CELLS, signal);
  const isUp = to.bottom < from.top;
  return isUp
    ? spreadOver(hand.table, columns, source.toReversed(), ids.toReversed(), isSeries)
    : spreadOver(hand.table, columns, source, ids, isSeries);
}

function overAll(table: string, columns: readonly ColumnSpec[], row: Row): Edits {
  return columns.map((column) => filled(table, column.key, null, (row[column.at] ?? null) as string | number | boolean | null));
}

/** Empty what is selected. */
export async function clear(hand: Hand, { ranges }: Selection, signal: AbortSignal): Promise<Planned> {
  const runs = ranges.map((range) => ({ range, rows: range.bottom - range.top + 1 }));
  const cells = runs.reduce((sum, { range, rows }) => sum + rows * (range.right - range.left + 1), 0);
  const edits: Edits[number][] = [];
  for (const { range, rows } of runs) {
    const isAll = hand.isWhole && rows === hand.blocks.count;
    if (!isAll && rows > MOST_CELLS) return { why: tooMany(cells) };
    const ids = isAll ? null : await idsIn(hand, [range], MOST_CELLS, signal);
    for (const column of hand.columns.slice(range.left, range.right + 1)) {
      edits.push(filled(hand.table, column.key, ids, null));
    }
  }
  return edits.length > 0 ? { edits, cells } : { why: "There is nothing to clear." };
}
