/** Brings files in: sends them in parts, goes on after a cut or a reload, follows the server's reading, cancels. */
import { type Happening, type Kept, keptOf, keyOf } from "../state/imports";
import { wait } from "../state/live";
import { ApiError, call, LOGIN_NEEDED, send, UNREACHABLE } from "./client";
import { renewed } from "./live";
import type { ImportEvent, ImportStarted, Upload } from "./types.gen";
import { chosenWorkspace, inWorkspace } from "./workspace";

const PART_BYTES = 4 * 2 ** 20;
const AT_ONCE = 2;
const KEPT = "chatsheet.uploads";
/** The server is gone, or was started again since this page got its cookie. */
const CUTS: readonly string[] = [
  UNREACHABLE.code,
  "request.token_missing",
  LOGIN_NEEDED,
  "upload.too_many",
  "upload.misplaced",
];
const UNREADABLE = {
  code: "file.changed",
  what: "The file cannot be read any more.",
  fix: "It was moved or changed meanwhile: choose it again.",
};

interface Run {
  readonly stop: AbortController;
  upload: string;
  /** Whether every byte is there: then the upload may be gone, taken by its import. */
  isSent: boolean;
  reading: string;
  /** Where it goes, whichever is looked at meanwhile. */
  workspace: string;
}

export class Importer {
  readonly #dispatch: (happening: Happening) => void;
  readonly #onDone: (key: string, sheet: string) => void;
  readonly #runs = new Map<string, Run>();
  readonly #waiting: (() => void)[] = [];
  #busy = 0;

  constructor(dispatch: (happening: Happening) => void, onDone: (key: string, sheet: string) => void) {
    this.#dispatch = dispatch;
    this.#onDone = onDone;
  }

  /** Brings a file in, unless that is being done; one whose upload was begun earlier goes on from there. */
  start(file: File): void {
    const key = keyOf(file);
    if (this.#runs.has(key)) return;
    this.#dispatch({ kind: "chosen", key, name: file.name, size: file.size });
    void this.#work(key, (run) => this.#send(key, file, run));
  }

  /** Finds uploads that an earlier page began: those that are all there are read, others wait for their file. */
  async restore(): Promise<void> {
    for (const { key, name, size, upload, workspace } of kept()) {
      const sent = await offset(upload, workspace).catch(() => 0);
      if (this.#runs.has(key)) continue;
      if (sent === null) {
        forget(key);
        continue;
      }
      this.#dispatch({ kind: "found", key, name, size, sent });
      if (sent === size) void this.#work(key, () => Promise.resolve(upload));
    }
  }

  /** Stops a file where it is, and takes away what the server has of it. */
  async cancel(key: string): Promise<void> {
    const run = this.#runs.get(key);
    const before = kept().find((one) => one.key === key);
    const upload = run?.upload || before?.upload;
    run?.stop.abort();
    forget(key);
    this.#dispatch({ kind: "cancelled", key });
    const workspace = run?.workspace ?? before?.workspace;
    const path = run?.reading ? `api/imports/${run.reading}` : upload ? `api/uploads/${upload}` : null;
    if (path !== null) await call(inWorkspace(path, workspace), send("DELETE", {})).catch(() => undefined); // gone anyway, or expires in a day
  }

  async #work(key: string, sending: (run: Run) => Promise<string>): Promise<void> {
    const workspace = kept().find((one) => one.key === key)?.workspace ?? chosenWorkspace();
    const run: Run = { stop: new AbortController(), upload: "", isSent: false, reading: "", workspace };
    this.#runs.set(key, run);
    await this.#turn();
    try {
      await this.#persist(key, run, sending);
    } finally {
      this.#runs.delete(key);
      this.#busy -= 1;
      this.#waiting.shift()?.();
    }
  }

  /** Waits until fewer files than may be are under way. */
  async #turn(): Promise<void> {
    if (this.#busy >= AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#busy += 1;
  }

  async #persist(key: string, run: Run, sending: (run: Run) => Promise<string>): Promise<void> {
    for (let attempt = 0; !run.stop.signal.aborted; attempt += 1) {
      const before = run.upload;
      try {
        run.upload = run.isSent ? run.upload : await sending(run);
        run.isSent = true;
        const event = await this.#read(key, run);
        forget(key);
        if (event.kind === "imported") this.#onDone(key, event.sheet_id);
        return;
      } catch (error) {
        if (run.stop.signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        if (error.code === "upload.not_found") {
          run.isSent = false; // taken or expired: from the beginning, which finds what is known by its content
          forget(key);
        } else if (CUTS.includes(error.code)) {
          this.#dispatch({ kind: "cut", key });
        } else {
          forget(key);
          this.#dispatch({ kind: "failed", key, problem: { code: error.code, what: error.message, fix: error.fix } });
          return;
        }
        await pause(wait(before === run.upload ? attempt : 0), run.stop.signal);
        await renewed();
      }
    }
  }

  /** Sends what is not there yet, and returns the upload's id. */
  async #send(key: string, file: File, run: Run): Promise<string> {
    const known = kept().find((one) => one.key === key)?.upload ?? "";
    const { workspace } = run;
    let sent = known === "" ? null : await offset(known, workspace);
    let upload = known;
    if (sent === null) {
      upload = (await call<Upload>(inWorkspace("api/uploads", workspace), send("POST", { name: file.name, size: file.size })))
        .id;
      keep({ key, name: file.name, size: file.size, upload, workspace });
      sent = 0;
    }
    run.upload = upload;
    this.#dispatch({ kind: "sent", key, sent });
    while (sent < file.size) {
      const from: number = sent;
      const part = await file
        .slice(from, from + PART_BYTES)
        .arrayBuffer()
        .catch(() => {
          throw new ApiError(UNREADABLE);
        });
      const headers = { "Content-Type": "application/octet-stream", "Upload-Offset": String(from) };
      const { signal } = run.stop;
      const path = inWorkspace(`api/uploads/${upload}`, workspace);
      ({ offset: sent } = await call<Upload>(path, { method: "PATCH", headers, body: part, signal }));
      this.#dispatch({ kind: "sent", key, sent });
    }
    return upload;
  }

