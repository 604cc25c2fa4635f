import { expect, test } from "vitest";
import { bytes, cell, count, span } from "./format";

test("a small value never reads as zero", () => {
  expect(cell(0.0049)).not.toBe("0");
  expect(cell(-0.001)).not.toMatch(/^-?0$/);
});

test("years and numbers that name something are not grouped", () => {
  expect(cell(2024, "year")).toBe("2024");
  expect(cell(2024, "order_id")).toBe("2024");
  expect(cell(2024, "revenue")).toBe(new Intl.NumberFormat().format(2024));
});

test("nothing is shown for nothing", () => {
  expect(cell(null)).toBe("");
});

test("one row is singular", () => {
  expect(count(1, "row")).toBe("1 row");
  expect(count(2, "row")).toBe("2 rows");
});

test("a span of time is told in the unit that fits", () => {
  expect([span(null), span(0), span(412), span(1503)]).toEqual(["", "0 ms", "412 ms", "1.5 s"]);
});

test("a size is told in the unit that fits", () => {
  expect([bytes(0), bytes(900), bytes(1536), bytes(300 * 2 ** 20)]).toEqual(["0 B", "900 B", "1.5 KB", "300 MB"]);
});
