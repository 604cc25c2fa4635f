import { expect, test } from "vitest";
import type { SheetEvent } from "../api/types.gen";
import { apply, isSilent, type Live, listening, wait } from "./live";

const START = listening("s", 0);

function head(seq: number, move: "edit" | null = "edit"): SheetEvent {
  return { kind: "head", sheet_id: "s", version: `v${seq}`, seq, move };
}

function told(live: Live, event: SheetEvent, id = "", at = 1): Live {
  return apply(live, { kind: "told", id, event, at });
}

test("the head is where it was told last", () => {
  const live = told(told(START, head(0, null), "0-a-b"), head(1), "1-a-b");
  expect([live.version, live.seq, live.cursor]).toEqual(["v1", 1, "1-a-b"]);
});

test("a move that comes twice counts once", () => {
  const live = told(told(told(START, head(1)), head(2)), head(1));
  expect([live.version, live.seq]).toEqual(["v2", 2]);
});

test("after a gap the head is taken as it stands, also an earlier one", () => {
  expect(told(told(START, head(9)), head(3, null)).version).toBe("v3");
});

test("lists that changed are counted", () => {
  const live = told(told(START, { kind: "chats", sheet_id: "s", version: "v" }), {
    kind: "sheets",
    sheet_id: "s",
    version: "v",
  });
  expect([live.chats, live.sheets]).toEqual([1, 1]);
});

test("events of a sheet that was left are not heard", () => {
  expect(told(START, { kind: "chats", sheet_id: "another", version: "v" })).toBe(START);
});

test("a sheet that is hidden ends, and says why", () => {
  const hidden = { kind: "hidden", sheet_id: "s", version: "", code: "access.denied", what: "it ended.", fix: "ask." } as const;
  expect(told(START, hidden, "", 9)).toMatchObject({ heardAt: 9, version: "", ended: { what: "it ended." } });
  const why = { code: "sheet.not_found", what: "gone.", fix: "" };
  expect(apply(START, { kind: "refused", why }).ended).toBe(why);
});

test("a line is dead after some silence, and any word wakes it", () => {
  const live = told(START, { kind: "here", sheet_id: "s", version: "v" }, "", 30_000);
  expect([isSilent(START, 25_001), isSilent(live, 50_000)]).toEqual([true, false]);
  expect(live.cursor).toBe("");
  expect(isSilent(apply(live, { kind: "opened", at: 60_000 }), 80_000)).toBe(false);
});

test("attempts wait longer each, up to a bound", () => {
  expect([0, 1, 2, 9].map(wait)).toEqual([500, 1000, 2000, 10_000]);
});
