/** Calls of those who look after a workspace or the installation: budgets, the audit log, caches. */
import { call, send } from "./client";
import type { AuditEntry, Budget, BudgetState, CacheStates, ChainState, Cleared, NewBudget } from "./types.gen";
import { inWorkspace } from "./workspace";

/** What is asked of the audit log; what is left out is any. */
export interface AuditAsked {
  readonly action?: string;
  readonly actor?: string;
  readonly subject?: string;
  readonly since?: string;
  readonly until?: string;
}

function asked(path: string, of: AuditAsked, more: Readonly<Record<string, string>> = {}): string {
  const said = Object.entries({ ...of, ...more }).filter(([, value]) => value !== "");
  return inWorkspace(`${path}?${new URLSearchParams(said)}`);
}

export const budgets = {
  list: () => call<BudgetState[]>(inWorkspace("api/budgets")),
  set: (budget: NewBudget) => call<BudgetState>(inWorkspace("api/budgets"), send("PUT", budget)),
  remove: ({ kind, subject }: Budget) =>
    call<null>(inWorkspace(`api/budgets?${new URLSearchParams({ kind, subject })}`), send("DELETE", {})),
};

export const audit = {
  list: (of: AuditAsked, before: number | null) =>
    call<AuditEntry[]>(asked("api/audit", of, { limit: "50", before: before === null ? "" : String(before) })),
  /** Where the entries can be downloaded. */
  exported: (of: AuditAsked) => asked("api/audit/export", of),
  /** Where the whole chain can be downloaded, as administrators may. */
  all: "api/audit/all",
  verify: () => call<ChainState>("api/audit/verify"),
};

export const caches = {
  list: () => call<CacheStates>("api/caches"),
  clear: () => call<Cleared>("api/caches", send("DELETE", {})),
};
