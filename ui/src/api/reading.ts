/** A tab's first cells, as the imported file has them. */
import { call } from "./client";
import type { RawCells } from "./types.gen";

export function rawCells(sheet: string, tab: string, top: number, left: number): Promise<RawCells> {
  return call<RawCells>(`api/sheets/${sheet}/cells?tab=${encodeURIComponent(tab)}&top=${top}&left=${left}`);
}
