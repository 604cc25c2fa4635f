/** Calls to the server that served this page. Every failure is an ApiError that says what to do. */
import type {
  ChatEntry,
  ChatEvent,
  ErrorBody,
  LiveEvent,
  Result,
  RouteState,
  SheetDetail,
  SheetEntry,
  Status,
  TurnStarted,
} from "./types.gen";

export class ApiError extends Error {
  readonly code: string;
  readonly fix: string;

  constructor(body: Pick<ErrorBody, "code" | "what" | "fix">) {
    super(body.what);
    this.code = body.code;
    this.fix = body.fix;
  }
}

const UNREACHABLE = {
  code: "page.offline",
  what: "The server cannot be reached.",
  fix: "Start it again and reload this page.",
};

async function call<T>(path: string, init?: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new ApiError(UNREACHABLE);
  }
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(errorOf(body));
  return body as T; // the server's own models are what types.gen.ts is written from
}

function errorOf(body: unknown): ErrorBody | typeof UNREACHABLE {
  const holds = typeof body === "object" && body !== null && "error" in body;
  return holds ? (body.error as ErrorBody) : UNREACHABLE;
}

function send(method: string, body: unknown): RequestInit {
  return { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
}

export const api = {
  status: () => call<Status>("api/status"),
  routes: () => call<RouteState[]>("api/routes"),
  sheets: () => call<SheetEntry[]>("api/sheets"),
  sheet: (id: string) => call<SheetDetail>(`api/sheets/${id}`),
  rows: (id: string, table: string, offset: number, limit: number) =>
    call<Result>(`api/sheets/${id}/tables/${encodeURIComponent(table)}/rows?offset=${offset}&limit=${limit}`),
  upload: (file: File) =>
    call<SheetDetail>(`api/sheets?name=${encodeURIComponent(file.name)}`, {
      method: "POST",
      headers: { "Content-Type": "application/octet-stream" },
      body: file,
    }),
  chats: (sheet: string) => call<ChatEntry[]>(`api/chats?sheet_id=${sheet}`),
  startChat: (sheet: string) => call<ChatEntry>("api/chats", send("POST", { sheet_id: sheet })),
  ask: (chat: string, question: string) => call<TurnStarted>(`api/chats/${chat}/questions`, send("POST", { question })),
  stop: (chat: string) => call<object>(`api/chats/${chat}/stop`, send("POST", {})),
};

export type Connection = "open" | "lost" | "ended";

/** Follows a chat; the browser resumes after the last event by itself. Returns what ends it. */
export function follow(
  chat: string,
  onEvent: (event: ChatEvent | LiveEvent) => void,
  onConnection: (state: Connection) => void,
): () => void {
  const source = new EventSource(`api/chats/${chat}/events`);
  source.onopen = () => onConnection("open");
  source.onmessage = (message: MessageEvent<string>) => onEvent(JSON.parse(message.data) as ChatEvent | LiveEvent);
  source.onerror = () => onConnection(source.readyState === EventSource.CLOSED ? "ended" : "lost");
  return () => source.close();
}
