/** Written by tools/gen_web_types.py from the API's models; edits are lost. */

/** What this server is: its version, and the folder in which everything lies that it keeps. */
export interface About {
  readonly version: string;
  readonly data: string;
}


/** Live only, and the last: who watches may not see the chat any more. */
export interface AccessEnded {
  readonly kind: "access_ended";
  readonly turn: string;
  readonly code: string;
  readonly what: string;
  readonly fix: string;
}


/** Add a column behind the last: empty, with one value, or computed by an expression or formula that is kept. With a formula, a column that is not said to be of another type than text is of the type that the formula gives. */
export interface AddColumn {
  readonly kind: "add_column";
  readonly table: string;
  readonly label: string;
  readonly type: "text" | "integer" | "decimal" | "boolean" | "date" | "datetime" | "time";
  readonly value: unknown;
  readonly expression: string;
  readonly formula: string;
}


/** A column that a model fills row by row: a prompt with columns as `{name}`, and what may come of it. */
export interface AiColumn {
  readonly kind: "ai_column";
  readonly table: string;
  readonly label: string;
  readonly template: string;
  readonly output: "text" | "integer" | "decimal" | "boolean" | "date" | "datetime" | "time";
  readonly choices: readonly string[];
  readonly where: string;
  readonly review_below: number;
}


/** A column that a model would fill row by row, if a person starts it. */
export interface AiColumnProposal {
  readonly kind: "ai_column";
  readonly id: string;
  readonly version: string;
  readonly table: string;
  readonly label: string;
  readonly template: string;
  readonly output: "text" | "integer" | "decimal" | "boolean" | "date" | "datetime" | "time";
  readonly choices: readonly string[];
  readonly where: string;
  readonly rows: number;
  readonly distinct: number;
  readonly tokens: number;
  readonly reason: string;
}


/** The turn's answer; every number in it is traced or marked. */
export interface Answered {
  readonly kind: "answered";
  readonly turn: string;
  readonly text: string;
  readonly form: "answer" | "not_in_workbook" | "which";
  readonly numbers: readonly NumberFound[];
  readonly is_cut: boolean;
  readonly warnings: readonly string[];
}


/** A person asked; opens a turn. Day and locale are theirs, so that the same log makes the same prompt. */
export interface Asked {
  readonly kind: "asked";
  readonly turn: string;
  readonly question: string;
  readonly day: string | null;
  readonly locale: string;
  readonly selection: Selection | null;
}


/** One try at one route. Categorical only: no prompt, key or provider text. */
export interface Attempt {
  readonly route: string;
  readonly cause: string | null;
  readonly proof: "direct" | "egress" | "unverified" | "cache";
  readonly status: number | null;
  readonly milliseconds: number;
  readonly first_content_ms: number | null;
  readonly request_id: string | null;
  readonly adapted: readonly string[];
}


/** One thing that somebody did; `hash` is over the entry and the hash before it. */
export interface AuditEntry {
  readonly seq: number;
  readonly at: string;
  readonly workspace: string;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly body: unknown;
  readonly hash: string;
}


/** What the numbers of a query stand on, told by code and not by the model. */
export interface Basis {
  readonly rows: readonly RowsUsed[];
  readonly filters: readonly string[];
  readonly columns: readonly ColumnUsed[];
  readonly outputs: readonly Output[];
  readonly kept: readonly Kept[];
}


/** Whose budget it is, and its limits; `subject` is the user or the job, empty for the workspace or for each person. */
export interface Budget {
  readonly kind: "workspace" | "user" | "job" | "person";
  readonly subject: string;
  readonly limits: Limits;
}


/** A budget, what was spent of it in the present period (UTC), and what follows from that. */
export interface BudgetState {
  readonly budget: Budget;
  readonly tokens: number;
  readonly cost: number;
  readonly unpriced_calls: number;
  readonly state: "ok" | "warn" | "stop";
}


/** What an SQL expression says of a row, as a plain value in one of its columns, for all rows or those that match. */
export interface BulkEdit {
  readonly kind: "bulk_edit";
  readonly table: string;
  readonly column: string;
  readonly expression: string;
  readonly where: string;
}


/** A cache in numbers since the start; bytes and entries are those in this process's memory. */
export interface CacheState {
  readonly name: string;
  readonly hits: number;
  readonly shared_hits: number;
  readonly computes: number;
  readonly failures: number;
  readonly waits: number;
  readonly evictions: number;
  readonly bytes: number;
  readonly entries: number;
}


