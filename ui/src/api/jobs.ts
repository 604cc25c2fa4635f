/** Calls about a sheet's jobs, and what tells of them as they change. */
import { ApiError, call, send } from "./client";
import { onBack } from "./live";
import type { AiColumn, Job, JobRow, JobRowPage, JobRowValue, JobStart, NewJob } from "./types.gen";

/** Where another window holds the stream, it is asked so often. */
const LOOK_EVERY_MS = 2000;
const PAGE = 20;

function verb(job: string, name: string, body: object): Promise<Job> {
  return call<Job>(`api/jobs/${job}/${name}`, send("POST", body));
}

export const jobs = {
  listing: (sheet: string) => call<Job[]>(`api/jobs?${new URLSearchParams({ sheet_id: sheet })}`),
  /** Orders for columns that formulas of another program were to fill. */
  found: (sheet: string) => call<AiColumn[]>(`api/jobs/found?${new URLSearchParams({ sheet_id: sheet })}`),
  draft: (sheet: string, order: AiColumn) =>
    call<Job>("api/jobs", send("POST", { sheet_id: sheet, order, priority: 0 } satisfies NewJob)),
  start: (job: string) => verb(job, "start", { priority: null } satisfies JobStart),
  pause: (job: string) => verb(job, "pause", {}),
  resume: (job: string) => verb(job, "resume", {}),
  cancel: (job: string) => verb(job, "cancel", {}),
  retry: (job: string) => verb(job, "retry", {}),
  review: (job: string, after: number) =>
    call<JobRowPage>(
      `api/jobs/${job}/rows?${new URLSearchParams({ which: "review", after: String(after), limit: String(PAGE) })}`,
    ),
  accept: (job: string, row: string) => call<JobRow>(`api/jobs/${job}/rows/${row}/accept`, send("POST", {})),
  correct: (job: string, row: string, value: JobRowValue["value"]) =>
    call<JobRow>(`api/jobs/${job}/rows/${row}`, send("PUT", { value } satisfies JobRowValue)),
  /** Where its answers can be downloaded. */
  answers: (job: string) => `api/jobs/${job}/export`,
};

/**
 * Tells of each job of a sheet as it stands and as it changes, until the returned function is called. A browser opens six
 * connections to a server at most, for all of its windows: one of them holds the stream, and those that wait for it ask.
 */
export function followJobs(sheet: string, onJob: (job: Job) => void): () => void {
  const ending = new AbortController();
  let hiding = new AbortController();
  let isHearing = false;

  async function look(): Promise<void> {
    try {
      const found = await jobs.listing(sheet);
      if (isHearing || ending.signal.aborted) return; // the stream may have told of what came later
      for (const job of found.toReversed()) onJob(job);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error; // the sheet's own events tell where it is not to be seen any more
    }
  }

  function hear(): () => void {
    const open = () => {
      const opened = new EventSource(`api/jobs/events?${new URLSearchParams({ sheet_id: sheet })}`);
      opened.onmessage = (message: MessageEvent<string>) => onJob(JSON.parse(message.data) as Job);
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

  /** From now until the window is hidden or the sheet is left. */
  function begin(): void {
    hiding.abort();
    if (document.visibilityState === "hidden" || ending.signal.aborted) return;
    hiding = new AbortController();
    const { signal } = hiding;
    void look();
    const timer = setInterval(() => void look(), LOOK_EVERY_MS);
    signal.addEventListener("abort", () => clearInterval(timer));
    const hold = async () => {
      clearInterval(timer);
      isHearing = true;
      const stop = hear();
      await new Promise((done) => signal.addEventListener("abort", done));
      isHearing = false;
      stop();
    };
    navigator.locks?.request("chatsheet.jobs", { signal }, hold).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  begin();
  document.addEventListener("visibilitychange", begin);
  return () => {
    document.removeEventListener("visibilitychange", begin);
    ending.abort();
    hiding.abort();
  };
}
