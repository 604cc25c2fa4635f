/** Calls about a sheet's glossary. */
import { call, send } from "./client";
import type { GlossaryText, Kept } from "./types.gen";

export type Entry = Kept["entry"];

export const glossary = {
  list: (sheet: string) => call<Kept[]>(`api/sheets/${sheet}/glossary`),
  add: (sheet: string, entry: Entry) => call<Kept>(`api/sheets/${sheet}/glossary`, send("POST", { entry })),
  change: (sheet: string, { id, entry }: Kept) => call<Kept>(`api/sheets/${sheet}/glossary/${id}`, send("PUT", { entry })),
  remove: (sheet: string, id: string) => call<object>(`api/sheets/${sheet}/glossary/${id}`, send("DELETE", {})),
  bringIn: (sheet: string, text: GlossaryText) => call<Kept[]>(`api/sheets/${sheet}/glossary/import`, send("POST", text)),
};
