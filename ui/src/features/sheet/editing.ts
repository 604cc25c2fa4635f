/** What a person changes in the cells of a table: typed, pasted, filled, cut and cleared, each of them one edit. */
import type { Column } from "../../api/types.gen";
import type { ColumnSpec } from "../../grid/model";
import { current, type Place, type Range, type Selection } from "../../grid/selection";
import { read } from "../../grid/values";
import type { Planned } from "../../state/edits";
import { count, editedAs } from "../../ui/format";
import { type Desk, HABITS } from "./desk.svelte";
import * as hand from "./hand";
import type { Writing } from "./writing.svelte";

/** What the server shows of a long text. */
const LONGEST = 10_000;

export class Editing {
  readonly #desk: Desk;
  readonly #writing: Writing;
  /** The version that was seen when the editor opened: what others wrote since meets what is typed. */
  #openedOn = "";

  constructor(desk: Desk, writing: Writing) {
    this.#desk = desk;
    this.#writing = writing;
  }

  /** The text that an editor begins with; null where the cell cannot be edited. */
  open({ row, column }: Place): string | null {
    const spec = this.#desk.specs[column];
    const values = this.#desk.blocks?.row(row);
    if (spec === undefined || values === undefined) return null;
    const value = values[spec.at];
    if (typeof value === "string" && value.length >= LONGEST && value.endsWith("…")) {
      this.#desk.tell("This text is longer than what is shown of it, and cannot be edited here.", true);
      return null;
    }
    this.#openedOn = this.#writing.seen();
    return editedAs(value, this.#columnOf(spec), HABITS.decimal);
  }

  /** Write what was typed; what is returned says why it cannot be. */
  take({ row, column }: Place, text: string): string | null {
    const { blocks, grid, specs, table } = this.#desk;
    const spec = specs[column];
    const values = blocks?.row(row);
    if (spec === undefined || values === undefined) return "The row is not here yet.";
    const said = read(text, spec.kind, HABITS, spec.isPercent);
    if ("why" in said) return said.why;
    blocks?.put(row, spec.at, said.value);
    grid?.redraw();
    const cells = [{ row: Number(values[0]), column: spec.key, value: said.value }];
    this.#desk.problem = null;
    void this.#writing.commit([{ kind: "set", table: table.id, cells }], "", this.#openedOn);
    return null;
  }

  paste(event: ClipboardEvent): void {
    event.preventDefault();
    const text = event.clipboardData?.getData("text/plain") ?? "";
    const into = this.#desk.selected;
    if (into !== undefined && text !== "") this.#change((own, signal) => hand.paste(own, into, text, signal), "pasted");
  }

  clear(of: Selection, done = "cleared"): void {
    this.#change((own, signal) => hand.clear(own, of, signal), done);
  }

  /** Draw a range over the rows beside it: what makes a series goes on. */
  fill(from: Range, to: Range): void {
    this.#change((own, signal) => hand.fill(own, from, to, true, signal), "filled");
  }

  /** The first row of what is selected over the others; the row above where there is only one. */
  copyDown(of: Selection): void {
    const range = current(of);
    const top = range.top === range.bottom ? range.top - 1 : range.top;
    if (top < 0) return;
    const [from, to] = [
      { ...range, top, bottom: top },
      { ...range, top: top + 1 },
    ];
    this.#change((own, signal) => hand.fill(own, from, to, false, signal), "filled");
  }

  travel(how: "undo" | "redo"): void {
    this.#desk.problem = null;
    this.#writing.travel(how);
  }

  #change(plan: (own: hand.Hand, signal: AbortSignal) => Promise<Planned>, done: string): void {
    const own = this.#desk.hand();
    if (own === null) return;
    void this.#desk.attempt(async () => {
      await this.#writing.settled(); // what is planned is planned on what was written
      const planned = await this.#writing.reached(() => plan(own, this.#desk.signal));
      this.#desk.problem = null;
      if ("why" in planned) this.#desk.tell(planned.why, true);
      else
        await this.#writing.commit(
          planned.edits,
          [`${count(planned.cells, "cell")} ${done}.`, planned.note ?? ""].join(" ").trim(),
        );
    });
  }

  #columnOf(spec: ColumnSpec): Column | undefined {
    return this.#desk.table.columns.find((one) => one.name === spec.key);
  }
}
