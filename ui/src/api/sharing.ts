/** Calls about with whom a sheet is shared, and what a role sees of it. */
import { call, send } from "./client";
import type { NewShare, RulesEntry, RulesWanted, ShareEntry, TableSeen } from "./types.gen";

const of = (sheet: string) => `api/sheets/${sheet}`;

export const sharing = {
  shares: (sheet: string) => call<ShareEntry[]>(`${of(sheet)}/shares`),
  share: (sheet: string, wanted: NewShare) => call<ShareEntry>(`${of(sheet)}/shares`, send("PUT", wanted)),
  revoke: (sheet: string, user: string) => call<null>(`${of(sheet)}/shares/${user}`, send("DELETE", {})),
  rules: (sheet: string) => call<RulesEntry[]>(`${of(sheet)}/rules`),
  preview: (sheet: string, wanted: RulesWanted) => call<TableSeen[]>(`${of(sheet)}/rules/preview`, send("POST", wanted)),
  setRules: (sheet: string, role: RulesEntry["role"], wanted: RulesWanted) =>
    call<TableSeen[]>(`${of(sheet)}/rules/${role}`, send("PUT", wanted)),
  removeRules: (sheet: string, role: RulesEntry["role"]) => call<null>(`${of(sheet)}/rules/${role}`, send("DELETE", {})),
};
