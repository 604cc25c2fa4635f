/** The numbers of a selection and what they add up to. Pure. */
import type { Row } from "../grid/blocks";
import { type ColumnSpec, NUMERIC } from "../grid/model";
import { type Range, spans } from "../grid/selection";
import { cell } from "../ui/format";

/** The numbers of ranges among rows that begin at a place. */
export function numbersIn(
  ranges: readonly Range[],
  specs: readonly ColumnSpec[],
  rows: readonly Row[],
  first: number,
): readonly number[] {
  return rows.flatMap((row, index) => {
    const here = ranges.filter((one) => one.top <= first + index && first + index <= one.bottom);
    const taken = specs.filter((spec, column) => NUMERIC.has(spec.kind) && here.some((one) => spans(one, column)));
    return taken.map((spec) => row[spec.at]).filter((value) => typeof value === "number");
  });
}

/** Their sum and average as the line below the rows says it; nothing for fewer than two. */
export function totalsSaid(numbers: readonly number[]): string {
  const total = numbers.reduce((before, one) => before + one, 0);
  return numbers.length < 2 ? "" : ` · sum ${cell(total)} · average ${cell(total / numbers.length)}`;
}
