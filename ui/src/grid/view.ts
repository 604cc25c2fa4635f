/** A grid over rows that come in windows: draws what is seen, obeys keys and mouse, and tells what its user wants of the data.
 *
 * Cells are real elements with the roles of an ARIA grid; the active one has the focus. Everything that is decided is decided
 * in geometry, selection and keys, which are pure.
 */
import { Body } from "./body";
import { Editor, type Leave } from "./editor";
import {
  type Columns,
  clampOffset,
  columnAt,
  columnsIn,
  columnsOf,
  reveal as leastMove,
  leftOf,
  rowsIn,
  type Scale,
  type Scrolled,
  scaleOf,
  scrolled,
  settled,
  topOf,
  widthOf,
} from "./geometry";
import { Header } from "./header";
import { type Command, commandOf } from "./keys";
import { div, type Heard, type Shown, type Source } from "./model";
import { listen, stretched } from "./pointer";
import { type Action, at, cellsIn, current, fitted, type Place, type Selection, select } from "./selection";
import "./grid.css";

const ROW_PX = 28;
const TOUCH_ROW_PX = 36;
const HEADER_PX = 44;
const NUMBERS_PX = 56;
const MORE_ROWS = 4;
const SETTLE_MS = 150;

export class Grid {
  readonly #scroller = div("grid", "grid");
  readonly #sizer = div("presentation", "sizer");
  readonly #header: Header;
  readonly #body: Body;
  readonly #heard: Heard;
  readonly #source: Source;
  readonly #rowHeight = matchMedia("(pointer: coarse)").matches ? TOUCH_ROW_PX : ROW_PX;
  readonly #ends = new AbortController();
  readonly #sizes: ResizeObserver;
  #shown: Shown = { caption: "", columns: [], frozen: 0, rows: 0, isReadOnly: false };
  #layout: Columns = { lefts: [NUMBERS_PX], frozen: 0 };
  #scale: Scale = { total: 0, height: 0, view: 0 };
  #scrolled: Scrolled = { top: 0, offset: 0 };
  #view = { width: 0, height: 0 };
  #columns: readonly number[] = [];
  #selection: Selection = at({ row: 0, column: 0 });
  #editor: Editor | null = null;
  #settling: ReturnType<typeof setTimeout> | undefined;

