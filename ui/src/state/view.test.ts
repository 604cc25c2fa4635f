import { expect, test } from "vitest";
import { sheetAddress, viewOf } from "./view";

test("an empty or unknown address shows the chat", () => {
  for (const hash of ["", "#", "#/", "#/elsewhere"]) expect(viewOf(hash)).toEqual({ name: "chat", sheet: null });
});

test("the routes have an address, and each examination one below it", () => {
  expect(viewOf("#/routes")).toEqual({ name: "routes", examination: null });
  expect(viewOf("#/routes/")).toEqual({ name: "routes", examination: null });
  expect(viewOf("#/routes/2026-11-22%20a")).toEqual({ name: "routes", examination: "2026-11-22 a" });
});

test("the settings have an address", () => {
  expect(viewOf("#/settings")).toEqual({ name: "settings" });
});

test("each workbook has an address", () => {
  expect(viewOf(sheetAddress("sheet_1"))).toEqual({ name: "chat", sheet: "sheet_1" });
  expect(viewOf("#/sheet/")).toEqual({ name: "chat", sheet: null });
});

test("a login has an address that says what went wrong, or brings a code", () => {
  expect(viewOf("#/login?problem=login.expired")).toEqual({ name: "login", problem: "login.expired", code: "" });
  expect(viewOf("#/login?code=ab-cd")).toEqual({ name: "login", problem: "", code: "ab-cd" });
  expect(viewOf("#/admin")).toEqual({ name: "admin" });
});
