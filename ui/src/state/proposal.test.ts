import { expect, test } from "vitest";
import type { Change } from "../api/types.gen";
import { changesOf, changeTold, diffsOf, formulasTold, stateOf } from "./proposal";
import { editProposal } from "./samples";

const sample = Array.from({ length: 8 }, (_, row) => ({ row, column: "n", before: row, after: 9 }));
const change: Change = {
  kind: "fill",
  table: "orders",
  columns: ["n"],
  rows: 20,
  cells: 20,
  sample,
  is_complete: false,
  notes: [],
};

test("a change is told with its table and counts", () => {
  expect(changeTold(change, new Map([["orders", "Orders"]]))).toBe("Fill n in Orders · 20 rows · 20 cells");
});

test("cells are shown before and after, and those that are not are counted", () => {
  const { shown, more } = diffsOf(change, 3);
  expect(shown[1]).toEqual({ place: "n, row 1", before: 1, after: 9 });
  expect([shown.length, more]).toEqual([3, 17]);
});

test("what follows from a change is no change of its own", () => {
  const proposal = editProposal("p1");
  const preview = { ...proposal.preview, changes: [change, { ...change, kind: "recalculate" }, { ...change, kind: "stale" }] };
  expect(changesOf({ ...proposal, preview })).toEqual([change]);
});

test("formulas that move are counted by what becomes of them", () => {
  const counts = { recalculated: 2, unchanged: 5, stale: 0, overwritten: 1 };
  expect(formulasTold({ recalculated: [], stale: [], overwritten: [], counts })).toEqual([
    "2 formulas will give another value",
    "1 formula will be replaced by values",
  ]);
});

test("a proposal is open until somebody decides", () => {
  expect(stateOf(undefined)).toBe("open");
});
