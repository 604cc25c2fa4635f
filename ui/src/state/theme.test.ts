import { expect, test } from "vitest";
import { after, themeOf } from "./theme";

test("what was kept is worn again, anything else is the system's", () => {
  expect([themeOf("dark"), themeOf("light"), themeOf("pink"), themeOf(null)]).toEqual(["dark", "light", "system", "system"]);
});

test("the switch goes round", () => {
  expect(after(after(after("system")))).toBe("system");
  expect(after("system")).toBe("light");
});
