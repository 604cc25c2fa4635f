/** What the page says of people: their roles, what these let them do, and why a login failed. Pure. */
import type { Me, Scope, SheetEntry, WorkspaceOfMine } from "../api/types.gen";

export type Role = WorkspaceOfMine["role"];

export const ROLES: readonly (readonly [Role, string, string])[] = [
  ["viewer", "Viewer", "reads and asks"],
  ["editor", "Editor", "also imports, edits and decides"],
  ["owner", "Owner", "also shares, sets rules and names members"],
];

export function roleSaid(role: Role): string {
  return ROLES.find(([one]) => one === role)?.[1] ?? role;
}

export const SCOPES: readonly (readonly [Scope, string])[] = [
  ["read", "read sheets, chats and exports"],
  ["ask", "ask questions, which costs tokens"],
  ["edit", "import, edit and share"],
  ["decide", "decide on what a chat proposes"],
  ["model", "call models through /v1"],
  ["admin", "look after the installation"],
];

/** The scopes that a token of somebody can have. */
export function scopesFor({ is_admin }: Pick<Me, "is_admin">): typeof SCOPES {
  return SCOPES.filter(([scope]) => is_admin || scope !== "admin");
}

type Seen = Pick<SheetEntry, "role" | "is_partial">;

export function mayEdit({ role, is_partial }: Seen): boolean {
  return role !== "viewer" && !is_partial;
}

export function mayShare({ role, is_partial }: Seen, me: Pick<Me, "mode"> | null): boolean {
  return role === "owner" && !is_partial && me !== null && me.mode !== "local";
}

/** What somebody who changes nothing of a sheet is told; empty for who does. */
export function readSaid(seen: Seen): string {
  if (mayEdit(seen)) return "";
  return seen.is_partial ? "You may read a part of this" : "You may read this";
}

/** The workspace that is looked at: the chosen one, if it is one's own, else the first. */
export function here(me: Me | null, chosen: string): WorkspaceOfMine | null {
  return me?.workspaces.find((one) => one.id === chosen) ?? me?.workspaces[0] ?? null;
}

/** Whether somebody may bring workbooks into a workspace. */
export function mayImport(workspace: WorkspaceOfMine | null): boolean {
  return workspace !== null && workspace.role !== "viewer";
}

/** Whether there is something for them on the page of those who look after things. */
export function looksAfter(me: Me | null, workspace: WorkspaceOfMine | null): boolean {
  return me !== null && (me.is_admin || workspace?.role === "owner");
}

/** Up to two letters that stand for somebody. */
export function initials({ name, email }: Pick<Me, "name" | "email">): string {
  const words = (name.trim() || email).split(/\s+/);
  const letters = [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => [...(word ?? "")][0] ?? "");
  return letters.join("").toLocaleUpperCase();
}

export interface Said {
  readonly what: string;
  readonly fix: string;
}

const AGAIN = "Log in again.";
const TELL = "Tell an administrator; the log of the server has the reason.";
const PROBLEMS: Readonly<Record<string, Said>> = {
  "login.provider_unreachable": { what: "The identity provider did not answer.", fix: "Try again in a moment." },
  "login.provider_unsafe": { what: "The identity provider is not set up as it must be.", fix: TELL },
  "login.provider_refused": { what: "The identity provider refused this server.", fix: TELL },
  "login.token_refused": { what: "What the identity provider sent could not be trusted.", fix: TELL },
  "login.key_unknown": { what: "What the identity provider sent could not be trusted.", fix: TELL },
  "login.groups_missing": { what: "The identity provider did not say which groups you are in.", fix: TELL },
  "login.expired": { what: "The login took too long, or another browser came back.", fix: AGAIN },
  "login.mixed_up": { what: "Another identity provider answered than was asked.", fix: AGAIN },
  "login.denied": {
    what: "The login was cancelled or refused at the identity provider.",
    fix: "Try again, or ask who runs it.",
  },
  "login.not_invited": { what: "You are not invited yet.", fix: "Ask an administrator to add you." },
  "login.closed": { what: "Your account is closed.", fix: "Ask an administrator to open it." },
  "login.too_many": { what: "There were too many attempts.", fix: "Wait a minute, then try again." },
};

/** Why a login failed on its way back from the identity provider, of which the page is told no more than a code. */
export function problemSaid(code: string): Said {
  return (
    PROBLEMS[code] ?? {
      what: "The login did not work.",
      fix: `${AGAIN} Should that not help: the log of the server has the reason.`,
    }
  );
}

/** Where a login at the identity provider begins, and comes back to. */
export function beginAt(begin: string, hash: string): string {
  return `${begin.replace(/^\//, "")}?${new URLSearchParams({ next: `/${hash.startsWith("#/login") ? "" : hash}` })}`;
}

/** A link that brings somebody to where a one-time code is taken; what follows the hash is sent to no server. */
export function inviteAddress(page: string, code: string): string {
  return `${page.split("#")[0]}#/login?${new URLSearchParams({ code })}`;
}

const BROWSERS = [
  [/Edg\//, "Edge"],
  [/OPR\//, "Opera"],
  [/Firefox\//, "Firefox"],
  [/Chrome\//, "Chrome"],
  [/Safari\//, "Safari"],
] as const;
const SYSTEMS = [
  [/Windows/, "Windows"],
  [/Android/, "Android"],
  [/iPhone|iPad/, "iOS"],
  [/Mac OS X/, "macOS"],
  [/Linux/, "Linux"],
] as const;

/** What a browser calls itself, in words. */
export function agentSaid(agent: string): string {
  const browser = BROWSERS.find(([sign]) => sign.test(agent))?.[1];
  const system = SYSTEMS.find(([sign]) => sign.test(agent))?.[1];
  if (browser === undefined) return agent.slice(0, 60) || "A browser without a name";
  return system === undefined ? browser : `${browser} on ${system}`;
}
