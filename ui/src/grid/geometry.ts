/** Where rows and columns of a grid stand, in pixels. Pure.
 *
 * Browsers lose precision, or stop, beyond some millions of pixels. So the rows of a long table scroll in a shorter range: small
 * movements are as long as they look, long ones are scaled, and `settled` brings both together again while nobody scrolls.
 */

export const MOST_PX = 6_000_000;

/** The rows' height as it would be, as it is, and how much of it is seen. */
export interface Scale {
  readonly total: number;
  readonly height: number;
  readonly view: number;
}

/** What is scrolled to: `top` is the element's own, `offset` counts in real rows. */
export interface Scrolled {
  readonly top: number;
  readonly offset: number;
}

export function scaleOf(rows: number, rowHeight: number, view: number): Scale {
  const total = rows * rowHeight;
  return { total, height: Math.min(total, MOST_PX), view };
}

export function clampOffset(scale: Scale, offset: number): number {
  return Math.min(Math.max(0, offset), Math.max(0, scale.total - scale.view));
}

/** The element's own position for an offset. */
export function topOf(scale: Scale, offset: number): number {
  if (scale.height === scale.total) return clampOffset(scale, offset);
  const range = Math.max(1, scale.total - scale.view);
  return Math.round((clampOffset(scale, offset) / range) * (scale.height - scale.view));
}

/** Where one is after the element was scrolled to `top`. */
export function scrolled(scale: Scale, before: Scrolled, top: number): Scrolled {
  if (scale.height === scale.total) return { top, offset: clampOffset(scale, top) };
  const moved = top - before.top;
  if (Math.abs(moved) <= 2 * scale.view) return { top, offset: clampOffset(scale, before.offset + moved) };
  const range = Math.max(1, scale.height - scale.view);
  return { top, offset: clampOffset(scale, Math.round((top / range) * (scale.total - scale.view))) };
}

/** The same place with the position that belongs to it, so that both ends can be reached. */
export function settled(scale: Scale, now: Scrolled): Scrolled {
  return { top: topOf(scale, now.offset), offset: now.offset };
}

export interface Span {
  readonly first: number;
  readonly last: number;
}

/** The rows that are seen, and some on both sides; `last` is below `first` where there are none. */
export function rowsIn(scale: Scale, rowHeight: number, offset: number, more: number): Span {
  const rows = Math.round(scale.total / rowHeight);
  const first = Math.max(0, Math.floor(offset / rowHeight) - more);
  return { first, last: Math.min(rows - 1, Math.ceil((offset + scale.view) / rowHeight) - 1 + more) };
}

/** Columns side by side: where each begins, and at last where they end. The first `frozen` ones stay in view. */
export interface Columns {
  readonly lefts: readonly number[];
  readonly frozen: number;
}

export function columnsOf(widths: readonly number[], start: number, frozen: number): Columns {
  const lefts = [start];
  for (const width of widths) lefts.push((lefts.at(-1) ?? 0) + width);
  return { lefts, frozen: Math.min(frozen, widths.length) };
}

export function leftOf(columns: Columns, column: number): number {
  return columns.lefts[column] ?? columns.lefts.at(-1) ?? 0;
}

export function widthOf(columns: Columns, column: number): number {
  return leftOf(columns, column + 1) - leftOf(columns, column);
}

/** The column at a distance from the left end of all of them. */
export function columnAt(columns: Columns, x: number): number {
  let [low, high] = [0, Math.max(0, columns.lefts.length - 2)];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (leftOf(columns, middle) <= x) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The columns that move and are seen between two distances. */
export function columnsIn(columns: Columns, from: number, view: number): Span {
  const count = columns.lefts.length - 1;
  if (columns.frozen >= count) return { first: count, last: count - 1 };
  const start = from + leftOf(columns, columns.frozen);
  const first = Math.max(columns.frozen, columnAt(columns, start));
  return { first, last: Math.max(first, columnAt(columns, start + view - 1)) };
}

/** The least movement that brings what lies between `start` and `end` into a view; the end gives way where both do not fit. */
export function reveal(start: number, end: number, from: number, view: number): number {
  if (start < from || end - start > view) return start;
  return end > from + view ? end - view : from;
}
