/** The header of a grid: titles with what was found out about them, their order, their widths, and a menu each. */
import { type Columns, leftOf, widthOf } from "./geometry";
import { type ColumnSpec, div, type Heard, NUMERIC, type Shown } from "./model";
import type { Selection } from "./selection";

const NARROWEST = 48;
const WIDEST = 900;
/** What moves less is a click. */
const NEAR_PX = 6;

interface Head {
  readonly element: HTMLDivElement;
  readonly title: HTMLSpanElement;
  readonly about: HTMLSpanElement;
  readonly order: HTMLSpanElement;
  readonly menu: HTMLButtonElement;
  column: number;
  spec: ColumnSpec | null;
}

export class Header {
  readonly element = div("rowgroup", "header");
  readonly #row = div("row", "line");
  readonly #lead = div("presentation", "lead");
  readonly #corner = div("columnheader", "corner");
  readonly #mark = div("", "dropmark");
  readonly #heads = new Map<number, Head>();
  readonly #heard: Heard;
  #layout: Columns = { lefts: [0], frozen: 0 };
  #focusable: HTMLElement | null = null;

  constructor(heard: Heard) {
    this.#heard = heard;
    this.#row.setAttribute("aria-rowindex", "1");
    this.#corner.setAttribute("aria-colindex", "1");
    this.#corner.title = "Row of the tab; select everything";
    this.#corner.textContent = "#";
    this.#lead.append(this.#corner);
    this.#row.append(this.#lead);
    this.element.append(this.#row);
    this.element.addEventListener("pointerdown", (event) => this.#press(event));
    this.element.addEventListener("dblclick", (event) => this.#widen(event));
  }

  get corner(): HTMLElement {
    return this.#corner;
  }

  draw(columns: readonly number[], shown: Shown, layout: Columns, selection: Selection): void {
    this.#layout = layout;
    const wanted = new Set(columns);
    for (const [column, head] of this.#heads) {
      if (wanted.has(column)) continue;
      head.element.remove();
      this.#heads.delete(column);
    }
    for (const column of columns) {
      const spec = shown.columns[column];
      if (spec === undefined) continue;
      const head = this.#heads.get(column) ?? this.#head(column);
      const parent = column < layout.frozen ? this.#lead : this.#row;
      if (head.element.parentElement !== parent) parent.append(head.element);
      if (head.spec !== spec) this.#fill(head, spec);
      head.element.style.left = `${leftOf(layout, column)}px`;
      head.element.style.width = `${widthOf(layout, column)}px`;
      const isChosen = selection.ranges.some(({ left, right }) => column >= left && column <= right);
      head.element.classList.toggle("chosen", isChosen);
    }
  }

  cell(column: number): HTMLElement | null {
    return this.#heads.get(column)?.element ?? null;
  }

  point(column: number | null): HTMLElement | null {
    const cell = column === null ? null : this.cell(column);
    if (cell === this.#focusable) return cell;
    this.#focusable?.setAttribute("tabindex", "-1");
    cell?.setAttribute("tabindex", "0");
    this.#focusable = cell;
    return cell;
  }

  menu(column: number): HTMLElement | null {
    return this.#heads.get(column)?.menu ?? null;
  }

  #head(column: number): Head {
    const element = div("columnheader", "head");
    element.setAttribute("tabindex", "-1");
    element.setAttribute("aria-colindex", String(column + 2));
    const name = document.createElement("span");
    name.className = "name";
    const title = document.createElement("span");
    title.className = "title";
    const order = document.createElement("span");
    order.className = "order";
    order.setAttribute("aria-hidden", "true");
    name.append(title, order);
    const about = document.createElement("span");
    about.className = "about";
    const menu = document.createElement("button");
    menu.type = "button";
    menu.className = "menu";
    menu.tabIndex = -1;
    menu.textContent = "⋯";
    menu.setAttribute("aria-haspopup", "dialog");
    menu.addEventListener("click", (event) => {
      event.stopPropagation();
      this.#heard.onMenu(column, menu);
    });
    element.append(name, " ", about, menu, div("", "edge"));
    const head: Head = { element, title, about, order, menu, column, spec: null };
    this.#heads.set(column, head);
    return head;
  }

  #fill(head: Head, spec: ColumnSpec): void {
    head.spec = spec;
    head.title.textContent = spec.title;
    head.about.textContent = spec.about;
    head.about.classList.toggle("doubtful", spec.isDoubtful);
    head.element.title = spec.hint;
    head.element.classList.toggle("number", NUMERIC.has(spec.kind));
    head.element.classList.toggle("filtered", spec.isFiltered);
    head.menu.setAttribute("aria-label", `Menu of ${spec.title}`);
    const direction = spec.sort === null ? "none" : spec.sort.isDescending ? "descending" : "ascending";
    head.element.setAttribute("aria-sort", direction);
    const rank = spec.sort !== null && spec.sort.rank > 0 ? String(spec.sort.rank) : "";
    head.order.textContent = spec.sort === null ? "" : `${spec.sort.isDescending ? " ↓" : " ↑"}${rank}`;
  }

  #columnOf(target: EventTarget | null): number | null {
    const element = target instanceof Element ? target.closest<HTMLElement>(".head") : null;
    return element === null ? null : Number(element.getAttribute("aria-colindex")) - 2;
  }

  #press(event: PointerEvent): void {
    const column = this.#columnOf(event.target);
    if (column === null || event.button !== 0 || !(event.target instanceof HTMLElement)) return;
    if (event.target.closest(".menu") !== null) return;
    if (event.target.classList.contains("edge")) this.#resize(event, column);
    else if (event.pointerType === "mouse") this.#drag(event, column);
  }