  /** Follows the server's reading to its outcome. */
  async #read(key: string, run: Run): Promise<ImportEvent> {
    const { id } = await call<ImportStarted>(inWorkspace("api/imports", run.workspace), send("POST", { upload: run.upload }));
    run.reading = id;
    return new Promise((resolve, reject) => {
      const source = new EventSource(inWorkspace(`api/imports/${id}`, run.workspace));
      const end = () => {
        source.close();
        reject(new ApiError(UNREACHABLE));
      };
      run.stop.signal.addEventListener("abort", end);
      source.onerror = end;
      source.onmessage = (message: MessageEvent<string>) => {
        const event = JSON.parse(message.data) as ImportEvent;
        this.#dispatch({ kind: "told", key, event });
        if (event.kind === "progress") return;
        source.close();
        resolve(event);
      };
    });
  }
}

/** How many bytes of an upload are there; null for none such. */
async function offset(upload: string, workspace: string): Promise<number | null> {
  const response = await fetch(inWorkspace(`api/uploads/${upload}`, workspace), { method: "HEAD" }).catch(() => null);
  if (response?.status === 404) return null;
  const said = response?.headers.get("Upload-Offset") ?? null;
  if (said === null) throw new ApiError(UNREACHABLE);
  return Number(said);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const now = () => {
      clearTimeout(timer);
      resolve();
    };
    signal.addEventListener("abort", now, { once: true });
    window.addEventListener("online", now, { once: true });
  });
}

function kept(): readonly Kept[] {
  return keptOf(localStorage.getItem(KEPT));
}

function keep(one: Kept): void {
  localStorage.setItem(KEPT, JSON.stringify([...kept().filter(({ key }) => key !== one.key), one]));
}

function forget(key: string): void {
  localStorage.setItem(KEPT, JSON.stringify(kept().filter((one) => one.key !== key)));
}
