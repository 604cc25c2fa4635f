import { expect, test } from "vitest";
import { apply, firstOf, type Happening, type Importing, isRunning, keptOf, keyOf, outlook, overall } from "./imports";

const FILE = { key: "a.csv|90|5", name: "a.csv", size: 90 };
const FIRST = { columns: [], rows: [], row_count: 0, truncated: true, handle: "", row_ids: [], warnings: [] };

function after(...happenings: Happening[]): Importing {
  const [one] = happenings.reduce<readonly Importing[]>(apply, []);
  if (one === undefined) throw new Error("nothing there");
  return one;
}

const chosen: Happening = { kind: "chosen", ...FILE };
const progress = (fraction: number, first: typeof FIRST | null = null): Happening => ({
  kind: "told",
  key: FILE.key,
  event: { kind: "progress", phase: "typing", fraction, rows: 7, tab: "", first },
});

test("a file is named by name, size and time of change", () => {
  expect(keyOf({ name: "a.csv", size: 90, lastModified: 5 })).toBe(FILE.key);
});

test("sending is a third of the way, reading the rest", () => {
  expect(overall(after(chosen))).toBe(0);
  expect(overall(after(chosen, { kind: "sent", key: FILE.key, sent: 45 }))).toBeCloseTo(1 / 6);
  expect(overall(after(chosen, progress(0.5)))).toBeCloseTo(2 / 3);
});

test("a cut keeps what was sent, and goes on", () => {
  const cut = after(chosen, { kind: "sent", key: FILE.key, sent: 30 }, { kind: "cut", key: FILE.key });
  expect([cut.state, cut.sent, isRunning(cut)]).toEqual(["waiting", 30, true]);
});

test("the first rows stay while the rest is read", () => {
  expect(after(chosen, progress(0.1, FIRST), progress(0.6)).first).toBe(FIRST);
});

test("the outcome is a sheet, a reason, or nothing", () => {
  const imported: Happening = {
    kind: "told",
    key: FILE.key,
    event: { kind: "imported", sheet_id: "sheet_1", version: "v" },
  };
  expect([after(chosen, imported).state, after(chosen, imported).sheet]).toEqual(["done", "sheet_1"]);
  const failed: Happening = {
    kind: "told",
    key: FILE.key,
    event: { kind: "failed", code: "file.empty", what: "It is empty.", fix: "" },
  };
  expect(after(chosen, failed).problem?.code).toBe("file.empty");
  expect(after(chosen, { kind: "told", key: FILE.key, event: { kind: "cancelled" } }).state).toBe("cancelled");
});

test("of files that came together the first that could be read is opened, and no other before it is known", () => {
  const keys = ["a", "b", "c"];
  const chose = keys.map((key): Happening => ({ kind: "chosen", key, name: key, size: 1 }));
  const became = (key: string): Happening => ({
    kind: "told",
    key,
    event: { kind: "imported", sheet_id: `sheet ${key}`, version: "v" },
  });
  const now = (...more: Happening[]) => firstOf([...chose, ...more].reduce<readonly Importing[]>(apply, []), keys);
  expect(now(became("b"))).toBe("");
  expect(now(became("b"), became("a"))).toBe("sheet a");
  expect(now(became("b"), { kind: "cancelled", key: "a" })).toBe("sheet b");
  expect(now({ kind: "cancelled", key: "a" }, { kind: "removed", key: "a" }, became("c"))).toBe("");
});

test("an upload of an earlier page waits for its file, and choosing it takes its place", () => {
  const found: Happening = { kind: "found", ...FILE, sent: 30 };
  expect([after(found).state, after(found).sent]).toEqual(["paused", 30]);
  expect(after(found, chosen).state).toBe("queued");
});

test("what is removed is gone, others stay", () => {
  const two = [chosen, { ...chosen, key: "b" }].reduce<readonly Importing[]>(apply, []);
  expect(apply(two, { kind: "removed", key: "b" }).map((one) => one.key)).toEqual([FILE.key]);
});

test("only what this page wrote is read back", () => {
  const kept = { ...FILE, upload: "upload_1", workspace: "w" };
  expect(keptOf(JSON.stringify([kept, 3, { key: 1 }]))).toEqual([kept]);
  expect(keptOf(JSON.stringify([{ ...FILE, upload: "upload_1" }]))).toEqual([{ ...kept, workspace: "" }]);
  expect([keptOf("nonsense"), keptOf(null), keptOf("{}")]).toEqual([[], [], []]);
});

test("what stands in the place of the first rows says how the files fared", () => {
  const key = FILE.key;
  const imported: Happening = { kind: "told", key, event: { kind: "imported", sheet_id: "sheet_1", version: "v1" } };
  expect(outlook([after(chosen)])).toBe("The first rows are shown here as soon as they are read.");
  expect(outlook([after(chosen, imported)])).toBe("All that could be read is read. Open a workbook from the list.");
  expect(outlook([after(chosen, { kind: "cancelled", key })])).toBe("Nothing was read.");
});
