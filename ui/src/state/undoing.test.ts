import { expect, test } from "vitest";
import type { Change, Move } from "../api/types.gen";
import { column } from "./columns.fixture";
import { stepFrom, stepSaid, stepsKept } from "./undoing";

const TABLES = [{ id: "orders", tab: "Orders", columns: [column("region", "text"), column("revenue", "decimal")] }];

function changed(name: string, before: unknown, after: unknown, cells = 1): Change {
  const sample = [{ row: 2, column: name, before, after }];
  return { kind: "set", table: "orders", columns: [name], rows: cells, cells, sample, is_complete: true, notes: [] };
}

function move(kind: Move["kind"], from_version: string, to_version: string, changes: readonly Change[] = []): Move {
  return { seq: 1, kind, from_version, to_version, reason: "", created_by: "Ada", created_at: "", changes };
}

test("undo takes back what made the head, also where it was undone and done again", () => {
  const made = move("edit", "a", "b", [changed("region", "East", "West")]);
  expect(stepFrom([made], "b", "undo")?.changes).toBe(made.changes);
  expect(stepFrom([move("redo", "a", "b", made.changes), move("undo", "b", "a"), made], "b", "undo")?.changes).toBe(
    made.changes,
  );
  expect(stepFrom([move("undo", "b", "a"), made], "a", "undo")).toBeNull();
});

test("redo makes again what was undone last", () => {
  const moves = [move("undo", "c", "a", [changed("revenue", 1, 2)]), move("edit", "a", "c"), move("undo", "b", "a")];
  expect(stepFrom(moves, "a", "redo")?.changes).toBe(moves[0]?.changes);
  expect(stepFrom(moves, "c", "redo")).toBeNull();
});

test("a step names its cell and the value there, and counts where there are more", () => {
  const step = (how: "undo" | "redo", ...changes: Change[]) => stepSaid({ how, head: "b", by: "Ada", at: "", changes }, TABLES);
  expect(step("undo", changed("region", "East", "West"))).toBe("Region in row 2 is “East” again.");
  expect(step("redo", changed("revenue", null, 12.5))).toBe("Revenue in row 2 is 12.5.");
  expect(step("undo", changed("region", null, "West"))).toBe("Region in row 2 is empty again.");
  expect(step("undo", changed("region", "E", "W", 5), changed("revenue", 1, 2, 5))).toBe(
    "10 cells of Region, Revenue are as before.",
  );
});

test("steps outlive a reload, and nothing else is taken for them", () => {
  expect(stepsKept('["undo b", 7]')).toEqual(["undo b"]);
  for (const text of [null, "{", '{"undo": []}']) expect(stepsKept(text)).toEqual([]);
});
