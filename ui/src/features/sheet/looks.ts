/** How the tables of a sheet are looked at: as before they were left, or as this browser kept it over a reload. */
import type { Table } from "../../api/types.gen";
import { keptLooks, lookKept, withLook } from "../../state/looks";
import type { Look } from "../../state/table";

const KEPT = "chatsheet.looks";

export class Looks {
  readonly #sheet: string;
  readonly #seen = new Map<string, Look>();

  constructor(sheet: string) {
    this.#sheet = sheet;
  }

  of(table: Table): Look {
    return this.#seen.get(table.id) ?? lookKept(keptLooks(localStorage.getItem(KEPT)), this.#sheet, table);
  }

  set(table: Table, look: Look): void {
    if (this.#seen.get(table.id) === look) return;
    this.#seen.set(table.id, look);
    const kept = keptLooks(localStorage.getItem(KEPT)); // read again: another window may have changed it
    localStorage.setItem(KEPT, JSON.stringify(withLook(kept, this.#sheet, table, look)));
  }
}
