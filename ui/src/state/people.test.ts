import { expect, test } from "vitest";
import type { Me } from "../api/types.gen";
import {
  agentSaid,
  beginAt,
  here,
  initials,
  inviteAddress,
  looksAfter,
  mayEdit,
  mayImport,
  mayShare,
  problemSaid,
  readSaid,
  roleSaid,
  scopesFor,
} from "./people";

const MINE = { id: "w1", name: "Ada", role: "owner" } as const;
const THEIRS = { id: "w2", name: "Everyone's", role: "viewer" } as const;
const ME: Me = { mode: "password", id: "u", name: "Ada Byron", email: "a@b", is_admin: false, workspaces: [MINE, THEIRS] };

test("viewers, and those who see a part, change nothing and are told so", () => {
  expect(readSaid({ role: "viewer", is_partial: false })).toBe("You may read this");
  expect(readSaid({ role: "editor", is_partial: true })).toBe("You may read a part of this");
  expect(readSaid({ role: "editor", is_partial: false })).toBe("");
  expect(mayEdit({ role: "owner", is_partial: false })).toBe(true);
});

test("owners share where people log in", () => {
  const own = { role: "owner", is_partial: false } as const;
  expect([mayShare(own, ME), mayShare(own, { mode: "local" }), mayShare(own, null)]).toEqual([true, false, false]);
  expect(mayShare({ role: "editor", is_partial: false }, ME)).toBe(false);
});

test("the workspace is the chosen one as long as it is one's own", () => {
  expect(here(ME, "w2")).toBe(THEIRS);
  expect(here(ME, "gone")).toBe(MINE);
  expect(here(null, "w2")).toBeNull();
  expect([mayImport(MINE), mayImport(THEIRS), mayImport(null)]).toEqual([true, false, false]);
  expect([looksAfter(ME, MINE), looksAfter(ME, THEIRS), looksAfter({ ...ME, is_admin: true }, THEIRS)]).toEqual([
    true,
    false,
    true,
  ]);
});

test("only administrators make tokens that administer", () => {
  expect(scopesFor(ME).map(([scope]) => scope)).not.toContain("admin");
  expect(scopesFor({ is_admin: true }).map(([scope]) => scope)).toContain("admin");
});

test("people, roles and browsers are called as people call them", () => {
  expect([initials(ME), initials({ name: "", email: "bob@x" }), initials({ name: "Ada", email: "" })]).toEqual([
    "AB",
    "B",
    "A",
  ]);
  expect(roleSaid("editor")).toBe("Editor");
  expect(agentSaid("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/140 Safari/537 Edg/140")).toBe("Edge on Windows");
  expect(agentSaid("Mozilla/5.0 (X11; Linux x86_64) Chrome/140 Safari/537")).toBe("Chrome on Linux");
  expect([agentSaid("curl/8"), agentSaid("")]).toEqual(["curl/8", "A browser without a name"]);
});

test("a problem of a login is said by its code, also one that is not known", () => {
  expect(problemSaid("login.not_invited").fix).toContain("administrator");
  expect(problemSaid("login.else").what).toBe("The login did not work.");
});

test("a login comes back to where one was, and never to itself", () => {
  expect(beginAt("/login/oidc", "#/sheet/a b")).toBe("login/oidc?next=%2F%23%2Fsheet%2Fa+b");
  expect(beginAt("/login/oidc", "#/login?problem=x")).toBe("login/oidc?next=%2F");
});

test("an invitation is a link whose code no server is sent", () => {
  expect(inviteAddress("https://s.example/#/admin", "ab-cd")).toBe("https://s.example/#/login?code=ab-cd");
});
