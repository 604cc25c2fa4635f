/** Calls about chats: the log, questions, proposals, citations, and the list of them. */
import { call, send } from "./client";
import { onBack } from "./live";
import type {
  ChatEntry,
  ChatEvent,
  Citation,
  LiveEvent,
  LoggedEvent,
  NewDecision,
  Queried,
  Selection,
  Standing,
  TurnStarted,
} from "./types.gen";

/** So many rows of a citation are marked wherever they are seen. */
const MOST_ROWS = 100_000;

export const chats = {
  listing: (sheet: string, text = "") => call<ChatEntry[]>(`api/chats?${new URLSearchParams({ sheet_id: sheet, text })}`),
  start: (sheet: string) => call<ChatEntry>("api/chats", send("POST", { sheet_id: sheet })),
  rename: (chat: string, title: string) => call<ChatEntry>(`api/chats/${chat}`, send("PATCH", { title })),
  remove: (chat: string) => call<object>(`api/chats/${chat}`, send("DELETE", {})),
  branch: (chat: string, before: string | null) => call<ChatEntry>(`api/chats/${chat}/branches`, send("POST", { before })),
  log: (chat: string) => call<LoggedEvent[]>(`api/chats/${chat}/log`),
  ask: (chat: string, question: string, selection: Selection | null) =>
    call<TurnStarted>(`api/chats/${chat}/questions`, send("POST", { question, selection, locale: navigator.language })),
  stop: (chat: string) => call<object>(`api/chats/${chat}/stop`, send("POST", {})),
  decide: (chat: string, proposal: string, body: NewDecision) =>
    call<Standing>(`api/chats/${chat}/proposals/${encodeURIComponent(proposal)}/decision`, send("POST", body)),
  cite: (chat: string, handle: string, row: number | null, column: string | null) => {
    const query = new URLSearchParams({ most_rows: String(MOST_ROWS) });
    if (row !== null) query.set("row", String(row));
    if (column !== null) query.set("column", column);
    return call<Citation>(`api/chats/${chat}/citations/${encodeURIComponent(handle)}?${query}`);
  },
  query: (sheet: string, sql: string, version: string, limit: number) =>
    call<Queried>(`api/sheets/${sheet}/query`, send("POST", { sql, version, limit })),
  suggestions: (sheet: string) => call<string[]>(`api/sheets/${sheet}/suggestions`),
  /** Where a chart can be downloaded. */
  chart: (chat: string, name: string, form: "svg" | "png") => `api/chats/${chat}/charts/${name}.${form}`,
};

export type Connection = "open" | "lost" | "ended";

/** Follows a chat behind a number of its log, also once a server that was started again is back. Returns what ends it. */
export function follow(
  chat: string,
  after: number,
  onEvent: (event: ChatEvent | LiveEvent) => void,
  onConnection: (state: Connection) => void,
): () => void {
  let last = String(after);
  const open = () => {
    const opened = new EventSource(`api/chats/${chat}/events?after=${last}`);
    opened.onopen = () => onConnection("open");
    opened.onmessage = (message: MessageEvent<string>) => {
      last = message.lastEventId || last;
      onEvent(JSON.parse(message.data) as ChatEvent | LiveEvent);
    };
    opened.onerror = () => onConnection(opened.readyState === EventSource.CLOSED ? "ended" : "lost");
    return opened;
  };
  let source = open();
  const end = onBack(() => {
    if (source.readyState === EventSource.OPEN) return;
    source.close();
    source = open();
  });
  return () => {
    end();
    source.close();
  };
}
