import { expect, test } from "vitest";
import type { Change, Fill } from "../api/types.gen";
import { changesOf, changeTold, conflictPlace, diffsOf, formulasTold, stateOf, termsOf } from "./proposal";
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

const NAMES = new Map([
  ["orders", "Orders"],
  ["orders.n", "Number"],
]);

test("a change is told with its table and counts, by the names of the sheet", () => {
  expect(changeTold(change, NAMES)).toBe("Fill Number in Orders · 20 rows · 20 cells");
  expect(changeTold(change, new Map())).toBe("Fill n in orders · 20 rows · 20 cells");
  const at = {
    table: "orders",
    column: "n",
    row: 3,
    was: 1,
    theirs: 2,
    yours: 4,
    kind: "changed",
    by: "local",
    at: null,
  } as const;
  expect(conflictPlace(at, NAMES)).toBe("Orders Number, row 3");
});

test("a change is told with what it takes and for which rows", () => {
  const none = { rows: null, where: "", value: null, expression: "", formula: "", is_formula: false };
  const fill = { ...none, kind: "fill", table: "orders", column: "n" } as const;
  const told = (more: Partial<Fill>) => {
    const proposal = editProposal("p1", { edits: [{ ...fill, ...more }] });
    return termsOf({ ...proposal, preview: { ...proposal.preview, changes: [change] } }, change);
  };
  expect(told({ where: "n > 1", expression: "n * 2" })).toEqual([
    { says: "with", code: "n * 2" },
    { says: "where", code: "n > 1" },
  ]);
  expect(told({ formula: "=B2*2", rows: [2] })).toEqual([{ says: "with", code: "=B2*2" }]);
  expect(termsOf(editProposal("p1", { edits: [fill] }), change)).toEqual([]);
});

test("cells are shown before and after, and those that are not are counted", () => {
  const { shown, more } = diffsOf(change, 3, NAMES);
  expect(shown[1]).toEqual({ place: "Number, row 1", before: 1, after: 9, isNumber: true });
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