  constructor(host: HTMLElement, source: Source, heard: Heard) {
    this.#heard = heard;
    this.#source = source;
    this.#header = new Header(heard);
    this.#body = new Body(source);
    this.#scroller.setAttribute("aria-multiselectable", "true");
    this.#scroller.style.setProperty("--row", `${this.#rowHeight}px`);
    this.#sizer.append(this.#header.element, this.#body.element);
    this.#scroller.append(this.#sizer);
    host.append(this.#scroller);
    const { signal } = this.#ends;
    this.#scroller.addEventListener("scroll", () => this.#onScroll(), { signal, passive: true });
    this.#scroller.addEventListener("keydown", (event) => this.#onKey(event), { signal });
    this.#scroller.addEventListener("focusin", (event) => this.#onFocus(event), { signal });
    this.#scroller.addEventListener("copy", (event) => this.#heard.onCopy(event), { signal });
    this.#scroller.addEventListener("cut", (event) => this.#heard.onCut(event), { signal });
    this.#scroller.addEventListener("paste", (event) => this.#heard.onPaste(event), { signal });
    this.#scroller.addEventListener("contextmenu", (event) => this.#onContext(event), { signal });
    listen(
      {
        scroller: this.#scroller,
        placeAt: (x, y) => this.#placeAt(x, y),
        select: (action) => this.select(action),
        leave: () => this.leave(),
        edit: () => this.edit(null),
        sort: (column, isAdding) => this.#heard.onSort(column, isAdding),
        everything: () => this.select({ kind: "spread", over: "all" }),
        stretch: (to, isDone) => this.#fill(to, isDone),
        scroll: (x, y) => this.#scrollBy(x, y),
      },
      signal,
    );
    this.#sizes = new ResizeObserver(() => this.#measure());
    this.#sizes.observe(this.#scroller);
  }

  get selection(): Selection {
    return this.#selection;
  }

  /** Show other columns or another number of rows; the rows' own values are redrawn by `redraw`. */
  show(shown: Shown): void {
    this.#shown = shown;
    const widths = shown.columns.map((column) => column.width);
    const digits = Math.max(4, String(shown.rows + 1).length);
    const start = Math.max(NUMBERS_PX, 20 + 8 * digits);
    this.#scroller.style.setProperty("--numbers", `${start}px`);
    let frozen = shown.frozen;
    // what stays in view leaves room for the others
    while (frozen > 0 && leftOf(columnsOf(widths, start, frozen), frozen) > this.#view.width * 0.6 && this.#view.width > 0)
      frozen -= 1;
    this.#layout = columnsOf(widths, start, frozen);
    const fitting = fitted(this.#selection, { rows: shown.rows, columns: shown.columns.length });
    this.#scroller.setAttribute("aria-label", shown.caption);
    this.#scroller.setAttribute("aria-readonly", String(shown.isReadOnly));
    this.#scroller.setAttribute("aria-rowcount", String(shown.rows + 1));
    this.#scroller.setAttribute("aria-colcount", String(shown.columns.length + 1));
    this.#scroller.style.setProperty("--lead", `${leftOf(this.#layout, this.#layout.frozen)}px`);
    this.#sizer.style.width = `${leftOf(this.#layout, shown.columns.length)}px`;
    this.#columns = [];
    this.#rescale();
    if (fitting === this.#selection) this.redraw();
    else this.#put(fitting, false);
  }

  /** Draw every row again: values or marks changed. */
  redraw(): void {
    this.#body.touch();
    this.#draw();
  }

  select(action: Action, isShown = true): void {
    const size = { rows: this.#shown.rows, columns: this.#shown.columns.length };
    this.#put(select(this.#selection, action, size), isShown);
    this.focus();
  }

  /** Select cells that something else points at: the focus stays outside where it is there. */
  point(ranges: Selection["ranges"]): void {
    const size = { rows: this.#shown.rows, columns: this.#shown.columns.length };
    this.#put(select(this.#selection, { kind: "put", ranges }, size), false);
    this.reveal(this.#selection.active, true);
    if (this.#scroller.contains(document.activeElement)) this.focus();
  }

  /** Start again at the top of other rows. */
  restart(): void {
    this.#editor?.element.remove();
    this.#editor = null;
    this.#selection = at({ row: this.#shown.rows > 0 ? 0 : -1, column: 0 });
    this.#scrollTo(0);
    this.#scroller.scrollLeft = 0;
    this.redraw();
    this.#heard.onSelect(this.#selection);
  }

  focus(): void {
    this.#focusable()?.focus({ preventScroll: true });
  }

  /** Scroll to a cell: just into view, or to the middle where it is far. */
  reveal({ row, column }: Place, isCentred = false): void {
    if (row >= 0) {
      const [start, view] = [row * this.#rowHeight, this.#scale.view];
      const isSeen = start >= this.#scrolled.offset && start + this.#rowHeight <= this.#scrolled.offset + view;
      if (!isSeen) {
        this.#scrollTo(isCentred ? start - view / 2 : leastMove(start, start + this.#rowHeight, this.#scrolled.offset, view));
      }
    }
    if (column >= this.#layout.frozen) {
      const held = leftOf(this.#layout, this.#layout.frozen);
      const start = leftOf(this.#layout, column) - held;
      const left = leastMove(start, start + widthOf(this.#layout, column), this.#scroller.scrollLeft, this.#view.width - held);
      if (left !== this.#scroller.scrollLeft) this.#scroller.scrollLeft = left;
    }
    this.#draw();
  }

  /** Open the editor of the active cell, with what was typed or what is in it. */
  edit(typed: string | null): void {
    const place = this.#selection.active;
    const column = this.#shown.columns[place.column];
    const text = place.row < 0 ? null : this.#heard.onOpen(place);
    if (column === undefined || text === null || !this.leave()) return;
    this.reveal(place);
    const cell = this.#body.cell(place);
    if (cell === null) return;
    this.#editor = new Editor({
      kind: column.kind,
      label: `${column.title}, row ${this.#source.row(place.row)?.[0] ?? place.row + 1}`,
      typedIn: column.typedIn,
      text,
      typed,
      take: (said) => this.#heard.onType(place, said),
      onLeave: (to) => this.#left(to),
    });
    const under = cell.getBoundingClientRect();
    const origin = this.#scroller.getBoundingClientRect();
    const { style } = this.#editor.element;
    style.left = `${under.left - origin.left + this.#scroller.scrollLeft}px`;
    style.top = `${under.top - origin.top + this.#scroller.scrollTop}px`;
    style.minWidth = `${under.width}px`;
    style.height = `${under.height}px`;
    this.#sizer.append(this.#editor.element);
    this.#editor.focus();
  }

  /** Leave the editor, whose text is taken; whether that could be done. */
  leave(): boolean {
    if (this.#editor !== null && !this.#editor.finish()) return false;
    this.#editor = null;
    return true;
  }

  menu(column: number): HTMLElement | null {
    this.reveal({ row: -1, column });
    return this.#header.menu(column);
  }

  destroy(): void {
    this.#ends.abort();
    this.#sizes.disconnect();
    clearTimeout(this.#settling);
    this.#scroller.remove();
  }

  #put(selection: Selection, isShown: boolean): void {
    this.#selection = selection;
    this.#body.touch();
    if (isShown) this.reveal(selection.lead);
    else this.#draw();
    this.#heard.onSelect(selection);
  }

  #measure(): void {
    this.#view = { width: this.#scroller.clientWidth, height: this.#scroller.clientHeight };
    this.show(this.#shown);
  }

  #rescale(): void {
    this.#scale = scaleOf(this.#shown.rows, this.#rowHeight, Math.max(0, this.#view.height - HEADER_PX));
    this.#sizer.style.height = `${HEADER_PX + this.#scale.height}px`;
    this.#scrollTo(this.#scrolled.offset);
  }

  #scrollTo(offset: number): void {
    const wanted = clampOffset(this.#scale, Math.round(offset));
    const moved = wanted - this.#scrolled.offset;
    const isNear = Math.abs(moved) <= 2 * this.#scale.view && this.#scale.total > this.#scale.height;
    this.#scroller.scrollTop = isNear ? this.#scrolled.top + moved : topOf(this.#scale, wanted);
    this.#scrolled = { top: this.#scroller.scrollTop, offset: wanted };
    this.#settle();
  }

  #scrollBy(x: number, y: number): void {
    this.#scroller.scrollLeft += x;
    this.#scrollTo(this.#scrolled.offset + y);
    this.#draw();
  }

  #onScroll(): void {
    const { scrollTop } = this.#scroller;
    if (scrollTop !== this.#scrolled.top) {
      this.#scrolled = scrolled(this.#scale, this.#scrolled, scrollTop);
      this.#settle();
    }
    this.#draw();
  }

  /** When the rows rest, bring the scroll bar to where it belongs. */
  #settle(): void {
    if (this.#scale.total === this.#scale.height) return;
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => {
      if (this.#editor !== null) return;
      const { top, offset } = settled(this.#scale, this.#scrolled);
      if (top === this.#scrolled.top) return;
      this.#scroller.scrollTop = top;
      this.#scrolled = { top: this.#scroller.scrollTop, offset };
      this.#draw();
    }, SETTLE_MS);
  }

  #draw(): void {
    const { first, last } = rowsIn(this.#scale, this.#rowHeight, this.#scrolled.offset, MORE_ROWS);
    const { active } = this.#selection;
    const rows = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
    if (active.row >= 0 && active.row < this.#shown.rows && (active.row < first || active.row > last)) rows.push(active.row);
    this.#arrange(active.column);
    const base = this.#scrolled.top - this.#scrolled.offset;
    this.#body.draw(
      { rows, columns: this.#columns, base, rowHeight: this.#rowHeight },
      this.#shown,
      this.#layout,
      this.#selection,
    );
    this.#header.draw(this.#columns, this.#shown, this.#layout, this.#selection);
    this.#focusable();
    if (last >= first) this.#heard.onSee(first, last);
  }

  /** The columns to draw: those that stay, those that are seen, and the active one; the same list while it is the same. */
  #arrange(active: number): void {
    const held = leftOf(this.#layout, this.#layout.frozen);
    const { first, last } = columnsIn(this.#layout, this.#scroller.scrollLeft, this.#view.width - held);
    const columns = Array.from({ length: this.#layout.frozen }, (_, index) => index);
    for (let column = first; column <= last; column += 1) columns.push(column);
    if (active < this.#shown.columns.length && active >= 0 && !columns.includes(active)) columns.push(active);
    const isSame = columns.length === this.#columns.length && columns.every((column, index) => column === this.#columns[index]);
    if (!isSame) this.#columns = columns;
  }

  #focusable(): HTMLElement | null {
    const { active } = this.#selection;
    const isHeader = active.row < 0;
    const head = this.#header.point(isHeader ? active.column : null);
    const cell = this.#body.point(isHeader ? { row: -2, column: -2 } : active);
    return isHeader ? head : cell;
  }

  #placeAt(x: number, y: number): Place {
    const box = this.#scroller.getBoundingClientRect();
    const [inX, inY] = [x - box.left, y - box.top - HEADER_PX];
    const row = inY < 0 ? -1 : Math.min(this.#shown.rows - 1, Math.floor((inY + this.#scrolled.offset) / this.#rowHeight));
    const start = leftOf(this.#layout, 0);
    const held = leftOf(this.#layout, this.#layout.frozen);
    return { row, column: inX < start ? -1 : columnAt(this.#layout, inX < held ? inX : inX + this.#scroller.scrollLeft) };
  }

  #onFocus(event: FocusEvent): void {
    if (!(event.target instanceof HTMLElement) || event.target.closest(".editor") !== null) return;
    // a screen reader may put the focus on any cell
    const cell = event.target.closest<HTMLElement>(".cell, .head");
    if (cell === null) return;
    const row = Number(cell.closest("[aria-rowindex]")?.getAttribute("aria-rowindex")) - 2;
    const column = Number(cell.getAttribute("aria-colindex")) - 2;
    const { active } = this.#selection;
    if (row !== active.row || column !== active.column) this.#put(at({ row, column }), false);
  }

  #onKey(event: KeyboardEvent): void {
    if (event.target instanceof HTMLButtonElement || event.isComposing) return;
    const { active } = this.#selection;
    const isHeader = active.row < 0;
    const isWide = cellsIn(current(this.#selection)) > 1 || this.#selection.ranges.length > 1;
    const { key, shiftKey: isShift, altKey: isAlt } = event;
    const command = commandOf({ key, isCtrl: event.ctrlKey || event.metaKey, isShift, isAlt }, isHeader, isWide && !isHeader);
    if (command === null) return;
    event.preventDefault();
    this.#obey(command, isShift);
  }

  #obey(command: Command, isShift: boolean): void {
    const { active } = this.#selection;
    if (command.kind === "select") this.select(command.action, command.action.kind !== "spread");
    else if (command.kind === "page") {
      this.select({ kind: "step", isExtending: command.isExtending, ...this.#page(command.rows, command.columns) });
    } else if (command.kind === "edit") this.edit(command.text);
    else if (command.kind === "sort") this.#heard.onSort(active.column, isShift);
    else if (command.kind === "menu") this.#open(active.column);
    else {
      if (command.kind === "cancel") this.select({ kind: "collapse" }, false);
      this.#heard.onCommand(command.kind);
    }
  }

  #open(column: number): void {
    const button = this.menu(column);
    if (button !== null) this.#heard.onMenu(column, button);
  }

  #page(rows: number, columns: number): { readonly rows: number; readonly columns: number } {
    const seen = Math.max(1, Math.floor(this.#scale.view / this.#rowHeight) - 1);
    return { rows: rows * seen, columns: columns * Math.max(1, this.#columns.length - this.#layout.frozen - 1) };
  }

  #left(to: Leave): void {
    this.#editor = null;
    const steps = { stay: [0, 0], down: [1, 0], up: [-1, 0], right: [0, 1], left: [0, -1] } as const;
    const [rows, columns] = steps[to];
    if (to === "stay") this.focus();
    else this.select({ kind: "next", rows, columns });
  }

  #fill(to: number | null, isDone: boolean): void {
    const from = current(this.#selection);
    const over = to === null ? null : stretched(from, to);
    this.#body.filling = isDone ? null : over;
    this.redraw();
    if (isDone && over !== null) this.#heard.onFill(from, over);
  }

  #onContext(event: MouseEvent): void {
    const head = event.target instanceof Element ? event.target.closest(".head") : null;
    if (head === null) return;
    event.preventDefault();
    this.#open(Number(head.getAttribute("aria-colindex")) - 2);
  }
}
