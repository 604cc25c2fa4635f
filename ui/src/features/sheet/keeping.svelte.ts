/** Which version's rows are shown: the head's, or those before it while what is typed leaves them in their order. */
import { untrack } from "svelte";
import type { Move } from "../../api/types.gen";
import { isTyped } from "../../state/edits";
import type { Order } from "../../state/table";
import type { Desk } from "./desk.svelte";
import type { Writing } from "./writing.svelte";

interface Shown {
  readonly head: string;
  readonly desk: Desk;
  readonly writing: Writing;
  /** Read the rows again though their version is the same. */
  readonly renew: () => void;
}

export class Keeping {
  version = $state("");
  readonly #shown: Shown;
  #isKept = false;
  #order: Order | null = null;

  /** Follows the head from then on, as long as the component lives that makes it. */
  constructor(shown: Shown) {
    this.#shown = shown;
    this.version = shown.head;
    $effect.pre(() => this.#follow(shown.head, shown.desk.order));
  }

  /** What moved the head is known: rows are kept only over what was typed here. */
  check(moves: readonly Move[]): void {
    const { head, writing } = this.#shown;
    if (this.#isKept && !isTyped(moves, this.version, writing.typed)) this.#release(head);
  }

  /** Rows that are sorted or filtered stay where they are until they are sorted or filtered anew. */
  #follow(head: string, order: Order): void {
    untrack(() => {
      const { writing } = this.#shown;
      const isOrdered = order.sort.length + order.filters.length > 0;
      const isKept = this.#order === order && isOrdered && (writing.pending > 0 || writing.typed.has(head));
      this.#order = order;
      if (isKept) this.#isKept = true;
      else this.#release(head);
    });
  }

  #release(head: string): void {
    if (this.#isKept && this.version === head) this.#shown.renew();
    this.#isKept = false;
    this.version = head;
  }
}
