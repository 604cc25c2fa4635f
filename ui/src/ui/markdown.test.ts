import { expect, test } from "vitest";
import { mark, render } from "./markdown";

const found = { start: 3, end: 5, handle: "r1" };

test("a number is marked at its place, counted in characters", () => {
  expect(mark("🙂: 42 rows", [{ ...found, start: 3, end: 5 }])).toBe("🙂: \uE0000\uE00142\uE002 rows");
});

test("a one-digit number is marked whole", () => {
  expect(mark("7", [{ ...found, start: 0, end: 1 }])).toBe("\uE0000\uE0017\uE002");
});

test("marks in the model's own text are taken out", () => {
  expect(mark("\uE0000\uE0019\uE002", [])).toBe(" 0 9 ");
});

test("signs that models write by name are read, others stay as they are written", () => {
  expect(render("5&nbsp;% &le; x &amp; &#8364; &copysr; &constructor;")).toBe(
    "<p>5\u00a0% ≤ x &amp; € &amp;copysr; &amp;constructor;</p>\n",
  );
});
