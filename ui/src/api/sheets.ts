/** Calls about the rows of a sheet: windows of them, where they stand, and their edits. */
import type { Page } from "../grid/blocks";
import type { Order } from "../state/table";
import { call, send } from "./client";
import type { Filter, FoundValue, Move, NewEdits, Places, Result, SheetHead } from "./types.gen";

/** A table at a version, which holds still while others edit. */
export interface At {
  readonly sheet: string;
  readonly version: string;
  readonly table: string;
}

export type Edits = NewEdits["edits"];

function query({ version }: At, order: Order, more: readonly (readonly [string, string])[]): URLSearchParams {
  const said = new URLSearchParams({ version });
  for (const sort of order.sort) said.append("sort", `${sort.column}:${sort.isDescending ? "desc" : "asc"}`);
  for (const filter of order.filters) said.append("filter", JSON.stringify(filter satisfies Filter));
  for (const [name, value] of more) said.append(name, value);
  return said;
}

function path({ sheet, table }: At): string {
  return `api/sheets/${sheet}/tables/${encodeURIComponent(table)}`;
}

export const sheets = {
  rows: async (at: At, order: Order, offset: number, limit: number, signal: AbortSignal): Promise<Page> => {
    const window = query(at, order, [
      ["offset", String(offset)],
      ["limit", String(limit)],
    ]);
    const found = await call<Result>(`${path(at)}/rows?${window}`, { signal });
    return { count: found.row_count, rows: found.rows };
  },
  places: (at: At, order: Order, rows: readonly number[]) =>
    call<Places>(
      `${path(at)}/places?${query(
        at,
        order,
        rows.map((row) => ["row", String(row)]),
      )}`,
    ),
  hits: (at: At, order: Order, text: string) => call<Places>(`${path(at)}/places?${query(at, order, [["find", text]])}`),
  values: (at: At, column: string, text: string) =>
    call<FoundValue[]>(`api/sheets/${at.sheet}/values?${new URLSearchParams({ table: at.table, column, text, limit: "12" })}`),
  edit: (sheet: string, version: string, edits: Edits, reason: string) =>
    call<SheetHead>(`api/sheets/${sheet}/edits`, send("POST", { version, edits, reason })),
  undo: (sheet: string, version: string) => call<SheetHead>(`api/sheets/${sheet}/undo`, send("POST", { version })),
  redo: (sheet: string, version: string) => call<SheetHead>(`api/sheets/${sheet}/redo`, send("POST", { version })),
  history: (sheet: string) => call<Move[]>(`api/sheets/${sheet}/history`),
};
