import { expect, test } from "vitest";
import { citedSaid } from "./pointing";

test("a citation that is selected in part says so, and one that is selected whole says nothing", () => {
  expect(citedSaid(3, 3, 3)).toBe("");
  expect(citedSaid(1000, 1000, 60_221)).toBe("The first 1,000 of 60,221 cited rows are selected.");
  expect(citedSaid(2, 3, 3)).toBe("1 of them is not among the rows shown.");
});
