/** Written by tools/gen_web_types.py from the API's models; edits are lost. */

/** The turn's answer; every number in it is traced or marked. */
export interface Answered {
  readonly kind: "answered";
  readonly turn: string;
  readonly text: string;
  readonly numbers: readonly NumberFound[];
  readonly is_cut: boolean;
}


/** A person asked; opens a turn. */
export interface Asked {
  readonly kind: "asked";
  readonly turn: string;
  readonly question: string;
}


/** One try at one route. Categorical only: no prompt, key or provider text. */
export interface Attempt {
  readonly route: string;
  readonly cause: string | null;
  readonly proof: "direct" | "egress" | "unverified";
  readonly status: number | null;
  readonly milliseconds: number;
  readonly first_content_ms: number | null;
  readonly request_id: string | null;
  readonly adapted: readonly string[];
}


/** A person stopped the turn. */
export interface Cancelled {
  readonly kind: "cancelled";
  readonly turn: string;
}


/** A chat in a list. */
export interface ChatEntry {
  readonly id: string;
  readonly sheet_id: string;
}


/** One typed column: `name` is its SQL name, `label` the header as written, `letter` where it stands in the tab. */
export interface Column {
  readonly name: string;
  readonly label: string;
  readonly letter: string;
  readonly type: "text" | "integer" | "decimal" | "boolean" | "date" | "datetime" | "time";
  readonly evidence: string;
  readonly profile: Profile;
}


/** What every error of the API looks like; `message` and `type` are for OpenAI clients. */
export interface ErrorBody {
  readonly code: string;
  readonly what: string;
  readonly fix: string;
  readonly message: string;
  readonly type: string;
}


/** The turn ended without an answer, with the error a person can act on. */
export interface Failed {
  readonly kind: "failed";
  readonly turn: string;
  readonly code: string;
  readonly what: string;
  readonly fix: string;
  readonly trail: Trail;
}


/** The model's step: calls to run, or the text that answers. */
export interface ModelReplied {
  readonly kind: "model_replied";
  readonly turn: string;
  readonly text: string;
  readonly calls: readonly ToolCall[];
  readonly finish_reason: string;
  readonly model: string;
  readonly route: string;
  readonly usage: Usage;
  readonly trail: Trail;
}


/** Which sheet the chat is about. */
export interface NewChat {
  readonly sheet_id: string;
}


/** What is asked. */
export interface NewQuestion {
  readonly question: string;
}


/** A number in an answer, as written at `start`..`end`, and the result cell it was traced to, if any. */
export interface NumberFound {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly handle: string | null;
  readonly row: number | null;
  readonly column: string | null;
}


/** What a column holds, measured once per version. */
export interface Profile {
  readonly nulls: number;
  readonly distinct: number;
  readonly top: readonly TopValue[];
  readonly minimum: unknown;
  readonly median: unknown;
  readonly maximum: unknown;
}


/** Rows of a query: values are JSON scalars, dates ISO texts; `row_count` counts all, `rows` may hold fewer. */
export interface Result {
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly (readonly unknown[])[];
  readonly row_count: number;
  readonly truncated: boolean;
}


/** A column of a query result; `type` is DuckDB's. */
export interface ResultColumn {
  readonly name: string;
  readonly type: string;
}


/** How a route is doing: its breaker, and what keeps it open with the fix; times are seconds from now. */
export interface RouteState {
  readonly name: string;
  readonly kind: "litellm" | "azure" | "openai" | "compatible";
  readonly model: string;
  readonly is_private: boolean;
  readonly is_ours: boolean;
  readonly state: "closed" | "open" | "half_open";
  readonly cause: string;
  readonly first_cause: string;
  readonly owner: string;
  readonly fix: string;
  readonly since_s: number;
  readonly probe_in_s: number | null;
}


/** A route to the model as settings name it. */
export interface RouteStatus {
  readonly name: string;
  readonly kind: "litellm" | "azure" | "openai" | "compatible";
  readonly is_private: boolean;
  readonly is_ours: boolean;
}


/** Which rows of a table a query's conditions select; ids are row numbers of the tab. */
export interface RowsUsed {
  readonly table: string;
  readonly rows: number;
  readonly first: number | null;
  readonly last: number | null;
}


/** A sheet at its head, with every table and what was decided about it. */
export interface SheetDetail {
  readonly sheet: SheetEntry;
  readonly workbook: Workbook;
}


/** A sheet in a list. */
export interface SheetEntry {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly created_at: string;
}


/** A route that was not tried because its breaker was open, and the cause that keeps it open. */
export interface Skipped {
  readonly route: string;
  readonly cause: string;
}


/** The server as the page needs it; `litellm_pid` is the LiteLLM process that we run, while it runs. */
export interface Status {
  readonly model: string;
  readonly routes: readonly RouteStatus[];
  readonly litellm_pid: number | null;
}


/** Live only: a route died after content; what was written in this step is void. */
export interface StepRestarted {
  readonly kind: "step_restarted";
  readonly turn: string;
  readonly route: string;
  readonly cause: string;
}


/** One table of a tab: `id` is its SQL name, `range` the cells it covers, header included. */
export interface Table {
  readonly id: string;
  readonly tab: string;
  readonly range: string;
  readonly header_row: number | null;
  readonly evidence: string;
  readonly rows: number;
  readonly notes: readonly string[];
  readonly columns: readonly Column[];
}


/** A tool's answer: `content` is what the model reads; a query carries its handle, SQL, result and rows used. */
export interface ToolAnswered {
  readonly kind: "tool_answered";
  readonly turn: string;
  readonly call_id: string;
  readonly tool: string;
  readonly content: string;
  readonly is_error: boolean;
  readonly handle: string | null;
  readonly sql: string | null;
  readonly result: Result | null;
  readonly rows_used: readonly RowsUsed[];
}


/** A call that the model wants made; `arguments` is the JSON text as the model wrote it. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}


/** A frequent value and how many rows have it. */
export interface TopValue {
  readonly value: string;
  readonly rows: number;
}


/** How an answer came about: every attempt in order, the last one without a cause answered; and who was not asked. */
export interface Trail {
  readonly attempts: readonly Attempt[];
  readonly skipped: readonly Skipped[];
}


/** The turn that now runs; its events carry its id. */
export interface TurnStarted {
  readonly turn: string;
}


/** Tokens as the provider counted them; `cached_tokens` are part of the input tokens. */
export interface Usage {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cached_tokens: number;
}


/** The result of an import: deterministic for (parser, content). */
export interface Workbook {
  readonly parser: string;
  readonly content_sha256: string;
  readonly tables: readonly Table[];
  readonly warnings: readonly string[];
}


/** Live only: a piece of the model's text. */
export interface Wrote {
  readonly kind: "wrote";
  readonly turn: string;
  readonly text: string;
}


export type ChatEvent = Asked | ModelReplied | ToolAnswered | Answered | Failed | Cancelled;


export type LiveEvent = Wrote | StepRestarted;
