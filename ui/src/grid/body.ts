/** The rows that are seen, as elements that are used again for others when they scroll out of view. */
import { type Columns, leftOf, widthOf } from "./geometry";
import { type ColumnSpec, div, NUMERIC, type Shown, type Source } from "./model";
import { contains, current, isSelected, type Place, type Range, type Selection } from "./selection";

/** Wider than most letters of the body's size. */
const LETTER_PX = 9;
/** How many lines out of use are kept for the next rows. */
const MOST_FREE = 8;
const ASCII = /^[\x20-\x7e]*$/;

/** What is drawn: rows by their place, columns by theirs, and where the first row would stand. */
export interface Drawn {
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  readonly base: number;
  readonly rowHeight: number;
}

interface Cell {
  readonly element: HTMLDivElement;
  readonly text: Text;
  column: number;
  value: string;
  name: string;
  says: string;
}

interface Line {
  readonly element: HTMLDivElement;
  readonly lead: HTMLDivElement;
  readonly head: HTMLDivElement;
  readonly number: Text;
  cells: Cell[];
  index: number;
  y: number;
  height: number;
  stamp: number;
  columns: readonly number[];
  isLoading: boolean;
  isChosen: boolean;
}

export class Body {
  readonly element = div("rowgroup", "body");
  readonly handle = div("", "handle");
  /** The cells that a fill would go over. */
  filling: Range | null = null;
  #lines = new Map<number, Line>();
  #free: Line[] = [];
  #spare: Cell[] = [];
  #stamp = 0;
  #focusable: HTMLElement | null = null;
  readonly #source: Source;

  constructor(source: Source) {
    this.#source = source;
    this.handle.title = "Drag down to fill";
  }

  /** Everything is drawn anew with the next `draw`: values, marks or the selection changed. */
  touch(): void {
    this.#stamp += 1;
  }

  draw(drawn: Drawn, shown: Shown, layout: Columns, selection: Selection): void {
    const wanted = new Set(drawn.rows);
    for (const [index, line] of this.#lines) {
      if (wanted.has(index)) continue;
      this.#lines.delete(index);
      this.#free.push(line);
    }
    for (const index of drawn.rows) {
      const line = this.#lines.get(index) ?? this.#place(index, drawn);
      if (line.columns !== drawn.columns) this.#arrange(line, drawn.columns, layout);
      const y = drawn.base + index * drawn.rowHeight;
      if (line.y !== y) {
        line.y = y;
        line.element.style.transform = `translateY(${y}px)`;
      }
      if (line.stamp !== this.#stamp) this.#paint(line, shown, selection);
    }
    for (const line of this.#free) line.element.remove();
    this.#free.splice(MOST_FREE);
    this.#tail(shown, selection);
  }

  cell(place: Place): HTMLElement | null {
    const line = this.#lines.get(place.row);
    return line?.cells.find((cell) => cell.column === place.column)?.element ?? null;
  }

  /** Make the active cell the one that Tab comes to; what it was before is none any more. */
  point(place: Place): HTMLElement | null {
    const cell = this.cell(place);
    if (cell === this.#focusable) return cell;
    this.#focusable?.setAttribute("tabindex", "-1");
    cell?.setAttribute("tabindex", "0");
    this.#focusable = cell;
    return cell;
  }

  #place(index: number, drawn: Drawn): Line {
    const line = this.#free.pop() ?? this.#line();
    if (!line.element.isConnected) this.element.append(line.element);
    line.index = index;
    line.stamp = -1;
    line.element.setAttribute("aria-rowindex", String(index + 2));
    if (line.height !== drawn.rowHeight) {
      line.height = drawn.rowHeight;
      line.element.style.height = `${drawn.rowHeight}px`;
    }
    this.#lines.set(index, line);
    return line;
  }

  #line(): Line {
    const element = div("row", "line");
    const lead = div("presentation", "lead");
    const head = div("rowheader", "rowhead");
    head.setAttribute("aria-colindex", "1");
    const number = document.createTextNode("");
    head.append(number);
    lead.append(head);
    element.append(lead);
    const nowhere = { index: -1, y: -1, height: -1, stamp: -1, isLoading: false, isChosen: false };
    return { element, lead, head, number, cells: [], columns: [], ...nowhere };
  }

  /** Give a line cells for these columns: those it has stay, others change their column. */
  #arrange(line: Line, columns: readonly number[], layout: Columns): void {
    const wanted = new Set(columns);
    const kept = new Map<number, Cell>();
    for (const cell of line.cells) {
      if (wanted.has(cell.column)) kept.set(cell.column, cell);
      else this.#spare.push(cell);
    }
    line.cells = columns.map((column) => {
      const cell = kept.get(column) ?? this.#spare.pop() ?? this.#cell();
      const parent = column < layout.frozen ? line.lead : line.element;
      if (cell.element.parentElement !== parent) parent.append(cell.element);
      if (cell.column !== column) {
        cell.column = column;
        cell.element.setAttribute("aria-colindex", String(column + 2));
      }
      cell.element.style.left = `${leftOf(layout, column)}px`;
      cell.element.style.width = `${widthOf(layout, column)}px`;
      return cell;
    });
    for (const cell of this.#spare.splice(0)) cell.element.remove();
    line.columns = columns;
    line.stamp = -1;
  }

  #cell(): Cell {
    const element = div("gridcell", "cell");
    const text = document.createTextNode("");
    element.setAttribute("tabindex", "-1");
    element.setAttribute("aria-selected", "false");
    element.append(text);
    return { element, text, column: -1, value: "", name: "cell", says: "" };
  }

