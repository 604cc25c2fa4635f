/** The files on their way in, and which of them is opened by itself once it is read. */
import { Importer } from "../../api/importing";
import { apply, firstOf, type Importing, keyOf } from "../../state/imports";

export class Incoming {
  all = $state.raw<readonly Importing[]>([]);
  /** Whether they are what is looked at, in the place of a workbook. */
  isShown = $state(false);
  /** The files that were chosen together: the first of them that can be read is opened. */
  #awaited: readonly string[] = [];
  readonly #importer: Importer;

  /** `onFirst` opens the sheet that is waited for; `onDone` hears of each one that is there. */
  constructor(onFirst: (sheet: string) => void, onDone: (sheet: string) => void) {
    this.#importer = new Importer(
      (happening) => {
        this.all = apply(this.all, happening);
        const sheet = this.isShown ? firstOf(this.all, this.#awaited) : "";
        if (sheet === "") return;
        this.#awaited = [];
        onFirst(sheet); // which leaves: until its sheet is there, the import is what is seen
      },
      (_, sheet) => onDone(sheet),
    );
    void this.#importer.restore();
  }

  bring(files: FileList): void {
    this.isShown = true;
    this.#awaited = [...files].map(keyOf);
    for (const file of files) this.#importer.start(file);
  }

  /** Look at something else: none of them is opened by itself any more. */
  leave(): void {
    this.isShown = false;
    this.#awaited = [];
  }

  cancel(key: string): void {
    void this.#importer.cancel(key);
  }

  remove(key: string): void {
    this.all = apply(this.all, { kind: "removed", key });
    if (this.all.length === 0) this.isShown = false;
  }
}
