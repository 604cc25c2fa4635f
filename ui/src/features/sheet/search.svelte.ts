/** A text that is looked for in the rows of a table, how often it is there, and the way from hit to hit. */
import { sheets } from "../../api/sheets";
import type { Places } from "../../api/types.gen";
import type { Row } from "../../grid/blocks";
import { rangesAt } from "../../grid/selection";
import { count, whole } from "../../ui/format";
import type { Desk } from "./desk.svelte";

const SEARCH_MS = 250;

export class Search {
  text = $state("");
  #hits = $state.raw<Places | null>(null);
  readonly #desk: Desk;

  /** Searches from then on, as long as the component lives that makes it. */
  constructor(desk: Desk) {
    this.#desk = desk;
    $effect(() => {
      const [text, where, how] = [this.text, desk.at, desk.order];
      if (text === "") return;
      const timer = setTimeout(() => {
        sheets.hits(where, how, text).then(
          (found) => {
            if (text !== this.text || how !== desk.order) return;
            const isFirst = this.#hits === null;
            this.#hits = found;
            if (isFirst) this.go(0);
          },
          (error: unknown) => desk.fail(error),
        );
      }, SEARCH_MS);
      return () => clearTimeout(timer);
    });
  }

  get hasHits(): boolean {
    return (this.#hits?.places.length ?? 0) > 0;
  }

  get says(): string {
    const hits = this.#hits;
    if (hits === null) return "Searching…";
    if (hits.count === 0) return "No hits";
    const index = hits.places.indexOf(this.#desk.selection?.active.row ?? -1) + 1;
    return index > 0 ? `${whole.format(index)} of ${count(hits.count, "row")}` : count(hits.count, "row");
  }

  /** Look for another text, whose first hit is gone to. */
  find(text: string): void {
    this.text = text;
    this.#hits = null;
  }

  /** Go to the next hit from the active cell, around the end; 0 for the one there or the next. */
  go(step: 1 | 0 | -1): void {
    void this.#desk.attempt(() => this.#go(step));
  }

  async #go(step: 1 | 0 | -1): Promise<void> {
    const { grid, blocks, specs, signal } = this.#desk;
    const places = this.#hits?.places ?? [];
    const from = grid?.selection.active.row ?? 0;
    const found =
      step < 0
        ? (places.findLast((one) => one < from) ?? places.at(-1))
        : (places.find((one) => (step === 0 ? one >= from : one > from)) ?? places[0]);
    if (found === undefined || blocks === undefined) return;
    let row: Row | undefined = blocks.row(found);
    if (row === undefined) for await (const rows of blocks.read(found, found, 1, signal)) row = rows[0];
    const sought = this.text.toLowerCase();
    const holds = (value: unknown) =>
      String(value ?? "")
        .toLowerCase()
        .includes(sought);
    const column = specs.findIndex((one) => holds(row?.[one.at]));
    grid?.point(rangesAt([found], [Math.max(0, column)]));
  }
}
