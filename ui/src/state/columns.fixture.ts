/** Columns for tests. */
import type { Column } from "../api/types.gen";

export function column(name: string, type: Column["type"], more: Partial<Column> = {}): Column {
  return {
    name,
    label: name[0]?.toUpperCase() + name.slice(1),
    letter: "A",
    type,
    evidence: "all cells are",
    confidence: 1,
    unit: { currency: "", symbol: "", is_percent: false, scale: 1 },
    raw: "",
    unparsed: 0,
    unparsed_examples: [],
    readings: [],
    profile: {
      nulls: 0,
      distinct: 0,
      top: [],
      minimum: null,
      median: null,
      maximum: null,
      mean: null,
      stddev: null,
      patterns: [],
      is_estimated: false,
    },
    formula: null,
    ...more,
  };
}
