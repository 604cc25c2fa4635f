import { expect, test } from "vitest";
import type { BudgetState, MemberEntry } from "../api/types.gen";
import { limitsOf, shareOf, spentSaid, whoseSaid } from "./budgets";

const limits = { period: "month", tokens: 1000, cost: null, soft: 0.8 } as const;
const STATE: BudgetState = {
  budget: { kind: "user", subject: "u1", limits },
  tokens: 850,
  cost: 3.5,
  unpriced_calls: 0,
  state: "warn",
};
const ADA: MemberEntry = { user_id: "u1", name: "Ada", email: "", role: "owner", is_from_claims: false, is_active: true };

test("a budget is said by whose it is", () => {
  expect(whoseSaid(STATE, [ADA])).toBe("Ada");
  expect(whoseSaid(STATE, [])).toBe("u1");
  expect(whoseSaid({ ...STATE, budget: { ...STATE.budget, kind: "workspace", subject: "" } }, [])).toBe("The whole workspace");
  expect(whoseSaid({ ...STATE, budget: { ...STATE.budget, kind: "job", subject: "j" } }, [])).toBe("The job j");
});

test("what is nearer to its limit says how much is used up", () => {
  expect(shareOf(STATE)).toBe(0.85);
  const both = { ...STATE, budget: { ...STATE.budget, limits: { ...limits, cost: 3.5 } } };
  expect(shareOf(both)).toBe(1);
  expect(shareOf({ ...STATE, budget: { ...STATE.budget, limits: { ...limits, tokens: 0 } } })).toBe(1);
  expect(spentSaid(STATE)).toBe("850 of 1,000 tokens this month");
  expect(spentSaid(both)).toBe("850 of 1,000 tokens, 3.50 of 3.50 this month");
});

test("limits that limit nothing are none", () => {
  expect(limitsOf({ period: "day", tokens: null, cost: undefined, softPercent: 80 })).toBeNull();
  expect(limitsOf({ period: "day", tokens: 5, cost: null, softPercent: 80 })).toEqual({
    period: "day",
    tokens: 5,
    cost: null,
    soft: 0.8,
  });
});
