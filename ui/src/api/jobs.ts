/** Calls about a sheet's jobs; what tells of them as they change is in live.ts. */
import { call, send } from "./client";
import type { Job, JobRow, JobRowPage, JobRowValue, JobStart, NewJob } from "./types.gen";

const PAGE = 20;

function verb(job: string, name: string, body: object): Promise<Job> {
  return call<Job>(`api/jobs/${job}/${name}`, send("POST", body));
}

export const jobs = {
  listing: (sheet: string) => call<Job[]>(`api/jobs?${new URLSearchParams({ sheet_id: sheet })}`),
  draft: (sheet: string, order: Job["order"]) =>
    call<Job>("api/jobs", send("POST", { sheet_id: sheet, order, priority: 0 } satisfies NewJob)),
  sample: (job: string) => verb(job, "sample", {}),
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
  /** Where the file of an export can be downloaded. */
  file: (job: string) => `api/jobs/${job}/file`,
};
