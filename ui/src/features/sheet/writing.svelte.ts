/** The edits of a sheet in the order they were made, each written on the version that the one before it made. */
import { ApiError, api, isGone } from "../../api/client";
import { untilBack } from "../../api/live";
import { type Edits, sheets } from "../../api/sheets";
import { isOwn, keepStep } from "../../api/steps";
import type { ConflictCell, SheetDetail, SheetHead } from "../../api/types.gen";
import { waitingOf } from "../../state/edits";
import { persist } from "../../state/persist";
import { type How, type Step, stepFrom } from "../../state/undoing";
import { count } from "../../ui/format";

interface Heard {
  readonly tell: (says: string) => void;
  /** Does something whose failure is shown. */
  readonly attempt: (doing: () => Promise<void>) => Promise<void>;
  /** What was shown before it was written is not so. */
  readonly onRefused: () => void;
  readonly onRead: (detail: SheetDetail) => void;
  /** What stands in the cells after a step. */
  readonly stepSaid: (step: Step) => string;
}

const SILENT: Heard = {
  tell: () => undefined,
  attempt: (doing) => doing(),
  onRefused: () => undefined,
  onRead: () => undefined,
  stepSaid: () => "",
};

interface Conflict {
  readonly edits: Edits;
  readonly cells: readonly ConflictCell[];
}

const NONE: ReadonlySet<string> = new Set();
const DOUBTFUL = {
  code: "page.doubtful",
  what: "The server went away while rows were added.",
  fix: "See whether they are there, and add them again if not.",
};

export class Writing {
  /** How many are not written yet. */
  pending = $state(0);
  /** Those of them that are typed, pasted or filled: where the server is away, they wait. */
  #unwritten = $state.raw<readonly Edits[]>([]);
  #isAway = $state(false);
  /** What met the changes of others. */
  conflict = $state.raw<Conflict | null>(null);
  /** What would be undone or done again, though it was not done here. */
  asked = $state.raw<Step | null>(null);
  /** The versions that were made by typing alone: whoever typed sees what is in them. */
  readonly typed = new Set<string>();
  readonly #sheet: string;
  #heard: Heard = SILENT;
  #head = "";
  #queue: Promise<unknown> = Promise.resolve();

  constructor(sheet: string) {
    this.#sheet = sheet;
  }

  /** Tell another table's desk from now on: what is still to be written is of the whole sheet. */
  tellTo(heard: Heard): void {
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

  /** The cells of a table that wait for a server that is away. */
  waitingIn(table: string): ReadonlySet<string> {
    return this.#isAway ? waitingOf(this.#unwritten.flat(), table) : NONE;
  }

  /** Everything so far is written, or was refused. */
  async settled(): Promise<void> {
    await this.#queue;
  }

  /** Write edits on a version, or on the one that the last edits made; say what came of it; a conflict waits for a decision. */
  commit(edits: Edits, says: string, on = ""): Promise<void> {
    this.#unwritten = [...this.#unwritten, edits];
    return this.#after(async () => {
      try {
        const made = await this.reached((isAgain) => this.#edit(edits, on || this.#head, isAgain));
        if (made.version !== this.#head) keepStep("undo", made.version); // else they change nothing
        this.#head = made.version;
        const { recalculated, stale } = made.formulas.counts;
        if (says === "" && recalculated + stale === 0) this.typed.add(made.version);
        const notes = made.changes.flatMap((one) => one.notes);
        this.#heard.tell([says, ...notes].filter((one) => one !== "").join(" "));
      } catch (error) {
        this.#heard.onRefused();
        if (!(error instanceof ApiError) || error.cells.length === 0) throw error;
        this.conflict = { edits, cells: error.cells };
      } finally {
        this.#unwritten = this.#unwritten.filter((one) => one !== edits);
      }
    });
  }

  /** One step back or forward; one that somebody else made waits until it is confirmed. */
  travel(how: How): void {
    void this.#after(async () => {
      const step = stepFrom(await this.reached(() => sheets.history(this.#sheet)), this.#head, how);
      if (step === null) this.#heard.tell(how === "undo" ? "There is nothing to undo." : "There is nothing to do again.");
      else if (isOwn(how, this.#head)) await this.#step(step);
      else this.asked = step;
    });
  }

  /** Take the step that was asked about. */
  confirm(step: Step): void {
    this.asked = null;
    void this.#after(() => this.#step(step));
  }

  async #step(step: Step): Promise<void> {
    const { how, head } = step;
    this.typed.clear(); // what is done again is not typed again
    this.#head = (await this.reached(() => sheets[how](this.#sheet, head))).version;
    keepStep(how === "undo" ? "redo" : "undo", this.#head);
    this.#heard.tell(`${how === "undo" ? "Undone." : "Done again."} ${this.#heard.stepSaid(step)}`);
  }

  /** Write over what somebody else wrote: the same edits, on the head as it is now. */
  overwrite(edits: Edits): void {
    this.conflict = null;
    void this.#heard.attempt(async () => {
      await this.#refresh();
      await this.commit(edits, "Written over theirs.");
    });
  }

  /** Does something at once, or as soon as a server that is away is back. */
  async reached<T>(doing: (isAgain: boolean) => Promise<T>): Promise<T> {
    const wait = () => {
      this.#isAway = true;
      this.#heard.tell(
        `The server is away: ${count(Math.max(1, this.#unwritten.length), "edit")} will be written when it is back.`,
      );
      return untilBack();
    };
    return persist(doing, isGone, wait).finally(() => {
      this.#isAway = false;
    });
  }

  /** The same values twice are written once; rows would be added twice, where an answer was lost on its way. */
  async #edit(edits: Edits, on: string, isAgain: boolean): Promise<SheetHead> {
    const isAdding = edits.some((one) => one.kind === "insert_rows");
    if (isAgain && isAdding && (await api.sheet(this.#sheet)).sheet.version !== on) throw new ApiError(DOUBTFUL);
    return sheets.edit(this.#sheet, on, edits, "");
  }

  #after(doing: () => Promise<void>): Promise<void> {
    this.pending += 1;
    const made = this.#queue.then(async () => {
      // told to the table that is seen by then
      await doing().catch((error: unknown) => this.#heard.attempt(() => Promise.reject(error)));
      this.pending -= 1;
      if (this.pending === 0) await this.#heard.attempt(() => this.#refresh());
    });
    this.#queue = made;
    return made;
  }

  async #refresh(): Promise<void> {
    const found = await this.reached(() => api.sheet(this.#sheet));
    if (this.pending > 0) return;
    this.#head = found.sheet.version;
    this.#heard.onRead(found);
  }
}
