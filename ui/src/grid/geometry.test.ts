import { expect, test } from "vitest";
import { columnAt, columnsIn, columnsOf, MOST_PX, reveal, rowsIn, scaleOf, scrolled, settled, topOf } from "./geometry";

const LONG = scaleOf(1_000_000, 28, 800);
const SHORT = scaleOf(1_000, 28, 800);

test("a long table scrolls in a range that browsers keep precise", () => {
  expect([LONG.total, LONG.height]).toEqual([28_000_000, MOST_PX]);
  expect([SHORT.total, SHORT.height]).toEqual([28_000, 28_000]);
});

test("small movements are as long as they look, in a long table too", () => {
  const start = { top: topOf(LONG, 14_000_000), offset: 14_000_000 };
  expect(scrolled(LONG, start, start.top + 120).offset).toBe(14_000_120);
  expect(scrolled(LONG, start, start.top - 120).offset).toBe(13_999_880);
});

test("the ends of the scroll bar are the ends of the table", () => {
  const start = { top: 0, offset: 0 };
  expect(scrolled(LONG, start, MOST_PX - 800).offset).toBe(28_000_000 - 800);
  expect(scrolled(LONG, { top: MOST_PX - 800, offset: 28_000_000 - 800 }, 0).offset).toBe(0);
  expect(topOf(LONG, 1e12)).toBe(MOST_PX - 800);
});

test("what small movements add up to is made good at rest, at the same rows", () => {
  let now = { top: topOf(LONG, 1_000_000), offset: 1_000_000 };
  for (let step = 0; step < 500; step += 1) now = scrolled(LONG, now, now.top + 100);
  const rest = settled(LONG, now);
  expect(rest.offset).toBe(1_050_000);
  expect(Math.abs(rest.top - topOf(LONG, 1_050_000))).toBeLessThan(1);
});

test("every row can be reached", () => {
  const last = rowsIn(LONG, 28, LONG.total - LONG.view, 0);
  expect(last.last).toBe(999_999);
  expect(rowsIn(SHORT, 28, 0, 4)).toEqual({ first: 0, last: 32 });
  expect(rowsIn(scaleOf(0, 28, 800), 28, 0, 4)).toEqual({ first: 0, last: -1 });
});

test("only columns that are seen are drawn beside those that stay", () => {
  const columns = columnsOf(Array(50).fill(100), 60, 2);
  expect(columnsIn(columns, 0, 500)).toEqual({ first: 2, last: 6 });
  expect(columnsIn(columns, 1000, 500)).toEqual({ first: 12, last: 16 });
  expect(columnsIn(columnsOf([100], 60, 1), 0, 500)).toEqual({ first: 1, last: 0 });
  expect([columnAt(columns, 0), columnAt(columns, 259), columnAt(columns, 260), columnAt(columns, 1e9)]).toEqual([0, 1, 2, 49]);
});

test("a view moves no more than it must", () => {
  expect(reveal(100, 128, 0, 500)).toBe(0);
  expect(reveal(490, 518, 0, 500)).toBe(18);
  expect(reveal(10, 38, 100, 500)).toBe(10);
  expect(reveal(0, 900, 100, 500)).toBe(0);
});
