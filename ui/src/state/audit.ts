/** The audit log in words. Pure. */
import type { AuditEntry, ChainState, MemberEntry } from "../api/types.gen";
import { count } from "../ui/format";

export function whoSaid({ actor }: AuditEntry, members: readonly MemberEntry[]): string {
  return members.find((one) => one.user_id === actor)?.name ?? (actor || "nobody");
}

/** What an entry tells beside who and what, in a line. */
export function bodySaid(body: unknown): string {
  if (typeof body !== "object" || body === null) return body === null ? "" : String(body);
  return Object.entries(body)
    .filter(([, value]) => value !== null && value !== "" && !(Array.isArray(value) && value.length === 0))
    .map(
      ([name, value]) => `${name.replaceAll("_", " ")}: ${typeof value === "object" ? JSON.stringify(value) : String(value)}`,
    )
    .join(" · ");
}

const HOWS = {
  changed: "was changed",
  removed: "is missing",
  reordered: "stands in another place",
  truncated: "is the last, and more were there",
} as const;

export function chainSaid({ entries, broken }: ChainState): string {
  const whole = `${count(entries, "entry", "entries")} of all workspaces are as they were written`;
  return broken === null ? `${whole}.` : `${whole}; then entry ${broken.seq} ${HOWS[broken.how]}.`;
}

/** The day that was chosen, in the time of whoever chose it, as the moment it begins or the next one does; empty for none. */
export function momentOf(day: string, isEnd: boolean): string {
  if (day === "") return "";
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date + (isEnd ? 1 : 0)).toISOString();
}
