import { expect, test } from "vitest";
import type { AuditEntry } from "../api/types.gen";
import { bodySaid, chainSaid, momentOf, whoSaid } from "./audit";

const ENTRY: AuditEntry = { seq: 1, at: "", workspace: "w", actor: "u1", action: "", subject: "", body: null, hash: "" };

test("an entry is of somebody by name, where they are known", () => {
  const ada = { user_id: "u1", name: "Ada", email: "", role: "owner", is_from_claims: false, is_active: true } as const;
  expect([whoSaid(ENTRY, [ada]), whoSaid(ENTRY, []), whoSaid({ ...ENTRY, actor: "" }, [])]).toEqual(["Ada", "u1", "nobody"]);
});

test("what an entry tells is one line, without what is empty", () => {
  expect(bodySaid({ rows_seen: 3, sql: "SELECT 1", none: null, also: "", list: [] })).toBe("rows seen: 3 · sql: SELECT 1");
  expect([bodySaid(null), bodySaid("x"), bodySaid({ a: { b: 1 } })]).toEqual(["", "x", 'a: {"b":1}']);
});

test("a chain is whole, or broken at an entry", () => {
  expect(chainSaid({ entries: 2, head: "", broken: null })).toBe("2 entries of all workspaces are as they were written.");
  expect(chainSaid({ entries: 1, head: "", broken: { seq: 2, how: "changed" } })).toContain("entry 2 was changed");
});

test("a day is from its beginning to its end where one is", () => {
  const [first, last] = [momentOf("2026-03-05", false), momentOf("2026-03-05", true)];
  expect(Date.parse(last) - Date.parse(first)).toBe(24 * 3600 * 1000);
  expect(new Date(first).getDate()).toBe(5);
  expect(momentOf("", true)).toBe("");
});
