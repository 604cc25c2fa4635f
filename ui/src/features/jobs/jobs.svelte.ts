/** The jobs of the sheet that is looked at, what of them the drawer shows, and what of them came to its end. */
import { createContext } from "svelte";
import { jobs } from "../../api/jobs";
import { keepStep } from "../../api/steps";
import type { Job } from "../../api/types.gen";
import { type Ending, endingOf, isActive, type Kind, type Order, told, type Verb } from "../../state/jobs";

export type Sight =
  | { readonly kind: "list" }
  /** A job is thought of: of which kind, for which table, and as far as it is known what it is to do. */
  | {
      readonly kind: "new";
      readonly what: Kind;
      readonly table: string;
      readonly column: string;
      readonly order: Order | null;
    }
  | { readonly kind: "job"; readonly job: string };

export class SheetJobs {
  all = $state.raw<readonly Job[]>([]);
  /** What the drawer shows; null where it is shut. */
  sight = $state.raw<Sight | null>(null);
  ending = $state.raw<Ending | null>(null);
  running = $derived(this.all.filter(isActive).length);
  /** Those that were told something in this window: it takes their versions back without asking. */
  readonly #own = new Set<string>();

  /** Forget the jobs of a sheet that is left. */
  leave(): void {
    [this.all, this.ending] = [[], null];
    if (this.sight !== null) this.sight = { kind: "list" };
  }

  compose(what: Kind, table: string, column: string, order: Order | null = null): void {
    this.sight = { kind: "new", what, table, column, order };
  }

  show(job: string): void {
    this.ending = null;
    this.sight = { kind: "job", job };
  }

  async draft(sheet: string, order: Order): Promise<void> {
    const made = await jobs.draft(sheet, order);
    this.hear(made);
    this.show(made.id);
  }

  async tell(job: string, verb: Verb): Promise<void> {
    this.#own.add(job);
    this.hear(await jobs[verb](job));
  }

  /** A job stands so now, as the server tells or answers. */
  hear(job: Job): void {
    const before = this.all.find((one) => one.id === job.id);
    const isNew = job.result_version !== "" && job.result_version !== before?.result_version;
    if (isNew && this.#own.has(job.id)) keepStep("undo", job.result_version);
    this.ending = endingOf(before, job) ?? this.ending;
    this.all = told(this.all, job);
  }
}

/** The page's jobs, for whatever leads to them. */
export const [jobsHere, provideJobs] = createContext<SheetJobs>();
