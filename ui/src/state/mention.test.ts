import { expect, test } from "vitest";
import { fitting, mentionAt, type Named, pieces, putIn } from "./mention";

const columns: Named[] = [
  { name: "order_id", label: "Order ID", about: "" },
  { name: "region", label: "Region", about: "" },
  { name: "revenue", label: "Umsatz", about: "" },
];

test("a mention is found where the caret stands in it", () => {
  expect(mentionAt("How much @re", 12)).toEqual({ start: 9, end: 12, text: "re" });
  expect(mentionAt("@", 1)).toEqual({ start: 0, end: 1, text: "" });
  expect(mentionAt("How much @re now", 16)).toBeNull();
  expect(mentionAt("someone@example", 15)).toBeNull();
});

test("columns fit by label or name, those that begin so first", () => {
  expect(fitting(columns, "re").map((one) => one.name)).toEqual(["region", "revenue"]);
  expect(fitting(columns, "id").map((one) => one.name)).toEqual(["order_id"]);
  expect(fitting(columns, "UMS").map((one) => one.name)).toEqual(["revenue"]);
  expect(fitting(columns, "", 2)).toHaveLength(2);
});

test("the name is put in, with one space behind and the caret after that", () => {
  const mention = { start: 9, end: 12, text: "re" };
  expect(putIn("How much @re", mention, "revenue")).toEqual({ question: "How much @revenue ", caret: 18 });
  expect(putIn("How much @re now", mention, "revenue")).toEqual({ question: "How much @revenue now", caret: 18 });
});

test("only columns that are there are shown as names", () => {
  expect(pieces("Sum @revenue of @nobody.", new Set(["revenue"]))).toEqual([
    { text: "Sum ", isName: false },
    { text: "@revenue", isName: true },
    { text: " of ", isName: false },
    { text: "@nobody.", isName: false },
  ]);
});
