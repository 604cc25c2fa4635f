/** Written by tools/gen_web_types.py from the API's models; edits are lost. */

/** What the probe's answer was like; equal on every path to the same deployment. */
export interface Answer {
  readonly model: string;
  readonly finish_reason: string;
  readonly called_tool: boolean;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly adapted: readonly string[];
  readonly text_digest: string;
}


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


/** One cell of the matrix {Azure, OpenAI} by {through LiteLLM, directly}. */
export interface Cell {
  readonly provider: "azure" | "openai";
  readonly way: "litellm" | "direct";
  readonly state: "healthy" | "ill" | "not_configured";
  readonly path: string;
  readonly cause: string;
  readonly evidence: readonly string[];
}


/** One certificate of the chain that the server showed, leaf first. */
export interface Certificate {
  readonly subject: string;
  readonly issuer: string;
  readonly names: readonly string[];
  readonly expires: string;
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
  readonly confidence: number;
  readonly unit: Unit;
  readonly raw: string;
  readonly unparsed: number;
  readonly unparsed_examples: readonly string[];
  readonly readings: readonly Reading[];
  readonly profile: Profile;
}


/** What the cells say when they are seen together. */
export interface Conclusion {
  readonly rule: string;
  readonly says: string;
  readonly because: readonly string[];
}


/** Which way to standardise on, and what it stands on. */
export interface Decision {
  readonly choice: "litellm" | "direct" | "hybrid" | "undecided";
  readonly says: string;
  readonly reasons: readonly string[];
  readonly would_change: readonly string[];
  readonly private_endpoint: string;
  readonly settings_diff: string;
}


/** What two paths to the same provider answer differently. */
export interface Difference {
  readonly paths: readonly [string, string];
  readonly field: string;
  readonly values: readonly [string, string];
}


/** What every error of the API looks like; `message` and `type` are for OpenAI clients. */
export interface ErrorBody {
  readonly code: string;
  readonly what: string;
  readonly fix: string;
  readonly message: string;
  readonly type: string;
}


/** An examination in a list. */
export interface ExaminationEntry {
  readonly id: string;
  readonly at: string;
  readonly choice: "litellm" | "direct" | "hybrid" | "undecided";
  readonly states: readonly PathOutcome[];
}


/** An examination broke off; it comes last, in place of the report. */
export interface ExaminationFailed {
  readonly error: ErrorBody;
}


