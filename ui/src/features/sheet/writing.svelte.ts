/** The edits of a sheet in the order they were made, each written on the version that the one before it made. */
import { ApiError, api } from "../../api/client";
import { type Edits, sheets } from "../../api/sheets";
import type { ConflictCell, SheetDetail } from "../../api/types.gen";

interface Heard {
  readonly tell: (says: string) => void;
  /** Does something whose failure is shown. */
  readonly attempt: (doing: () => Promise<void>) => Promise<void>;
  /** What was shown before it was written is not so. */
  readonly onRefused: () => void;
  readonly onRead: (detail: SheetDetail) => void;
}

interface Conflict {
  readonly edits: Edits;
  readonly cells: readonly ConflictCell[];
}

export class Writing {
  /** How many are not written yet. */
  pending = $state(0);
  /** What met the changes of others. */
  conflict = $state.raw<Conflict | null>(null);
  readonly #sheet: string;
  readonly #heard: Heard;
  #head = "";
  #queue: Promise<unknown> = Promise.resolve();

  constructor(sheet: string, heard: Heard) {
    this.#sheet = sheet;
    this.#heard = heard;
  }

  /** The version that others made, or this page a moment ago. */
  follow(version: string): void {
    if (this.pending === 0) this.#head = version;
  }

  /** The version that is seen, where it is known: while something is being written, it is not. */
  seen(): string {
    return this.pending === 0 ? this.#head : "";
  }

  /** Everything so far is written, or was refused. */
  async settled(): Promise<void> {
    await this.#queue;
  }

  /** Write edits on a version, or on the one that the last edits made; say what came of it; a conflict waits for a decision. */
  commit(edits: Edits, says: string, on = ""): Promise<void> {
    return this.#after(async () => {
      try {
        const made = await sheets.edit(this.#sheet, on || this.#head, edits, "");
        this.#head = made.version;
        const notes = made.changes.flatMap((one) => one.notes);
        this.#heard.tell([says, ...notes].filter((one) => one !== "").join(" "));
      } catch (error) {
        this.#heard.onRefused();
        if (!(error instanceof ApiError) || error.cells.length === 0) throw error;
        this.conflict = { edits, cells: error.cells };
      }
    });
  }

  travel(how: "undo" | "redo"): void {
    void this.#after(async () => {
      this.#head = (await sheets[how](this.#sheet, this.#head)).version;
      this.#heard.tell(how === "undo" ? "Undone." : "Done again.");
    });
  }

  /** Write over what somebody else wrote: the same edits, on the head as it is now. */
  overwrite(edits: Edits): void {
    this.conflict = null;
    void this.#heard.attempt(async () => {
      await this.#refresh();
      await this.commit(edits, "Written over theirs.");
    });
  }

  #after(doing: () => Promise<void>): Promise<void> {
    this.pending += 1;
    const made = this.#queue.then(() =>
      this.#heard.attempt(async () => {
        try {
          await doing();
        } finally {
          this.pending -= 1;
          if (this.pending === 0) await this.#refresh();
        }
      }),
    );
    this.#queue = made;
    return made;
  }

  async #refresh(): Promise<void> {
    const found = await api.sheet(this.#sheet);
    if (this.pending > 0) return;
    this.#head = found.sheet.version;
    this.#heard.onRead(found);
  }
}
