import { expect, test } from "vitest";
import { parse, repeated, toHtml, toTsv } from "./clipboard";

test("cells go out and come back as they were, whatever is in them", () => {
  const cells = [
    ["plain", 'a "quote"', ""],
    ["tab\there", "line\nend", '"'],
  ];
  expect(parse(toTsv(cells))).toEqual(cells);
});

test("what Excel writes is read: its line ends, its last one, its quotes", () => {
  expect(parse('1\t2\r\n"two\nlines"\t"say ""hi"""\r\n')).toEqual([
    ["1", "2"],
    ["two\nlines", 'say "hi"'],
  ]);
  expect(parse("a\t\n\tb\n")).toEqual([
    ["a", ""],
    ["", "b"],
  ]);
  expect(parse("")).toEqual([]);
  expect(parse("\n")).toEqual([[""]]);
});

test("a text that only begins with a quote is no quoted cell", () => {
  expect(parse('"open\tb')).toEqual([['"open', "b"]]);
  expect(parse('"a" b\tc')).toEqual([['"a" b', "c"]]);
});

test("hostile cells are text in the HTML too", () => {
  expect(toHtml([["<img src=x onerror=alert(1)>", "a&b"]])).toBe(
    "<table><tr><td>&lt;img src=x onerror=alert(1)&gt;</td><td>a&amp;b</td></tr></table>",
  );
});

test("a copy fills a selection that is a multiple of it", () => {
  expect(repeated([["x"]], 2, 2)).toEqual([
    ["x", "x"],
    ["x", "x"],
  ]);
  expect(repeated([["a", "b"]], 2, 3)).toEqual([
    ["a", "b"],
    ["a", "b"],
  ]);
  expect(repeated([["a"], ["b"]], 3, 1)).toEqual([["a"], ["b"]]);
});