/** An examination has ended. */
export interface Examined {
  readonly id: string;
  readonly report: Report;
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


/** A cause of the catalogue in one case: what was seen, who mends it and how. */
export interface Finding {
  readonly cause: string;
  readonly layer: "settings" | "identity" | "dns" | "network" | "tls" | "proxy" | "litellm" | "auth" | "permission" | "deployment" | "parameters" | "capacity" | "content" | "stream" | "gateway";
  readonly owner: "you" | "network" | "azure" | "provider" | "litellm" | "openai" | "nobody";
  readonly what: string;
  readonly fix: string;
  readonly commands: readonly string[];
  readonly hides: string;
}


/** Where one host name of a resource leads. */
export interface HostProof {
  readonly host: string;
  readonly zone: string;
  readonly chain: readonly string[];
  readonly addresses: readonly string[];
  readonly address_class: "private" | "allowed" | "public" | "loopback" | "link_local" | null;
}


/** A column whose values are found in a key of another table. */
export interface Join {
  readonly column: string;
  readonly to_table: string;
  readonly to_column: string;
  readonly overlap: number;
}


/** The latest examination; both are null before the first. */
export interface LatestReport {
  readonly id: string | null;
  readonly report: Report | null;
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


/** Something in a table that an analyst would want to know before trusting a sum. */
export interface Oddity {
  readonly kind: "duplicate_rows" | "outliers" | "mixed_types" | "unparsed" | "near_duplicates";
  readonly column: string;
  readonly rows: number;
  readonly what: string;
  readonly examples: readonly string[];
}


/** How a path was doing in an examination. */
export interface PathOutcome {
  readonly name: string;
  readonly state: "healthy" | "ill" | "not_configured";
  readonly cause: string;
}


/** One way to one provider, examined. */
export interface PathReport {
  readonly name: string;
  readonly route: string;
  readonly serves: string;
  readonly provider: "azure" | "openai" | "compatible" | "unknown";
  readonly way: "litellm" | "direct";
  readonly is_ours: boolean;
  readonly is_in_use: boolean;
  readonly is_simulated: boolean;
  readonly is_private: boolean;
  readonly state: "healthy" | "ill" | "not_configured";
  readonly cause: string;
  readonly rungs: readonly Rung[];
  readonly answer: Answer | null;
  readonly speed: Speed | null;
  readonly private: PrivateProof | null;
  readonly proof: "direct" | "egress" | "unverified" | null;
}


/** What shows that a path is private: names, the connected peer, the certificates, and the public path refused. */
export interface PrivateProof {
  readonly is_proven: boolean;
  readonly hosts: readonly HostProof[];
  readonly peer: string;
  readonly peer_class: "private" | "allowed" | "public" | "loopback" | "link_local" | null;
  readonly certificates: readonly Certificate[];
  readonly public_path: "refused" | "open" | "not_tested";
  readonly reasons: readonly string[];
}


/** What a column holds, measured once per version. */
export interface Profile {
  readonly nulls: number;
  readonly distinct: number;
  readonly top: readonly TopValue[];
  readonly minimum: unknown;
  readonly median: unknown;
  readonly maximum: unknown;
  readonly mean: number | null;
  readonly stddev: number | null;
  readonly patterns: readonly TopValue[];
  readonly is_estimated: boolean;
}


/** One way to read an ambiguous column, with an example of what it makes of a value. */
export interface Reading {
  readonly name: string;
  readonly type: "text" | "integer" | "decimal" | "boolean" | "date" | "datetime" | "time";
  readonly example: string;
}


/** A whole examination. */
export interface Report {
  readonly at: string;
  readonly version: string;
  readonly seconds: number;
  readonly problems: readonly SettingsProblem[];
  readonly paths: readonly PathReport[];
  readonly matrix: readonly Cell[];
  readonly differences: readonly Difference[];
  readonly conclusion: Conclusion | null;
  readonly history: readonly RouteHistory[];
  readonly decision: Decision | null;
  readonly changes: readonly string[];
}


/** Rows of a query: values are JSON scalars, dates ISO texts; `row_count` counts all, `rows` may hold fewer. */
export interface Result {
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly (readonly unknown[])[];
  readonly row_count: number;
  readonly truncated: boolean;
  readonly handle: string;
  readonly row_ids: readonly RowIds[];
  readonly warnings: readonly string[];
}


/** A column of a query result; `type` is DuckDB's. */
export interface ResultColumn {
  readonly name: string;
  readonly type: string;
}


/** What telemetry counted on a route in the last 30 days. */
export interface RouteHistory {
  readonly route: string;
  readonly calls: number;
  readonly fell_back: number;
  readonly causes: readonly (readonly [string, number])[];
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


/** The rows of one table that stand behind something; None where an outer join had none. */
export interface RowIds {
  readonly table: string;
  readonly ids: readonly (number | null)[];
}


/** Which rows of a table a query's conditions select; ids are row numbers of the tab. */
export interface RowsUsed {
  readonly table: string;
  readonly rows: number;
  readonly first: number | null;
  readonly last: number | null;
}


/** One layer of a path. */
export interface Rung {
  readonly name: "settings" | "environment" | "dns" | "proxy" | "tcp" | "tls" | "server" | "litellm_up" | "litellm_key" | "litellm_alias" | "litellm_health" | "upstream" | "auth" | "permission" | "deployment" | "api_version" | "model" | "parameters" | "chat" | "stream" | "tools";
  readonly status: "passed" | "warned" | "broken" | "not_reached";
  readonly milliseconds: number | null;
  readonly evidence: readonly string[];
  readonly findings: readonly Finding[];
}


/** A rung was looked at, while an examination runs. */
export interface RungSeen {
  readonly path: string;
  readonly rung: Rung;
}


/** One thing wrong with the settings. */
export interface SettingsProblem {
  readonly key: string;
  readonly cause: string;
  readonly reason: string;
  readonly fix: string;
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


/** Medians over some probes. */
export interface Speed {
  readonly probes: number;
  readonly failed: number;
  readonly first_content_ms: number | null;
  readonly total_ms: number | null;
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
  readonly header_rows: readonly number[];
  readonly evidence: string;
  readonly confidence: number;
  readonly rows: number;
  readonly is_hidden: boolean;
  readonly is_pivoted: boolean;
  readonly notes: readonly string[];
  readonly totals: readonly number[];
  readonly left_out: readonly number[];
  readonly columns: readonly Column[];
  readonly keys: readonly string[];
  readonly joins: readonly Join[];
  readonly oddities: readonly Oddity[];
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


/** What the numbers of a column count: a currency, a percentage, a physical unit, and the scale that a caption names. */
export interface Unit {
  readonly currency: string;
  readonly symbol: string;
  readonly is_percent: boolean;
  readonly scale: number;
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


export type DoctorEvent = RungSeen | Examined | ExaminationFailed;
