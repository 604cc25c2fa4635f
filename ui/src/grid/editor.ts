/** The editor in a cell: a field that fits the column's type, and says at once what it cannot take. */
import { div } from "./model";
import { EXAMPLES, type Kind } from "./values";

export type Leave = "stay" | "down" | "up" | "right" | "left";

export interface Opened {
  readonly kind: Kind;
  readonly label: string;
  /** In what it is typed, where that is not what the file writes. */
  readonly typedIn: string;
  /** What is in the cell. */
  readonly text: string;
  /** What was typed to open it, which takes the place of what is in the cell. */
  readonly typed: string | null;
  /** Take the text; what is returned says why not. */
  readonly take: (text: string) => string | null;
  readonly onLeave: (to: Leave) => void;
}

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

export class Editor {
  /** A row of its own: nothing else may stand in a grid. */
  readonly element = div("row", "editor");
  readonly #cell = div("gridcell", "field");
  readonly #field: Field;
  readonly #problem = div("alert", "problem");
  readonly #note = div("note", "unit");
  readonly #opened: Opened;
  #isClosed = false;

  constructor(opened: Opened) {
    this.#opened = opened;
    this.#field = fieldFor(opened);
    this.#field.setAttribute("aria-label", opened.label);
    this.#cell.append(this.#field);
    this.element.append(this.#cell);
    if (opened.typedIn !== "") this.#explain(opened.typedIn);
    this.#field.addEventListener("keydown", (event) => this.#press(event as KeyboardEvent));
    this.#field.addEventListener("blur", () => this.#close(true, "stay", true));
    this.#field.addEventListener("input", () => this.#complain(null));
    // what happens in the field is not the grid's
    for (const name of ["pointerdown", "dblclick", "copy", "cut", "paste", "keydown"]) {
      this.element.addEventListener(name, (event) => event.stopPropagation());
    }
  }

  focus(): void {
    this.#field.focus({ preventScroll: true });
    this.#fit(this.#note);
    const end = this.#field.value.length;
    if (!(this.#field instanceof HTMLSelectElement)) this.#field.setSelectionRange(end, end);
  }

  /** Take what was typed; whether that is done. Where it cannot be taken the editor stays and says why. */
  finish(): boolean {
    this.#close(true, "stay", true);
    return this.#isClosed;
  }

  #press(event: KeyboardEvent): void {
    if (event.isComposing) return;
    if (event.key === "Enter" && event.altKey && this.#field instanceof HTMLTextAreaElement) {
      this.#field.setRangeText("\n", this.#field.selectionStart, this.#field.selectionEnd, "end");
    } else if (event.key === "Enter") this.#close(true, event.shiftKey ? "up" : "down");
    else if (event.key === "Tab") this.#close(true, event.shiftKey ? "left" : "right");
    else if (event.key === "Escape") this.#close(false, "stay");
    else return;
    event.preventDefault();
  }

  #close(isTaken: boolean, to: Leave, isLost = false): void {
    if (this.#isClosed) return;
    const text = this.#field.value;
    const problem = isTaken && text !== this.#opened.text ? this.#opened.take(text) : null;
    if (problem !== null) {
      this.#complain(problem);
      return;
    }
    this.#isClosed = true;
    this.element.remove();
    if (!isLost) this.#opened.onLeave(to);
  }

  #explain(typedIn: string): void {
    this.#note.textContent = `In ${typedIn}`;
    this.#field.setAttribute("aria-description", this.#note.textContent);
    this.#cell.append(this.#note);
  }

  #complain(problem: string | null): void {
    this.#field.setAttribute("aria-invalid", String(problem !== null));
    this.#problem.textContent = problem ?? "";
    this.#problem.remove();
    if (problem === null) return;
    this.#cell.append(this.#problem);
    this.#fit(this.#problem);
  }

  /** What is said below the field stays inside of the grid, above the field where there is no room below. */
  #fit(said: HTMLElement): void {
    said.style.translate = "";
    const box = said.getBoundingClientRect();
    const room = this.element.closest(".grid")?.getBoundingClientRect() ?? box;
    const up = box.bottom > room.bottom ? -box.height - this.element.offsetHeight : 0;
    said.style.translate = `${Math.min(0, room.right - 16 - box.right)}px ${up}px`;
  }
}

function fieldFor({ kind, text: held, typed }: Opened): Field {
  const text = typed ?? held;
  if (kind === "boolean") {
    const field = document.createElement("select");
    for (const value of ["", "true", "false"]) field.add(new Option(value === "" ? "empty" : value, value));
    field.value = typed === null ? held : ({ t: "true", f: "false" }[typed.toLowerCase()] ?? held);
    return field;
  }
  const field = document.createElement(kind === "text" ? "textarea" : "input");
  if (kind === "integer" || kind === "decimal") field.inputMode = "decimal";
  field.placeholder = EXAMPLES[kind];
  field.value = text;
  field.autocomplete = "off";
  field.spellcheck = false;
  return field;
}
