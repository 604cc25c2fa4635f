import { expect, test } from "vitest";
import { colour } from "./sql";

function kinds(sql: string): string[] {
  return colour(sql)
    .filter((piece) => piece.text.trim() !== "" && piece.kind !== "plain")
    .map((piece) => `${piece.kind} ${piece.text}`);
}

test("words, texts, numbers, names and remarks are told apart", () => {
  expect(kinds("SELECT sum(\"my n\"), 1.5 FROM t WHERE a = 'it''s' -- why")).toEqual([
    "keyword SELECT",
    "function sum",
    'name "my n"',
    "number 1.5",
    "keyword FROM",
    "keyword WHERE",
    "string 'it''s'",
    "comment -- why",
  ]);
});

test.each(["", "SELECT 'open", "/* open", '"open', "wörter_1 § {}\n\t", "a--b\nc"])("%j comes out as it went in", (sql) => {
  const joined = colour(sql).map((piece) => piece.text);
  expect(joined.join("")).toBe(sql);
});
