/** What the page knows of a sheet that others work on too: where its head is, and whether the server can be heard. Pure. */
import type { SheetEvent } from "../api/types.gen";

export interface Live {
  readonly sheet: string;
  /** The id of the last event: from there on the stream goes on after a cut. */
  readonly cursor: string;
  /** The head as it was told last, and the number of its move; empty and -1 before anything was told. */
  readonly version: string;
  readonly seq: number;
  /** Grow with each change of the lists, so that who shows one knows when to read it again. */
  readonly chats: number;
  readonly sheets: number;
  readonly heardAt: number;
  /** Why the sheet is not to be seen any more, or not as it was; nothing is heard after that. */
  readonly ended: Ended | null;
}

export interface Ended {
  readonly code: string;
  readonly what: string;
  readonly fix: string;
}

export type LiveHappening =
  | { readonly kind: "opened"; readonly at: number }
  | { readonly kind: "refused"; readonly why: Ended }
  | { readonly kind: "told"; readonly id: string; readonly event: SheetEvent; readonly at: number };

/** The server says something at least every ten seconds; after so many milliseconds of nothing the line is dead. */
export const SILENT_MS = 25_000;

export function listening(sheet: string, at: number): Live {
  return { sheet, cursor: "", version: "", seq: -1, chats: 0, sheets: 0, heardAt: at, ended: null };
}

export function apply(live: Live, happening: LiveHappening): Live {
  if (happening.kind === "opened") return { ...live, heardAt: happening.at };
  if (happening.kind === "refused") return { ...live, ended: happening.why };
  const { event, id, at } = happening;
  if (event.sheet_id !== live.sheet) return live; // of a sheet that was left
  const heard = { ...live, cursor: id || live.cursor, heardAt: at };
  switch (event.kind) {
    case "head":
      // a move that is known comes twice where a cut fell between its arrival and the next one's
      return event.move !== null && event.seq <= live.seq ? heard : { ...heard, version: event.version, seq: event.seq };
    case "chats":
      return { ...heard, chats: live.chats + 1 };
    case "sheets":
      return { ...heard, sheets: live.sheets + 1 };
    case "job": // kept where jobs are shown
    case "here":
      return heard;
    case "hidden":
      return { ...heard, ended: event };
  }
}

/** Whether the line is dead though nobody said so, as after a sleep. */
export function isSilent(live: Live, at: number): boolean {
  return at - live.heardAt > SILENT_MS;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

/** How long to wait before the next attempt to reach the server. */
export function wait(attempt: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
}
