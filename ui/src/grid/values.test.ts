import { expect, test } from "vitest";
import { habitsOf, type Kind, read } from "./values";

const ENGLISH = habitsOf("en-US");
const GERMAN = habitsOf("de-DE");

function value(text: string, kind: Kind, habits = ENGLISH): unknown {
  const said = read(text, kind, habits);
  return "value" in said ? said.value : said.why;
}

test("numbers are read as they are written here", () => {
  expect(["1,234.5", "$1,200", "12%", "(3.5)", "-7", "1.5e3", "  8 ", "+2"].map((text) => value(text, "decimal"))).toEqual([
    1234.5, 1200, 0.12, -3.5, -7, 1500, 8, 2,
  ]);
  expect(["1.234,5", "1.234", "12,5 €", "1 234,5"].map((text) => value(text, "decimal", GERMAN))).toEqual([
    1234.5, 1234, 12.5, 1234.5,
  ]);
  expect(value("1.25", "decimal", GERMAN)).toBe(1.25);
});

test("what is no number says so, and nothing is guessed", () => {
  for (const text of ["abc", "1,2,3", "12-3x", "1.2.3", "--"]) expect(value(text, "decimal")).toContain("is no number");
  expect(value("2.5", "integer")).toContain("is no whole number");
  expect(value("9007199254740993", "integer")).toBe("9007199254740993");
});

test("days are read with their order here, and only real ones", () => {
  expect(value("2025-02-03", "date")).toBe("2025-02-03");
  expect([value("2/3/2025", "date"), value("2/3/2025", "date", GERMAN)]).toEqual(["2025-02-03", "2025-03-02"]);
  expect([value("3.2.2025", "date"), value("31/12/2025", "date")]).toEqual(["2025-02-03", "2025-12-31"]);
  expect(value("2025-02-30", "date")).toContain("is no date, such as 2025-12-31");
});

test("times and moments have one form", () => {
  expect([value("2:05 pm", "time"), value("14:30", "time"), value("12:00 am", "time")]).toEqual([
    "14:05:00",
    "14:30:00",
    "00:00:00",
  ]);
  expect(value("2025-02-03T10:15", "datetime")).toBe("2025-02-03 10:15:00");
  expect(value("2025-02-03", "datetime")).toBe("2025-02-03 00:00:00");
  expect([value("25:00", "time"), value("13:00 pm", "time")].every((one) => String(one).includes("is no time"))).toBe(true);
});

test("an empty text is an empty cell, in texts nothing is read", () => {
  expect([
    value("", "text"),
    value(" ", "decimal"),
    value(" 1 ", "text"),
    value("Yes", "boolean"),
    value("0", "boolean"),
  ]).toEqual([null, null, " 1 ", true, false]);
});

test("12 in a column of percentages is 12 %, typed or pasted; what says % or is below one stays", () => {
  const said = ["15", "-15", "(15)", "15%", "0.15", "0"].map((text) => read(text, "decimal", ENGLISH, true));
  expect(said.map((one) => ("value" in one ? one.value : one.why))).toEqual([0.15, -0.15, -0.15, 0.15, 0.15, 0]);
});
