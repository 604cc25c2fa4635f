import { expect, test } from "vitest";
import type { RouteState } from "../api/types.gen";
import { current, told } from "./routes";

const well: RouteState = {
  name: "azure",
  kind: "azure",
  model: "gpt-4o",
  is_private: true,
  is_ours: false,
  state: "closed",
  cause: "",
  first_cause: "",
  owner: "",
  fix: "",
  since_s: 0,
  probe_in_s: null,
};
const ill: RouteState = { ...well, name: "litellm", state: "open", cause: "azure.key_wrong", probe_in_s: 3.2 };

test("a question takes the first route that answers", () => {
  expect(current([ill, well])?.name).toBe("azure");
});

test("where none answers the first one is named", () => {
  expect(current([ill])?.name).toBe("litellm");
  expect(current([])).toBeNull();
});

test("an ill route says why and when it is tried again", () => {
  expect(told(ill)).toBe("passed over: azure.key_wrong, tried again in 4 s");
  expect(told({ ...ill, state: "half_open", probe_in_s: null })).toBe("being tried again: azure.key_wrong");
  expect(told(well)).toBe("gets calls");
});