/** Everything that is kept; `is_shared_up` is None where no Redis is set. */
export interface CacheStates {
  readonly caches: readonly CacheState[];
  readonly disk: DiskState;
  readonly is_shared_up: boolean | null;
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


/** One cell before and after. */
export interface CellChange {
  readonly row: number;
  readonly column: string;
  readonly before: unknown;
  readonly after: unknown;
}


/** A value for one cell, named by row id and column. */
export interface CellValue {
  readonly row: number;
  readonly column: string;
  readonly value: unknown;
}


/** One certificate of the chain that the server showed, leaf first. */
export interface Certificate {
  readonly subject: string;
  readonly issuer: string;
  readonly names: readonly string[];
  readonly expires: string;
}


/** The first entry that is not as it was written. */
export interface ChainBroken {
  readonly seq: number;
  readonly how: "changed" | "removed" | "reordered" | "truncated";
}


/** How many entries are as they were written, the hash of the last of them, and what comes then, if that is broken. */
export interface ChainState {
  readonly entries: number;
  readonly head: string;
  readonly broken: ChainBroken | null;
}


/** What one edit changed: every cell where `is_complete`, else counts and the first cells. */
export interface Change {
  readonly kind: string;
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: number;
  readonly cells: number;
  readonly sample: readonly CellChange[];
  readonly is_complete: boolean;
  readonly notes: readonly string[];
}


/** A chart over the result of a handle: a subset of Vega-Lite without data; the data is the result. */
export interface Chart {
  readonly id: string;
  readonly handle: string;
  readonly title: string;
  readonly spec: Readonly<Record<string, unknown>>;
}


/** A chat in a list. */
export interface ChatEntry {
  readonly id: string;
  readonly sheet_id: string;
  readonly title: string;
  readonly questions: number;
  readonly at: string | null;
  readonly found: string;
}


/** The list of a sheet's chats is another one than before. */
export interface ChatsChanged {
  readonly kind: "chats";
  readonly sheet_id: string;
  readonly version: string;
}


/** Where a number comes from. */
export interface Citation {
  readonly handle: string;
  readonly row: number | null;
  readonly column: string | null;
  readonly value: unknown;
  readonly sql: string;
  readonly version: string;
  readonly tables: readonly CitedTable[];
  readonly not_traced: NotTraced | null;
}


/** The rows and cells of one table that a number stands on. */
export interface CitedTable {
  readonly table: string;
  readonly tab: string;
  readonly rows: readonly number[];
  readonly more: number;
  readonly columns: readonly string[];
  readonly is_certain: boolean;
  readonly ranges: readonly string[];
}


/** How many bytes of memory were let go. */
export interface Cleared {
  readonly bytes: number;
}


/** A one-time code: with `password` for one's own account, with name and e-mail too for the first administrator's. */
export interface CodeLogin {
  readonly code: string;
  readonly name: string;
  readonly email: string | "";
  readonly password: string;
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
  readonly formula: FormulaColumn | null;
}


/** A column that a query reads: its unit, and how many of the rows used have no value there. */
export interface ColumnUsed {
  readonly table: string;
  readonly column: string;
  readonly unit: Unit;
  readonly nulls: number | null;
  readonly stale: number;
}


/** What the cells say when they are seen together. */
export interface Conclusion {
  readonly rule: string;
  readonly says: string;
  readonly because: readonly string[];
}


/** A cell that was changed by somebody else and that the edit wants to change: `row` is None for a whole column. */
export interface ConflictCell {
  readonly table: string;
  readonly row: number | null;
  readonly column: string;
  readonly was: unknown;
  readonly theirs: unknown;
  readonly yours: unknown;
  readonly kind: "changed" | "inserted" | "deleted";
  readonly by: string;
  readonly at: string | null;
}


/** How many cells an edit reaches, listed or not. */
export interface Counts {
  readonly recalculated: number;
  readonly unchanged: number;
  readonly stale: number;
  readonly overwritten: number;
}


/** A person decided on a proposal; stands outside of turns. */
export interface Decided {
  readonly kind: "decided";
  readonly proposal: string;
  readonly decision: "applied" | "declined" | "undone";
  readonly by: string;
  readonly at: string;
  readonly version: string;
  readonly job: string;
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


/** Remove a column. */
export interface DeleteColumn {
  readonly kind: "delete_column";
  readonly table: string;
  readonly column: string;
}


/** Remove the rows named, or those that match; one of the two must be given. */
export interface DeleteRows {
  readonly kind: "delete_rows";
  readonly table: string;
  readonly rows: readonly number[] | null;
  readonly where: string;
}


/** What two paths to the same provider answer differently. */
export interface Difference {
  readonly paths: readonly [string, string];
  readonly field: string;
  readonly values: readonly [string, string];
}


/** What versions and their copies take, in bytes; `evictable` of them can go, the rest is named by sheets, chats or jobs. */
export interface DiskState {
  readonly bytes: number;
  readonly limit: number;
  readonly versions: number;
  readonly evictable: number;
  readonly is_full: boolean;
  readonly freed_bytes: number;
  readonly freed_versions: number;
  readonly freed_copies: number;
}


/** An error that names each cell with the value it had, that of the others, and yours. */
export interface EditConflictBody {
  readonly code: string;
  readonly what: string;
  readonly fix: string;
  readonly message: string;
  readonly type: string;
  readonly cells: readonly ConflictCell[];
}


/** What edits would do to a version. */
export interface EditPreview {
  readonly version: string;
  readonly changes: readonly Change[];
  readonly formulas: Impact;
}


/** Edits that a person may apply: what they would change, made on the version of the preview. */
export interface EditProposal {
  readonly kind: "edit";
  readonly id: string;
  readonly edits: readonly (SetCells | Fill | InsertRows | DeleteRows | AddColumn | RenameColumn | RetypeColumn | DeleteColumn)[];
  readonly preview: EditPreview;
  readonly reason: string;
  readonly needs_consent: readonly string[];
  readonly warnings: readonly string[];
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


/** A table, or the rows of a query, as a file that is kept for a day for whoever started it. */
export interface Export {
  readonly kind: "export";
  readonly table: string;
  readonly sql: string;
  readonly format: "csv" | "xlsx" | "parquet";
  readonly keeps_formulas: boolean;
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


/** Give a column one value, one SQL expression over its row, or a formula, in the rows named, those that match, or all. `formula` is Excel's, written for the first of these rows (`=B2*C2`) or in terms of columns (`=[@Price]*[@Count]`), and is kept. `is_formula` keeps the expression in the same way. */
export interface Fill {
  readonly kind: "fill";
  readonly table: string;
  readonly column: string;
  readonly rows: readonly number[] | null;
  readonly where: string;
  readonly value: unknown;
  readonly expression: string;
  readonly formula: string;
  readonly is_formula: boolean;
}


/** A condition on one column; texts compare without case. */
export interface Filter {
  readonly column: string;
  readonly test: "equals" | "not_equals" | "one_of" | "contains" | "starts_with" | "below" | "at_most" | "above" | "at_least" | "between" | "empty" | "filled";
  readonly values: readonly (boolean | number | number | string)[];
}


/** A cause of the catalogue in one case: what was seen, who mends it and how. */
export interface Finding {
  readonly cause: string;
  readonly layer: "settings" | "identity" | "dns" | "network" | "tls" | "proxy" | "litellm" | "auth" | "permission" | "deployment" | "parameters" | "capacity" | "content" | "stream" | "gateway";
  readonly owner: "you" | "network" | "azure" | "provider" | "litellm" | "openai" | "nobody";
  readonly what: string;
  readonly fix: string;
  readonly commands: readonly string[];
  readonly is_warning: boolean;
  readonly hides: string;
}


/** What the formulas of a table's column have in common. */
export interface FormulaColumn {
  readonly letter: string;
  readonly formula: string;
  readonly named: string;
  readonly formulas: number;
  readonly breaks: readonly string[];
  readonly breaking: number;
  readonly missing: number;
  readonly stale: number;
}


/** What the formulas of a workbook are, in tables and outside of them. */
export interface Formulas {
  readonly cells: number;
  readonly tabs: readonly string[];
  readonly is_followed: boolean;
  readonly special: readonly Told[];
  readonly specials: number;
  readonly calculated: number;
  readonly missing: number;
  readonly stale: number;
}


/** A value that looks like what was searched; `score` is 100 for the same text but case and accents. */
export interface FoundValue {
  readonly table: string;
  readonly column: string;
  readonly value: string;
  readonly rows: number;
  readonly score: number;
}


/** Entries written elsewhere: CSV with a header line, or a JSON list. */
export interface GlossaryText {
  readonly format: "csv" | "json";
  readonly text: string;
  readonly is_preview: boolean;
}


/** The version to move away from. */
export interface HeadMove {
  readonly version: string;
  readonly reason: string;
}


/** A sheet's head is `version` by move number `seq` of its history; `move` is None where that is only where it stands. */
export interface HeadMoved {
  readonly kind: "head";
  readonly sheet_id: string;
  readonly version: string;
  readonly seq: number;
  readonly move: "edit" | "undo" | "redo" | "correction" | null;
}


/** Where one host name of a resource leads. */
export interface HostProof {
  readonly host: string;
  readonly zone: string;
  readonly chain: readonly string[];
  readonly addresses: readonly string[];
  readonly address_class: "private" | "allowed" | "public" | "loopback" | "link_local" | null;
}


/** What an edit would do to the formulas of a workbook; precedents come before what depends on them. */
export interface Impact {
  readonly recalculated: readonly Recalculated[];
  readonly stale: readonly Stale[];
  readonly overwritten: readonly string[];
  readonly counts: Counts;
}


/** The import was cancelled, and nothing of the file is left. */
export interface ImportCancelled {
  readonly kind: "cancelled";
}


/** The file is no sheet, by the code of the reason. */
export interface ImportFailed {
  readonly kind: "failed";
  readonly code: string;
  readonly what: string;
  readonly fix: string;
}


/** How far an import is: `fraction` between 0 and 1, `rows` typed so far; `first` once, the first rows as read. */
export interface ImportProgress {
  readonly kind: "progress";
  readonly phase: "reading" | "finding tables" | "typing" | "profiling" | "waiting";
  readonly fraction: number;
  readonly rows: number;
  readonly tab: string;
  readonly first: Result | null;
}


/** The import that now runs. */
export interface ImportStarted {
  readonly id: string;
}


/** The file is a sheet now. */
export interface Imported {
  readonly kind: "imported";
  readonly sheet_id: string;
  readonly version: string;
}


/** Put new rows behind the row `after`, in front of the row `before`, or at the end; values by column name. */
export interface InsertRows {
  readonly kind: "insert_rows";
  readonly table: string;
  readonly rows: readonly (Readonly<Record<string, unknown>>)[];
  readonly after: number | null;
  readonly before: number | null;
}


/** The one-time code with which a user sets a password within 24 hours; it is shown this once. */
export interface Invitation {
  readonly user_id: string;
  readonly code: string;
}


/** A job as it stands. */
export interface Job {
  readonly id: string;
  readonly sheet_id: string;
  readonly state: "draft" | "queued" | "running" | "paused" | "completed" | "completed_with_failures" | "failed" | "cancelled";
  readonly order: AiColumn | BulkEdit | Export;
  readonly priority: number;
  readonly run: number;
  readonly version: string;
  readonly result_version: string;
  readonly column: string;
  readonly formula: string;
  readonly is_counted: boolean;
  readonly is_settled: boolean;
  readonly problem: JobProblem;
  readonly created_by: string;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly progress: JobProgress;
  readonly estimate: JobEstimate;
  readonly sample: readonly JobRow[];
  readonly file: JobFile | null;
}


/** A job of the sheet as it stands; who sees a part of the sheet hears of none. */
export interface JobChanged {
  readonly kind: "job";
  readonly sheet_id: string;
  readonly job: Job;
}


/** What all of a job is likely to take, from its sampled rows; None where nothing is known yet. */
export interface JobEstimate {
  readonly sampled: number;
  readonly tokens_p50: number | null;
  readonly tokens_p95: number | null;
  readonly cost: number | null;
  readonly minutes: number | null;
}


/** The file that an export made; downloaded by whoever started it. */
export interface JobFile {
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
  readonly until: string;
  readonly notes: readonly string[];
}


/** Why a job waits or ended: a stable code and words. */
export interface JobProblem {
  readonly code: string;
  readonly what: string;
}


/** Where a job stands; rows with the same inputs share one call. */
export interface JobProgress {
  readonly rows: number;
  readonly inputs: number;
  readonly done_rows: number;
  readonly done_inputs: number;
  readonly failed_rows: number;
  readonly failed_inputs: number;
  readonly asked_inputs: number;
  readonly review_inputs: number;
  readonly per_minute: number;
  readonly eta_s: number | null;
  readonly tokens: number;
  readonly cost: number | null;
}


/** What is asked again: failed rows, or rows that changed in the sheet since. */
export interface JobRetry {
  readonly changed: boolean;
}


/** One input of a job, the rows that have it, and the answer. */
export interface JobRow {
  readonly id: string;
  readonly rows: readonly number[];
  readonly copies: number;
  readonly inputs: Readonly<Record<string, string>>;
  readonly state: "open" | "asked" | "done" | "failed";
  readonly value: unknown;
  readonly confidence: number | null;
  readonly reason: string;
  readonly failure: JobProblem;
  readonly tries: number;
  readonly is_reviewed: boolean;
  readonly model: string;
  readonly route: string;
  readonly tokens: number;
  readonly cost: number | null;
  readonly milliseconds: number;
}


/** Rows of a job, and the place to go on behind; null at the end. */
export interface JobRowPage {
  readonly rows: readonly JobRow[];
  readonly next: number | null;
}


/** A person's value for a row; null for none. */
export interface JobRowValue {
  readonly value: string | number | number | boolean | null;
}


/** With which priority a job starts; null for that of its draft. */
export interface JobStart {
  readonly priority: number | null;
}


/** The tables in these cells are one, named by the header of the first. */
export interface Join {
  readonly kind: "join";
  readonly cells: readonly string[];
}


/** An entry of a sheet's glossary under its id. */
export interface Kept {
  readonly id: string;
  readonly entry: Term | Pinned;
}


/** The latest examination; both are null before the first. */
export interface LatestReport {
  readonly id: string | null;
  readonly report: Report | null;
}


/** What may be spent in a period (UTC): tokens, cost in the currency of the routes' prices, or both. */
export interface Limits {
  readonly period: "day" | "month";
  readonly tokens: number | null;
  readonly cost: number | null;
  readonly soft: number;
}


/** An event of a chat; in the stream its number is the SSE id, and live events have none. */
export interface LoggedEvent {
  readonly seq: number;
  readonly event: Asked | ModelReplied | Nudged | ToolAnswered | Answered | Failed | Cancelled | Decided;
}


/** How somebody gets in; `begin` is where: a page to open (oidc), or the address to post to (password). `end` is a page to open after POST /api/logout, which ends the provider's own session; empty: there is none. */
export interface LoginWays {
  readonly mode: "local" | "oidc" | "password";
  readonly begin: "" | "/login/oidc" | "/api/login/password";
  readonly end: "" | "/login/oidc/end";
}


/** Who asks. */
export interface Me {
  readonly mode: "local" | "oidc" | "password";
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly is_admin: boolean;
  readonly workspaces: readonly WorkspaceOfMine[];
}


/** Somebody in a workspace; with `is_from_claims` groups at the identity provider say as what. */
export interface MemberEntry {
  readonly user_id: string;
  readonly name: string;
  readonly email: string;
  readonly role: "viewer" | "editor" | "owner";
  readonly is_from_claims: boolean;
  readonly is_active: boolean;
}


/** What a member is to be. */
export interface MemberRole {
  readonly role: "viewer" | "editor" | "owner";
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
  readonly cost: number | null;
  readonly milliseconds: number;
}


/** One move of a sheet's head: who, when, why; `changes` are those of the version that was made, undone or redone. */
export interface Move {
  readonly seq: number;
  readonly kind: "edit" | "undo" | "redo" | "correction";
  readonly from_version: string;
  readonly to_version: string;
  readonly reason: string;
  readonly created_by: string;
  readonly created_at: string;
  readonly changes: readonly Change[];
}


/** Whom to invite; with a role they are a member of the workspace "Everyone's" too, beside one of their own. */
export interface NewAccount {
  readonly name: string;
  readonly email: string;
  readonly role: "viewer" | "editor" | "owner" | null;
}


/** A budget to set, in place of the one that there was; `subject` is the user or the job, empty for the workspace. */
export interface NewBudget {
  readonly kind: "workspace" | "user" | "job" | "person";
  readonly subject: string;
  readonly limits: Limits;
}


/** Which sheet the chat is about. */
export interface NewChat {
  readonly sheet_id: string;
}


/** What is said of a tab, of the version that was looked at. */
export interface NewCorrection {
  readonly version: string;
  readonly tab: string;
  readonly tables: readonly (TableAt | NoTable | Split | Join)[];
  readonly types: readonly TypeSaid[];
  readonly reason: string;
}


/** What to do with a proposal; `consent` names what it may write that reaches out of the sheet, such as HYPERLINK. */
export interface NewDecision {
  readonly decision: "apply" | "decline" | "undo";
  readonly consent: readonly string[];
}


/** Edits to make together, of the version that their author looked at. */
export interface NewEdits {
  readonly version: string;
  readonly edits: readonly (SetCells | Fill | InsertRows | DeleteRows | AddColumn | RenameColumn | RetypeColumn | DeleteColumn)[];
  readonly reason: string;
}


/** What is said. */
export interface NewEntry {
  readonly entry: Term | Pinned;
}


/** Which upload to import. */
export interface NewImport {
  readonly upload: string;
}


/** The sheet and what is to be done. */
export interface NewJob {
  readonly sheet_id: string;
  readonly order: AiColumn | BulkEdit | Export;
  readonly priority: number;
}


/** Whom to make a member, by id or e-mail address, and as what. */
export interface NewMember {
  readonly user: string;
  readonly role: "viewer" | "editor" | "owner";
}


/** What is asked. */
export interface NewQuestion {
  readonly question: string;
  readonly locale: string;
  readonly selection: Selection | null;
}


/** With whom to share a sheet, by id or e-mail address, and as what. */
export interface NewShare {
  readonly user: string;
  readonly role: "viewer" | "editor";
}


/** A file to come: its name, its size in bytes, and where it is known its SHA-256 in hex, checked at the last byte. */
export interface NewUpload {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
}


/** No table in these cells; empty for the whole tab. */
export interface NoTable {
  readonly kind: "none";
  readonly cells: string;
}


/** Why the rows behind a number cannot be told. */
export interface NotTraced {
  readonly code: string;
  readonly what: string;
  readonly fix: string;
}


/** The model's text was no answer that can be given: it is told why, once, and tries again. */
export interface Nudged {
  readonly kind: "nudged";
  readonly turn: string;
  readonly reason: "no_query" | "empty";
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


/** One reading of a question: what it means, the SQL for it and what that gives. */
export interface Option {
  readonly label: string;
  readonly sql: string;
  readonly result: Result;
}


/** A column of a result: the stored columns that it was computed from, how, and what its numbers count. */
export interface Output {
  readonly name: string;
  readonly columns: readonly (readonly [string, string])[];
  readonly kind: "" | "value" | "count" | "distinct" | "sum" | "average" | "median" | "minimum" | "maximum" | "difference" | "ratio" | "percent";
  readonly unit: Unit;
  readonly is_certain: boolean;
  readonly texts: readonly string[];
}


/** One's password, and the one to have from now on. */
export interface PasswordChange {
  readonly old: string;
  readonly new: string;
}


/** Who somebody says they are. */
export interface PasswordLogin {
  readonly email: string;
  readonly password: string;
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
  readonly answer: ProbeAnswer | null;
  readonly speed: Speed | null;
  readonly private: PrivateProof | null;
  readonly proof: "direct" | "egress" | "unverified" | "cache" | null;
}


/** A question and the SQL that a person knows to answer it. */
export interface Pinned {
  readonly kind: "pinned";
  readonly question: string;
  readonly sql: string;
}


/** Where rows stand in an order: `places` count from 0, and `rows` are the ids of the rows there. */
export interface Places {
  readonly rows: readonly number[];
  readonly places: readonly number[];
  readonly count: number;
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


/** What the probe's answer was like; equal on every path to the same deployment. */
export interface ProbeAnswer {
  readonly model: string;
  readonly finish_reason: string;
  readonly called_tool: boolean;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly adapted: readonly string[];
  readonly text_digest: string;
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


/** A query that ran: as it was run, on which version, what it gave and what that stands on. */
export interface Queried {
  readonly sql: string;
  readonly version: string;
  readonly result: Result;
  readonly basis: Basis;
}


/** A window of a tab: `rows[0][0]` is the cell in row `top` and column `left`, both from 1; blank cells are None. */
export interface RawCells {
  readonly tab: string;
  readonly top: number;
  readonly left: number;
  readonly rows: readonly (readonly (string | null)[])[];
  readonly last_row: number;
  readonly last_column: number;
}


/** One way to read an ambiguous column, with an example of what it makes of a value. */
export interface Reading {
  readonly name: string;
  readonly type: "text" | "integer" | "decimal" | "boolean" | "date" | "datetime" | "time";
  readonly example: string;
}


/** A cell whose value an edit would change; dates are ISO texts, errors their Excel text. */
export interface Recalculated {
  readonly tab: string;
  readonly cell: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly is_checked: boolean;
}


/** Give a column another header, and the SQL name that follows from it. */
export interface RenameColumn {
  readonly kind: "rename_column";
  readonly table: string;
  readonly column: string;
  readonly label: string;
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
  readonly only: string;
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


/** Read a column as another type; what does not parse is counted, and its text is kept beside it. */
export interface RetypeColumn {
  readonly kind: "retype_column";
  readonly table: string;
  readonly column: string;
  readonly type: "text" | "integer" | "decimal" | "boolean" | "date" | "datetime" | "time";
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
  readonly more: number;
}


/** Which rows of a table a query's conditions select; ids are row numbers of the tab. */
export interface RowsUsed {
  readonly table: string;
  readonly rows: number;
  readonly first: number | null;
  readonly last: number | null;
}


/** The rules that hold for a role. */
export interface RulesEntry {
  readonly role: "viewer" | "editor";
  readonly tables: readonly TableRuleWanted[];
}


/** What a role sees of a sheet; tables without a rule are seen whole. */
export interface RulesWanted {
  readonly tables: readonly TableRuleWanted[];
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


/** What an API token may be used for; a person's session has all. */
export type Scope = "read" | "ask" | "edit" | "decide" | "model" | "admin";


/** What a person marked in the grid when asking. */
export interface Selection {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly number[];
}


/** A browser that is logged in; `agent` is what it calls itself. */
export interface SessionOfMine {
  readonly id: string;
  readonly agent: string;
  readonly created_at: string;
  readonly seen_at: string;
  readonly is_this: boolean;
}


/** Give some cells a value each. */
export interface SetCells {
  readonly kind: "set";
  readonly table: string;
  readonly cells: readonly CellValue[];
}


/** One thing wrong with the settings. */
export interface SettingsProblem {
  readonly key: string;
  readonly cause: string;
  readonly reason: string;
  readonly fix: string;
}


/** With whom a sheet is shared, and as what. */
export interface ShareEntry {
  readonly user_id: string;
  readonly name: string;
  readonly email: string;
  readonly role: "viewer" | "editor";
  readonly created_at: string;
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
  readonly workspace_id: string;
  readonly role: "viewer" | "editor" | "owner";
  readonly is_partial: boolean;
}


/** A sheet's head after edits, and what they changed. */
export interface SheetHead {
  readonly sheet_id: string;
  readonly version: string;
  readonly changes: readonly Change[];
  readonly formulas: Impact;
}


/** The last that is heard: who listens does not see the sheet any more, or not as they did. */
export interface SheetHidden {
  readonly kind: "hidden";
  readonly sheet_id: string;
  readonly version: string;
  readonly code: string;
  readonly what: string;
  readonly fix: string;
}


/** The list of the sheets that are seen is another one than before. */
export interface SheetsChanged {
  readonly kind: "sheets";
  readonly sheet_id: string;
  readonly version: string;
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


/** What a user, or a job of theirs, spent of a day (UTC). */
export interface Spending {
  readonly day: string;
  readonly user: string;
  readonly job: string;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cost: number;
  readonly unpriced_calls: number;
}


/** The table in these cells is two: the second starts `at` a row (`12`) or a column (`F`). */
export interface Split {
  readonly kind: "split";
  readonly cells: string;
  readonly at: string;
}


/** A cell that an edit reaches and that is not recalculated: it keeps its value. */
export interface Stale {
  readonly tab: string;
  readonly cell: string;
  readonly value: unknown;
  readonly reason: string;
}


/** A proposal and what became of it. */
export interface Standing {
  readonly proposal: EditProposal | AiColumnProposal;
  readonly turn: string;
  readonly state: "open" | "applied" | "declined" | "undone";
  readonly by: string;
  readonly at: string | null;
  readonly version: string;
  readonly job: string;
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


/** Nothing is new; the connection holds. */
export interface StillHere {
  readonly kind: "here";
  readonly sheet_id: string;
  readonly version: string;
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


/** A table stands in these cells, its first `header_rows` rows name the columns; `A4:D` ends where the data end. */
export interface TableAt {
  readonly kind: "table";
  readonly cells: string;
  readonly header_rows: number;
}


/** What of a table is seen: the rows that fulfil every condition, without the hidden columns. */
export interface TableRuleWanted {
  readonly table: string;
  readonly hidden: readonly string[];
  readonly rows: readonly Filter[];
}


/** How many rows and columns of a table are seen, of how many. */
export interface TableSeen {
  readonly table: string;
  readonly rows: number;
  readonly of_rows: number;
  readonly columns: number;
  readonly of_columns: number;
}


/** A word of the people who use the sheet, and what it means there. */
export interface Term {
  readonly kind: "term";
  readonly term: string;
  readonly meaning: string;
}


/** A new API token with its secret, which is shown this once. */
export interface TokenMade {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly workspace_id: string;
  readonly created_at: string;
  readonly expires_at: string;
  readonly used_at: string | null;
  readonly token: string;
}


/** An API token; without a workspace it is for all of them. */
export interface TokenOfMine {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly workspace_id: string;
  readonly created_at: string;
  readonly expires_at: string;
  readonly used_at: string | null;
}


/** What a new API token is to be for. */
export interface TokenWanted {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly workspace_id: string;
  readonly days: number;
}


/** A formula worth telling of. */
export interface Told {
  readonly tab: string;
  readonly cell: string;
  readonly formula: string;
  readonly trait: "volatile" | "dynamic" | "external" | "web" | "ai" | "array" | "unreadable" | "circular";
}


/** A tool's answer: `content` is what the model reads; a query carries its handle, SQL, result and what it stands on. */
export interface ToolAnswered {
  readonly kind: "tool_answered";
  readonly turn: string;
  readonly call_id: string;
  readonly tool: string;
  readonly content: string;
  readonly is_error: boolean;
  readonly handle: string | null;
  readonly sql: string | null;
  readonly purpose: string;
  readonly version: string;
  readonly result: Result | null;
  readonly basis: Basis;
  readonly chart: Chart | null;
  readonly proposal: EditProposal | AiColumnProposal | null;
  readonly options: readonly Option[];
  readonly milliseconds: number;
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


/** A column is of this type, and where that has several readings, read this way; `column` is its header as written. */
export interface TypeSaid {
  readonly column: string;
  readonly type: "text" | "integer" | "decimal" | "boolean" | "date" | "datetime" | "time";
  readonly reading: string;
}


/** What the numbers of a column count: a currency, a percentage, a physical unit, and the scale that a caption names. */
export interface Unit {
  readonly currency: string;
  readonly symbol: string;
  readonly is_percent: boolean;
  readonly scale: number;
}


/** An upload as it stands: `offset` bytes of `size` are here. */
export interface Upload {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly offset: number;
  readonly expires_at: string;
}


/** Tokens as the provider counted them; `cached_tokens` are part of the input tokens. */
export interface Usage {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cached_tokens: number;
}


/** What to change of an account; what is left out stays. */
export interface UserChange {
  readonly is_active: boolean | null;
  readonly is_admin: boolean | null;
}


/** An account. */
export interface UserEntry {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly is_admin: boolean;
  readonly is_active: boolean;
  readonly has_password: boolean;
  readonly created_at: string;
  readonly seen_at: string | null;
}


/** The result of an import: deterministic for (parser, content). */
export interface Workbook {
  readonly parser: string;
  readonly content_sha256: string;
  readonly tables: readonly Table[];
  readonly warnings: readonly string[];
  readonly shapes: Readonly<Record<string, string>>;
  readonly corrections: Readonly<Record<string, unknown>>;
  readonly formulas: Formulas;
}


/** What a workspace is called. */
export interface WorkspaceName {
  readonly name: string;
}


/** A workspace, and what one is in it. */
export interface WorkspaceOfMine {
  readonly id: string;
  readonly name: string;
  readonly role: "viewer" | "editor" | "owner";
}


/** Live only: a piece of the model's text. */
export interface Wrote {
  readonly kind: "wrote";
  readonly turn: string;
  readonly text: string;
  readonly is_all: boolean;
}


export type SheetEvent = HeadMoved | ChatsChanged | SheetsChanged | StillHere | SheetHidden | JobChanged;


export type ImportEvent = ImportProgress | Imported | ImportFailed | ImportCancelled;


export type ChatEvent = Asked | ModelReplied | Nudged | ToolAnswered | Answered | Failed | Cancelled | Decided;


export type LiveEvent = Wrote | StepRestarted | AccessEnded;


export type DoctorEvent = RungSeen | Examined | ExaminationFailed;
