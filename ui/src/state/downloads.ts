/** What of a sheet can be downloaded, and from where. */
import type { SheetDetail, Table } from "../api/types.gen";

export interface Download {
  readonly says: string;
  readonly href: string;
}

const FORMATS = [
  ["csv", "CSV"],
  ["xlsx", "Excel"],
  ["parquet", "Parquet"],
] as const;
/** Workbooks that edits are put back into. */
const PATCHED = /\.(xlsx|xlsm)$/i;

export function downloadsOf({ sheet }: SheetDetail, table: Table): Download[] {
  const path = `api/sheets/${sheet.id}`;
  const formats = FORMATS.map(([format, name]) => ({
    says: `${table.tab} as ${name}`,
    href: `${path}/tables/${encodeURIComponent(table.id)}/export?${new URLSearchParams({ format, version: sheet.version })}`,
  }));
  const whole = { says: `${sheet.name} with its edits`, href: `${path}/original` };
  return PATCHED.test(sheet.name) && !sheet.is_partial ? [...formats, whole] : formats;
}
