/** Budgets in words: whose they are, what was spent of them, and what a new one limits. Pure. */
import type { BudgetState, Limits, MemberEntry } from "../api/types.gen";
import { whole } from "../ui/format";

const amount = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** The error of a question that no budget is left for. */
export const EXCEEDED = "budget.exceeded";

export function whoseSaid({ budget }: BudgetState, members: readonly MemberEntry[]): string {
  if (budget.kind === "workspace") return "The whole workspace";
  if (budget.kind === "person" && budget.subject === "") return "Each person, everywhere";
  if (budget.kind === "job") return `The job ${budget.subject}`;
  return members.find((one) => one.user_id === budget.subject)?.name ?? budget.subject;
}

/** How much is used up, from 0; 1 and more is all. */
export function shareOf({ budget: { limits }, tokens, cost }: BudgetState): number {
  const of = (spent: number, limit: number | null) => (limit === null ? 0 : limit === 0 ? 1 : spent / limit);
  return Math.max(of(tokens, limits.tokens), of(cost, limits.cost));
}

export function spentSaid({ budget: { limits }, tokens, cost }: BudgetState): string {
  const parts = [
    limits.tokens === null ? "" : `${whole.format(tokens)} of ${whole.format(limits.tokens)} tokens`,
    limits.cost === null ? "" : `${amount.format(cost)} of ${amount.format(limits.cost)}`,
  ];
  return `${parts.filter((one) => one !== "").join(", ")} this ${limits.period}`;
}

export interface Typed {
  readonly period: Limits["period"];
  readonly tokens: number | null | undefined;
  readonly cost: number | null | undefined;
  readonly softPercent: number;
}

/** The limits that were typed; null where they limit nothing. */
export function limitsOf({ period, tokens, cost, softPercent }: Typed): Limits | null {
  const limits = { period, tokens: tokens ?? null, cost: cost ?? null, soft: softPercent / 100 };
  return limits.tokens === null && limits.cost === null ? null : limits;
}
