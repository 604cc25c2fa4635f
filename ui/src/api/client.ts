/** Calls to the server that served this page. Every failure is an ApiError that says what to do. */
import { messages } from "./messages";
import type {
  About,
  ConflictCell,
  DoctorEvent,
  EditConflictBody,
  ErrorBody,
  ExaminationEntry,
  Examined,
  LatestReport,
  NewCorrection,
  Report,
  RouteState,
  Rung,
  SheetDetail,
  SheetEntry,
  SheetHead,
  Status,
} from "./types.gen";
import { inWorkspace } from "./workspace";

export class ApiError extends Error {
  readonly code: string;
  readonly fix: string;
  /** The cells that an edit met the changes of others in. */
  readonly cells: readonly ConflictCell[];

  constructor(body: Pick<ErrorBody, "code" | "what" | "fix"> & Partial<Pick<EditConflictBody, "cells">>) {
    super(body.what);
    this.code = body.code;
    this.fix = body.fix;
    this.cells = body.cells ?? [];
  }
}

export const UNREACHABLE = {
  code: "page.offline",
  what: "The server cannot be reached.",
  fix: "Start it again; this page goes on by itself.",
};

/** Nobody is logged in, or not any more. */
export const LOGIN_NEEDED = "login.needed";
const GONE: readonly string[] = [UNREACHABLE.code, "request.token_missing", LOGIN_NEEDED];

/** Whether the server could not be asked: it is away, was started again and knows the page's cookie no more, or wants a login first. */
export function isGone(error: unknown): boolean {
  return error instanceof ApiError && GONE.includes(error.code);
}

let onLogin = () => {};

/** Calls back whenever a call was refused because nobody is logged in. */
export function whenLoginIsNeeded(callback: () => void): void {
  onLogin = callback;
}

export async function call<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await reach(path, init);
  return (await response.json().catch(() => null)) as T; // the server's own models are what types.gen.ts is written from
}

export async function reach(path: string, init?: RequestInit): Promise<Response> {
  const response = await fetch(path, init).catch(() => {
    throw new ApiError(UNREACHABLE);
  });
  if (response.ok) return response;
  const error = new ApiError(errorOf(await response.json().catch(() => null)));
  if (error.code === LOGIN_NEEDED) onLogin();
  throw error;
}

function errorOf(body: unknown): ErrorBody | typeof UNREACHABLE {
  const holds = typeof body === "object" && body !== null && "error" in body;
  return holds ? (body.error as ErrorBody) : UNREACHABLE;
}

export function send(method: string, body: unknown): RequestInit {
  return { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
}

export const api = {
  status: () => call<Status>("api/status"),
  about: () => call<About>("api/about"),
  routes: () => call<RouteState[]>("api/routes"),
  sheets: () => call<SheetEntry[]>(inWorkspace("api/sheets")),
  sheet: (id: string) => call<SheetDetail>(`api/sheets/${id}`),
  correct: (id: string, said: NewCorrection) => call<SheetDetail>(`api/sheets/${id}/corrections`, send("PUT", said)),
  undo: (id: string, version: string) => call<SheetHead>(`api/sheets/${id}/undo`, send("POST", { version })),
  doctor: () => call<LatestReport>("api/doctor"),
  examination: (id: string) => call<Report>(`api/doctor/${encodeURIComponent(id)}`),
  examinations: () => call<ExaminationEntry[]>("api/doctor/history"),
};

const CUT = {
  code: "page.cut",
  what: "The examination was cut off: the server went away.",
  fix: "See that it runs, then examine again.",
};

/** Has the server examine every way to the model; tells each rung as it comes. */
export async function examine(onRung: (path: string, rung: Rung) => void): Promise<Examined> {
  const response = await reach("api/doctor", send("POST", {}));
  for await (const message of messages(response.body)) {
    const said = JSON.parse(message) as DoctorEvent;
    if ("report" in said) return said;
    if ("error" in said) throw new ApiError(said.error);
    onRung(said.path, said.rung);
  }
  throw new ApiError(CUT);
}