  #resize(event: PointerEvent, column: number): void {
    event.preventDefault();
    event.stopPropagation();
    const [start, width] = [event.clientX, widthOf(this.#layout, column)];
    this.#follow(event, (now) => {
      this.#heard.onResize(column, Math.min(WIDEST, Math.max(NARROWEST, Math.round(width + now.clientX - start))));
    });
  }

  #widen(event: MouseEvent): void {
    const column = this.#columnOf(event.target);
    if (column === null || !(event.target instanceof HTMLElement) || !event.target.classList.contains("edge")) return;
    this.#heard.onResize(column, 0); // as wide as what is in it
  }

  /** A column goes where it is dropped: before the column whose first half is under the pointer, else behind it. */
  #drag(event: PointerEvent, column: number): void {
    const start = event.clientX;
    let to: number | null = null;
    this.#follow(
      event,
      (now) => {
        if (to === null && Math.abs(now.clientX - start) < NEAR_PX) return;
        to = this.#dropAt(now.clientX) ?? to ?? column;
        this.element.classList.add("dragging");
      },
      () => {
        this.element.classList.remove("dragging");
        this.#mark.remove();
        if (to === null) return;
        const target = to > column ? to - 1 : to;
        if (target !== column) this.#heard.onReorder(column, target);
      },
    );
  }

  #dropAt(x: number): number | null {
    for (const [column, { element }] of this.#heads) {
      const box = element.getBoundingClientRect();
      if (x < box.left || x > box.right) continue;
      const isAfter = x > (box.left + box.right) / 2;
      this.#mark.classList.toggle("after", isAfter);
      if (this.#mark.parentElement !== element) element.append(this.#mark);
      return isAfter ? column + 1 : column;
    }
    return null;
  }

  #follow(event: PointerEvent, onMove: (event: PointerEvent) => void, onEnd: () => void = () => undefined): void {
    const ends = new AbortController();
    const { signal } = ends;
    let isClick = true;
    const end = () => {
      ends.abort();
      if (!isClick) swallow();
      onEnd();
    };
    const move = (now: PointerEvent) => {
      if (now.pointerId !== event.pointerId) return;
      isClick &&= Math.abs(now.clientX - event.clientX) < NEAR_PX;
      onMove(now);
    };
    window.addEventListener("pointermove", move, { signal });
    window.addEventListener("pointerup", end, { signal });
    window.addEventListener("pointercancel", end, { signal });
  }
}

/** Keep the click that comes with this very release from everybody. */
function swallow(): void {
  const ends = new AbortController();
  window.addEventListener("click", (click) => click.stopPropagation(), { capture: true, signal: ends.signal });
  setTimeout(() => ends.abort());
}
