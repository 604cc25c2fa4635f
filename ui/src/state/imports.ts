/** Files on their way in: sent in parts, read by the server, done. Pure; api/importing.ts does what this says. */
import type { ImportEvent, Result } from "../api/types.gen";

export interface Problem {
  readonly code: string;
  readonly what: string;
  readonly fix: string;
}

export type ImportState =
  | "queued"
  | "sending"
  /** The network is gone; it goes on by itself. */
  | "waiting"
  /** Begun before this page was loaded: it goes on once the same file is chosen again. */
  | "paused"
  | "reading"
  | "done"
  | "failed"
  | "cancelled";

export interface Importing {
  /** What names a file: its name, size and time of change. */
  readonly key: string;
  readonly name: string;
  readonly size: number;
  readonly state: ImportState;
  readonly sent: number;
  readonly fraction: number;
  readonly says: string;
  readonly rows: number;
  readonly first: Result | null;
  readonly sheet: string;
  readonly problem: Problem | null;
}

export type Happening =
  | { readonly kind: "chosen"; readonly key: string; readonly name: string; readonly size: number }
  | { readonly kind: "found"; readonly key: string; readonly name: string; readonly size: number; readonly sent: number }
  | { readonly kind: "sent"; readonly key: string; readonly sent: number }
  | { readonly kind: "cut"; readonly key: string }
  | { readonly kind: "told"; readonly key: string; readonly event: ImportEvent }
  | { readonly kind: "failed"; readonly key: string; readonly problem: Problem }
  | { readonly kind: "cancelled"; readonly key: string }
  | { readonly kind: "removed"; readonly key: string };

/** Sending is the first third of the bar; a server on this machine reads for longer than it receives. */
const SENT_SHARE = 1 / 3;

export function keyOf(file: Pick<File, "name" | "size" | "lastModified">): string {
  return `${file.name}|${file.size}|${file.lastModified}`;
}

export function isRunning(one: Importing): boolean {
  return one.state === "queued" || one.state === "sending" || one.state === "waiting" || one.state === "reading";
}

/** Which sheet to open of files that came together: that of the first that could be read, once that is known; else none. */
export function firstOf(all: readonly Importing[], keys: readonly string[]): string {
  const states = keys.flatMap((key) => all.find((one) => one.key === key) ?? []);
  const first = states.find((one) => one.state !== "failed" && one.state !== "cancelled");
  return first?.state === "done" ? first.sheet : "";
}

/** What is to be said where the first rows would stand, while there are none. */
export function outlook(all: readonly Importing[]): string {
  if (all.some(isRunning)) return "The first rows are shown here as soon as they are read.";
  return all.some((one) => one.state === "done")
    ? "All that could be read is read. Open a workbook from the list."
    : "Nothing was read.";
}

/** How far a file is in all, between 0 and 1. */
export function overall(one: Importing): number {
  if (one.state === "done") return 1;
  const sent = one.size === 0 ? 0 : one.sent / one.size;
  return sent * SENT_SHARE + one.fraction * (1 - SENT_SHARE);
}

export function apply(all: readonly Importing[], happening: Happening): readonly Importing[] {
  const { key } = happening;
  if (happening.kind === "removed") return all.filter((one) => one.key !== key);
  if (happening.kind === "chosen" || happening.kind === "found") {
    const { name, size } = happening;
    const state = happening.kind === "chosen" ? ("queued" as const) : ("paused" as const);
    const sent = happening.kind === "found" ? happening.sent : 0;
    const added = { key, name, size, state, sent, fraction: 0, says: "", rows: 0, first: null, sheet: "", problem: null };
    return [...all.filter((one) => one.key !== key), added];
  }
  return all.map((one) => (one.key === key ? changed(one, happening) : one));
}

function changed(one: Importing, happening: Happening): Importing {
  switch (happening.kind) {
    case "sent":
      return { ...one, state: "sending", sent: happening.sent, problem: null };
    case "cut":
      return { ...one, state: "waiting" };
    case "failed":
      return { ...one, state: "failed", problem: happening.problem };
    case "cancelled":
      return { ...one, state: "cancelled" };
    case "told":
      return told(one, happening.event);
    default:
      return one;
  }
}

function told(one: Importing, event: ImportEvent): Importing {
  switch (event.kind) {
    case "progress": {
      const { phase: says, fraction, rows, first } = event;
      return { ...one, state: "reading", sent: one.size, says, fraction, rows, first: first ?? one.first };
    }
    case "imported":
      return { ...one, state: "done", fraction: 1, sheet: event.sheet_id };
    case "failed":
      return { ...one, state: "failed", problem: event };
    case "cancelled":
      return { ...one, state: "cancelled" };
  }
}

/** An upload that was begun, as this browser keeps it so that a reload loses nothing. */
export interface Kept {
  readonly key: string;
  readonly name: string;
  readonly size: number;
  readonly upload: string;
  /** Where it goes; empty for the first of one's own. */
  readonly workspace: string;
}

export function keptOf(text: string | null): readonly Kept[] {
  try {
    const kept: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(kept) ? kept.flatMap(keptFrom) : [];
  } catch {
    return []; // somebody else's text
  }
}

function keptFrom(one: unknown): readonly Kept[] {
  if (typeof one !== "object" || one === null) return [];
  const { key, name, size, upload, workspace } = one as Partial<Record<keyof Kept, unknown>>;
  if (typeof key !== "string" || typeof name !== "string" || typeof size !== "number" || typeof upload !== "string") return [];
  return [{ key, name, size, upload, workspace: typeof workspace === "string" ? workspace : "" }];
}