  #paint(line: Line, shown: Shown, selection: Selection): void {
    const row = this.#source.row(line.index);
    line.stamp = this.#stamp;
    const isLoading = row === undefined;
    if (isLoading !== line.isLoading) {
      line.isLoading = isLoading;
      line.element.classList.toggle("loading", isLoading);
    }
    line.number.data = row === undefined ? "…" : String(row[0]); // a header without a text would be none
    const isChosen = selection.ranges.some(({ top, bottom }) => line.index >= top && line.index <= bottom);
    if (isChosen !== line.isChosen) {
      line.isChosen = isChosen;
      line.head.classList.toggle("chosen", isChosen);
    }
    for (const cell of line.cells) {
      const column = shown.columns[cell.column];
      if (column === undefined) continue;
      const value = row?.[column.at];
      const text = row === undefined ? "" : this.#source.text(value, column);
      if (text !== cell.value) {
        cell.value = text;
        cell.text.data = text;
      }
      const mark = row === undefined ? null : this.#source.mark(row, column);
      this.#name(cell, nameOf(column, text, mark?.names ?? ""), line.index, selection);
      const says = mark?.says ?? "";
      if (says !== cell.says) {
        cell.says = says;
        cell.element.title = says;
      }
    }
  }

  #name(cell: Cell, plain: string, row: number, selection: Selection): void {
    const isChosen = isSelected(selection, row, cell.column);
    const isActive = row === selection.active.row && cell.column === selection.active.column;
    const isFilled = this.filling !== null && contains(this.filling, row, cell.column);
    const name = `${plain}${isChosen ? " chosen" : ""}${isActive ? " active" : ""}${isFilled ? " filling" : ""}`;
    if (name === cell.name) return;
    if (isChosen !== cell.name.includes(" chosen")) cell.element.setAttribute("aria-selected", String(isChosen));
    cell.element.className = name;
    cell.name = name;
  }

  /** Put the fill handle into the last cell of the range that changes, where that is seen. */
  #tail(shown: Shown, selection: Selection): void {
    const { bottom, right } = current(selection);
    const isFilled = !shown.isReadOnly && bottom < shown.rows && selection.ranges.length === 1;
    const cell = isFilled ? this.cell({ row: bottom, column: right }) : null;
    if (cell === null) this.handle.remove();
    else if (this.handle.parentElement !== cell) cell.append(this.handle);
  }
}

/** A cell whose text may not fit is cut; to cut them all would cost a clip each. */
function nameOf(column: ColumnSpec, text: string, marks: string): string {
  const kind = NUMERIC.has(column.kind) ? "cell number" : "cell";
  const isLong = text.length * LETTER_PX + 16 > column.width || !ASCII.test(text);
  return `${kind}${isLong ? " long" : ""}${marks === "" ? "" : ` ${marks}`}`;
}
