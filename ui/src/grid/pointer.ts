/** The mouse over the cells of a grid: selecting by dragging, the fill handle, and scrolling at the edges. Touch scrolls; a tap selects. */
import type { Action, Place, Range } from "./selection";

/** What the pointer may ask of a grid. */
export interface Pointed {
  readonly scroller: HTMLElement;
  /** The cell under a point, or the nearest one; row -1 is the header, column -1 the row numbers. */
  readonly placeAt: (x: number, y: number) => Place;
  readonly select: (action: Action) => void;
  /** Whether an editor that is open could be left. */
  readonly leave: () => boolean;
  readonly edit: () => void;
  readonly sort: (column: number, isAdding: boolean) => void;
  readonly everything: () => void;
  /** Show how far a fill would go; null ends it. */
  readonly stretch: (to: number | null, isDone: boolean) => void;
  readonly scroll: (x: number, y: number) => void;
}

const EDGE_PX = 24;

export function listen(grid: Pointed, signal: AbortSignal): void {
  const { scroller } = grid;
  scroller.addEventListener("pointerdown", (event) => press(grid, event), { signal });
  scroller.addEventListener("dblclick", (event) => onCell(event) && grid.edit(), { signal });
  scroller.addEventListener(
    "click",
    (event) => {
      if (!(event.target instanceof Element)) return;
      if (event.target.closest(".corner") !== null) grid.everything();
      const head = event.target.closest(".head");
      if (head !== null && !event.target.classList.contains("edge")) tapHead(grid, head, event);
      // a finger selects when it is lifted where it came down
      if (event instanceof PointerEvent && event.pointerType === "touch" && onCell(event)) begin(grid, event);
    },
    { signal },
  );
}

function onCell(event: MouseEvent): boolean {
  return event.target instanceof Element && event.target.closest(".cell, .rowhead") !== null;
}

function tapHead(grid: Pointed, head: Element, event: MouseEvent): void {
  const column = Number(head.getAttribute("aria-colindex")) - 2;
  if (event.ctrlKey || event.metaKey) grid.select({ kind: "columns", column, how: "add" });
  else grid.sort(column, event.shiftKey);
}

function press(grid: Pointed, event: PointerEvent): void {
  if (event.button !== 0 || event.pointerType === "touch" || !(event.target instanceof Element)) return;
  if (!onCell(event)) return;
  if (!grid.leave()) {
    event.preventDefault();
    return;
  }
  event.preventDefault(); // no text is selected; the grid moves the focus
  if (event.target.classList.contains("handle")) fill(grid, event);
  else {
    begin(grid, event);
    drag(grid, event);
  }
}

function begin(grid: Pointed, event: MouseEvent): void {
  const to = grid.placeAt(event.clientX, event.clientY);
  const how = event.shiftKey ? "extend" : event.ctrlKey || event.metaKey ? "add" : "set";
  if (to.column < 0) grid.select({ kind: "rows", row: to.row, how });
  else grid.select({ kind: "go", to, how });
}

function drag(grid: Pointed, event: PointerEvent): void {
  const isRows = grid.placeAt(event.clientX, event.clientY).column < 0;
  follow(grid, event, (place) => {
    if (isRows) grid.select({ kind: "rows", row: Math.max(0, place.row), how: "extend" });
    else grid.select({ kind: "go", to: { row: Math.max(0, place.row), column: Math.max(0, place.column) }, how: "extend" });
  });
}

function fill(grid: Pointed, event: PointerEvent): void {
  let row: number | null = null;
  follow(
    grid,
    event,
    (place) => {
      row = Math.max(0, place.row);
      grid.stretch(row, false);
    },
    (isDone) => grid.stretch(row, isDone),
  );
}

/** Call `onPlace` with the cell under the pointer while it is down, and scroll where it is at an edge. */
function follow(
  grid: Pointed,
  event: PointerEvent,
  onPlace: (place: Place) => void,
  onEnd: (isDone: boolean) => void = () => undefined,
): void {
  const ends = new AbortController();
  const { signal } = ends;
  let last = event;
  let frame = 0;
  const edge = () => {
    const box = grid.scroller.getBoundingClientRect();
    const x = beyond(last.clientX, box.left, box.right);
    const y = beyond(last.clientY, box.top + EDGE_PX, box.bottom);
    frame = 0;
    if (x === 0 && y === 0) return;
    grid.scroll(x, y);
    onPlace(grid.placeAt(last.clientX, last.clientY));
    frame = requestAnimationFrame(edge);
  };
  const end = (isDone: boolean) => {
    ends.abort();
    cancelAnimationFrame(frame);
    onEnd(isDone);
  };
  window.addEventListener(
    "pointermove",
    (now) => {
      last = now;
      onPlace(grid.placeAt(now.clientX, now.clientY));
      if (frame === 0) frame = requestAnimationFrame(edge);
    },
    { signal },
  );
  window.addEventListener("pointerup", () => end(true), { signal });
  window.addEventListener("pointercancel", () => end(false), { signal });
}

function beyond(at: number, low: number, high: number): number {
  if (at < low + EDGE_PX) return Math.max(-60, (at - low - EDGE_PX) / 2);
  return at > high - EDGE_PX ? Math.min(60, (at - high + EDGE_PX) / 2) : 0;
}

/** The rows that a fill goes over when it is drawn from a range to a row; null where it goes nowhere. */
export function stretched(from: Range, to: number): Range | null {
  if (to > from.bottom) return { ...from, top: from.bottom + 1, bottom: to };
  return to < from.top ? { ...from, top: to, bottom: from.top - 1 } : null;
}
