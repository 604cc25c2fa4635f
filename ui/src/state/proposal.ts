/** A proposal as its card says it: what it would change, cell by cell, and what became of it. Pure. */
import type { AiColumnProposal, Change, ConflictCell, Decided, EditProposal, Impact } from "../api/types.gen";
import { count } from "../ui/format";

export type Proposal = EditProposal | AiColumnProposal;
export type State = "open" | Decided["decision"];

/** A line of the card: one cell before and after. */
export interface CellDiff {
  readonly place: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly isNumber: boolean;
}

const KINDS: Readonly<Record<string, string>> = {
  set: "Set cells",
  fill: "Fill",
  insert_rows: "Insert rows",
  delete_rows: "Delete rows",
  add_column: "Add column",
  rename_column: "Rename column",
  retype_column: "Change type",
  delete_column: "Delete column",
  recalculate: "Recalculated",
  stale: "Not recalculated",
};

export function stateOf(decided: Decided | undefined): State {
  return decided?.decision ?? "open";
}

/** The changes that are proposed; what merely follows from them is told of with the formulas. */
export function changesOf(proposal: EditProposal): Change[] {
  return proposal.preview.changes.filter((change) => change.kind !== "recalculate" && change.kind !== "stale");
}

export function changeTold(change: Change, tabs: ReadonlyMap<string, string>): string {
  const names = change.columns.map((name) => labelOf(change.table, name, tabs));
  const columns = names.length > 0 && names.length <= 4 ? ` ${names.join(", ")}` : "";
  const counts = [count(change.rows, "row"), ...(change.cells > 0 ? [count(change.cells, "cell")] : [])];
  return `${KINDS[change.kind] ?? change.kind}${columns} in ${tabs.get(change.table) ?? change.table} · ${counts.join(" · ")}`;
}

/** What an edit takes, and for which rows, in its own words: `with revenue * 1.1`, `where region = 'South'`. */
export interface Term {
  readonly says: "with" | "where" | "to";
  readonly code: string;
}

/** The terms of the edit that a change comes from. */
export function termsOf(proposal: EditProposal, change: Change): readonly Term[] {
  const edit = proposal.edits[changesOf(proposal).indexOf(change)];
  if (edit?.kind !== change.kind || edit.table !== change.table) return [];
  const given = edit.kind === "fill" || edit.kind === "add_column" ? edit.expression || edit.formula : "";
  const terms: readonly Term[] = [
    { says: "with", code: given },
    { says: "to", code: edit.kind === "rename_column" ? edit.label : edit.kind === "retype_column" ? edit.type : "" },
    { says: "where", code: "where" in edit ? edit.where : "" },
  ];
  return terms.filter(({ code }) => code !== "");
}

function labelOf(table: string, column: string, tabs: ReadonlyMap<string, string>): string {
  return tabs.get(`${table}.${column}`) ?? column;
}

export function diffsOf(
  change: Change,
  most: number,
  tabs: ReadonlyMap<string, string>,
): { readonly shown: readonly CellDiff[]; readonly more: number } {
  const shown = change.sample.slice(0, most).map(({ row, column, before, after }) => ({
    place: `${labelOf(change.table, column, tabs)}, row ${row}`,
    before,
    after,
    isNumber: typeof (after ?? before) === "number",
  }));
  return { shown, more: Math.max(change.cells, change.sample.length) - shown.length };
}

/** Formulas that move with the change, or that it replaces or leaves out of date, a line each. */
export function formulasTold(impact: Impact): string[] {
  const { recalculated, stale, overwritten } = impact.counts;
  const lines: [number, string][] = [
    [recalculated, `${count(recalculated, "formula")} will give another value`],
    [overwritten, `${count(overwritten, "formula")} will be replaced by values`],
    [stale, `${count(stale, "formula")} will be out of date until a spreadsheet program recalculates`],
  ];
  return lines.filter(([number]) => number > 0).map(([, line]) => line);
}

/** What a conflict is about, in the words of the reader. */
export function conflictPlace(cell: ConflictCell, tabs: ReadonlyMap<string, string>): string {
  return `${tabs.get(cell.table) ?? cell.table} ${labelOf(cell.table, cell.column, tabs)}${cell.row === null ? "" : `, row ${cell.row}`}`;
}
