/** Cells on their way to the clipboard, also those of rows that are not here. */
import { rowsOf, type Selection } from "../../grid/selection";
import { count, whole } from "../../ui/format";
import type { Desk } from "./desk.svelte";
import * as hand from "./hand";

export class Copying {
  readonly #desk: Desk;
  /** What was read for a browser that takes it only when a key is pressed. */
  #ready: { readonly selection: Selection; readonly texts: Readonly<Record<string, string>> } | null = null;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Copy what is selected; `then` is done once the clipboard has it. */
  copy(event: ClipboardEvent, then: (now: Selection) => void = () => undefined): void {
    event.preventDefault();
    const [own, now] = [this.#desk.hand(), this.#desk.selected];
    if (own === null || now === undefined || now.ranges.length === 0) return;
    const why = hand.tooLarge(now);
    if (why !== null) {
      this.#desk.tell(why, true);
      return;
    }
    const texts =
      this.#ready?.selection === now
        ? this.#ready.texts
        : hand.isLoaded(own, now)
          ? hand.textsOf(hand.cellsHere(own, now))
          : null;
    if (texts === null) {
      void this.#desk.attempt(async () => {
        if (await this.#fetch(own, now)) then(now);
      });
      return;
    }
    for (const [type, text] of Object.entries(texts)) event.clipboardData?.setData(type, text);
    this.#desk.tell("Copied.");
    then(now);
  }

  /** Copy rows that are not here: the browser waits for them where it may, else they are ready for when the keys are pressed again. */
  async #fetch(own: hand.Hand, now: Selection): Promise<boolean> {
    const { signal } = this.#desk;
    const rows = rowsOf(now.ranges).reduce((sum, { first, last }) => sum + last - first + 1, 0);
    const onRead = (done: number) =>
      this.#desk.tell(`Reading ${whole.format(done)} of ${count(rows, "row")} to copy… Esc stops it.`);
    const texts = hand.cellsThere(own, now, signal, onRead).then(hand.textsOf);
    // not every page may write to the clipboard later: one that is not served over TLS may not
    if (window.isSecureContext) {
      const blob = texts.then((found) => new Blob([found["text/plain"] ?? ""], { type: "text/plain" }));
      const isGiven = await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]).then(
        () => true,
        () => false,
      );
      if (isGiven) {
        this.#desk.tell(`${count(rows, "row")} copied.`);
        return true;
      }
    }
    this.#ready = { selection: now, texts: await texts };
    this.#desk.tell(`${count(rows, "row")} are ready. Press the same keys once more to copy them.`);
    return false;
  }
}
