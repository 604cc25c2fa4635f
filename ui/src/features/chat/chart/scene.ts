/** A chart as shapes with places: what a component only has to write down as SVG. Pure. */
import { cell } from "../../../ui/format";
import { type Channel, categories, type Drawn, nameOf, numberOf, timeOf } from "./data";
import { linear, type Scale, type Tick, temporal } from "./scale";

/** A shape; `series` picks its colour, `strength` how much of it (0 to 1), `says` what it stands for. */
export interface Shape {
  readonly kind: "bar" | "line" | "area" | "dot" | "slice";
  readonly series: number;
  readonly strength: number;
  readonly says: string;
  /** A path, or for dots and bars their box. */
  readonly path: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Axis {
  readonly title: string;
  /** In pixels along the axis. */
  readonly ticks: readonly Tick[];
  readonly hasGrid: boolean;
}

export interface Scene {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
  readonly plotWidth: number;
  readonly plotHeight: number;
  readonly shapes: readonly Shape[];
  readonly x: Axis | null;
  readonly y: Axis | null;
  readonly legend: readonly { readonly name: string; readonly series: number }[];
}

const LETTER = 6.3;
const TOP = 24;
const BOTTOM = 40;
const LONGEST = 150;
const BAR = 24;

/** An axis with places for rows: of a scale, or of one band for each category. */
interface Along {
  readonly of: (row: number) => number | null;
  /** Where a value of a scale stands, between 0 and 1. */
  readonly at: (value: number) => number;
  /** Width of a band; 0 on a scale. */
  readonly band: number;
  readonly ticks: readonly Tick[];
}

export function sceneOf(drawn: Drawn, width: number, tall = 260): Scene {
  if (drawn.mark === "arc") return slices(drawn, width, tall);
  const { x, y } = drawn;
  if (x === null || y === null) throw new Error("a chart that was read has both axes");
  const isLying = drawn.mark === "bar" && x.kind === "quantitative" && y.kind !== "quantitative";
  const bands = isLying ? categories(y, x).length * (drawn.isGrouped ? seriesOf(drawn).length : 1) : 0;
  const height = Math.max(tall, bands * BAR + TOP + BOTTOM);
  const stacked = stack(drawn, isLying);
  const plotHeight = height - TOP - BOTTOM;
  const yAlong = along(y, isLying ? x : null, drawn.mark, isLying ? null : stacked, Math.round(plotHeight / 45));
  const left = 26 + Math.min(LONGEST, LETTER * longest(yAlong.ticks));
  const plotWidth = Math.max(60, width - left - 12);
  const xAlong = along(x, isLying ? null : y, drawn.mark, isLying ? stacked : null, Math.max(2, Math.round(plotWidth / 80)));
  const placed: Placed = { drawn, x: xAlong, y: yAlong, width: plotWidth, height: plotHeight, stacked, isLying };
  return {
    width,
    height,
    left,
    top: TOP,
    plotWidth,
    plotHeight,
    shapes: shapesOf(placed),
    x: { title: x.title, ticks: thinned(xAlong, plotWidth), hasGrid: xAlong.band === 0 && (isLying || drawn.mark === "point") },
    y: {
      title: y.title,
      ticks: yAlong.ticks.map(({ at, label }) => ({
        at: (yAlong.band > 0 ? at : 1 - at) * plotHeight,
        label: short(label, LONGEST),
      })),
      hasGrid: yAlong.band === 0 && !isLying,
    },
    legend: drawn.color === null || drawn.mark === "rect" ? [] : seriesOf(drawn).map((name, series) => ({ name, series })),
  };
}

interface Placed {
  readonly drawn: Drawn;
  readonly x: Along;
  readonly y: Along;
  readonly width: number;
  readonly height: number;
  readonly stacked: readonly Span[];
  readonly isLying: boolean;
}

/** From where to where a row's mark reaches along its measure. */
interface Span {
  readonly from: number;
  readonly to: number | null;
}

function seriesOf(drawn: Drawn): string[] {
  return drawn.color === null || drawn.color.kind === "quantitative" ? [""] : categories(drawn.color, null);
}

function seriesAt(drawn: Drawn, row: number, names: readonly string[]): number {
  return drawn.color === null || names.length < 2 ? 0 : Math.max(0, names.indexOf(nameOf(drawn.color.values[row])));
}

function stack(drawn: Drawn, isLying: boolean): Span[] {
  const [by, measure] = isLying ? [drawn.y, drawn.x] : [drawn.x, drawn.y];
  const values = Array.from({ length: drawn.rows }, (_, row) => numberOf(measure?.values[row]));
  const isStacked =
    (drawn.mark === "bar" || drawn.mark === "area") && drawn.color !== null && !drawn.isGrouped && measure?.stack !== null;
  if (!isStacked) return values.map((to) => ({ from: 0, to }));
  const keys = values.map((_, row) => nameOf(by?.values[row]));
  const totals = new Map<string, number>();
  values.forEach((value, row) => {
    totals.set(keys[row] ?? "", (totals.get(keys[row] ?? "") ?? 0) + (value ?? 0));
  });
  const names = seriesOf(drawn);
  const spans: Span[] = values.map(() => ({ from: 0, to: null }));
  const reached = new Map<string, number>();
  const inOrder = values.map((_, row) => row).sort((one, other) => seriesAt(drawn, one, names) - seriesAt(drawn, other, names));
  for (const row of inOrder) {
    const value = values[row] ?? null;
    if (value === null) continue;
    const share = measure?.stack === "normalize" ? value / (totals.get(keys[row] ?? "") || 1) : value;
    const side = `${share < 0 ? "-" : "+"}${keys[row]}`;
    const from = reached.get(side) ?? 0;
    spans[row] = { from, to: from + share };
    reached.set(side, from + share);
  }
  return spans;
}

function along(channel: Channel, measure: Channel | null, mark: string, spans: readonly Span[] | null, most: number): Along {
  if (channel.kind === "nominal" || channel.kind === "ordinal") {
    const names = categories(channel, measure);
    const band = 1 / Math.max(1, names.length);
    const places = new Map(names.map((name, place) => [name, (place + 0.5) * band]));
    const ticks = names.map((name, place) => ({ at: (place + 0.5) * band, label: name }));
    return { of: (row) => places.get(nameOf(channel.values[row])) ?? null, at: () => 0, band, ticks };
  }
  if (channel.kind === "temporal") return onScale(channel.values.map(timeOf), (values) => temporal(values, most));
  const isMeasured = spans !== null && mark !== "point";
  const values = isMeasured ? spans.map((span) => span.to) : channel.values.map(numberOf);
  const isFromZero = isMeasured && mark !== "line" ? true : channel.isFromZero;
  const extra = isMeasured ? spans.map((span) => span.from) : [];
  return onScale(values, (known) => linear(isFromZero ? [...known, ...extra] : known, isFromZero, most, channel.isYear));
}

function onScale(values: readonly (number | null)[], make: (known: readonly number[]) => Scale): Along {
  const scale = make(values.filter((value) => value !== null));
  const of = (row: number) => (values[row] == null ? null : scale.of(values[row]));
  return { of, at: scale.of, band: 0, ticks: scale.ticks };
}

function shapesOf(placed: Placed): Shape[] {
  switch (placed.drawn.mark) {
    case "bar":
      return bars(placed);
    case "rect":
      return squares(placed);
    case "point":
      return dots(placed);
    default:
      return lines(placed);
  }
}

function says(drawn: Drawn, row: number): string {
  const channels = [drawn.x, drawn.color, drawn.theta, drawn.y].filter((one) => one !== null);
  return channels
    .map((one) => `${one.title}: ${one.kind === "quantitative" ? cell(one.values[row], one.title) : nameOf(one.values[row])}`)
    .join("\n");
}

function shape(kind: Shape["kind"], series: number, said: string, more: Partial<Shape> = {}): Shape {
  return { kind, series, strength: 1, says: said, path: "", x: 0, y: 0, width: 0, height: 0, ...more };
}

/** Every row with its span, where it has one. */
function rowsOf({ drawn, stacked }: Placed): { row: number; span: { from: number; to: number }; series: number }[] {
  const names = seriesOf(drawn);
  return stacked.flatMap(({ from, to }, row) =>
    to === null ? [] : [{ row, span: { from, to }, series: seriesAt(drawn, row, names) }],
  );
}

function bars(placed: Placed): Shape[] {
  const { drawn, x, y, width, height, isLying } = placed;
  const [bands, measure, room] = isLying ? [y, x, height] : [x, y, width];
  const parts = drawn.isGrouped ? seriesOf(drawn).length : 1;
  const thick = Math.max(1, Math.min(56, bands.band * room * 0.8) / parts);
  return rowsOf(placed).flatMap(({ row, span, series }) => {
    const middle = bands.of(row);
    if (middle === null) return [];
    const begin = middle * room - (thick * parts) / 2 + (drawn.isGrouped ? series * thick : 0);
    const [low, high] = [measure.at(Math.min(span.from, span.to)), measure.at(Math.max(span.from, span.to))];
    const box = isLying
      ? { x: low * width, y: begin, width: (high - low) * width, height: thick }
      : { x: begin, y: (1 - high) * height, width: thick, height: (high - low) * height };
    return [shape("bar", series, says(drawn, row), box)];
  });
}

function squares({ drawn, x, y, width, height }: Placed): Shape[] {
  const values = drawn.color?.values.map(numberOf) ?? [];
  const { at } = onScale(values, (known) => linear(known, false, 4));
  return values.flatMap((value, row) => {
    const [across, down] = [x.of(row), y.of(row)];
    if (value === null || across === null || down === null) return [];
    const box = { width: x.band * width - 1, height: y.band * height - 1 };
    const place = { x: (across - x.band / 2) * width, y: (down - y.band / 2) * height };
    return [shape("bar", 0, says(drawn, row), { ...box, ...place, strength: 0.08 + 0.92 * at(value) })];
  });
}

function dots({ drawn, x, y, width, height }: Placed): Shape[] {
  const names = seriesOf(drawn);
  const strengths =
    drawn.color?.kind === "quantitative" ? onScale(drawn.color.values.map(numberOf), (known) => linear(known, false, 4)) : null;
  return Array.from({ length: drawn.rows }, (_, row) => row).flatMap((row) => {
    const [across, down] = [x.of(row), y.of(row)];
    if (across === null || down === null) return [];
    const place = { x: across * width, y: (y.band > 0 ? down : 1 - down) * height, width: 4, height: 4 };
    const strength = strengths === null ? 0.75 : 0.15 + 0.85 * (strengths.of(row) ?? 0);
    return [shape("dot", seriesAt(drawn, row, names), says(drawn, row), { ...place, strength })];
  });
}

function lines(placed: Placed): Shape[] {
  const { drawn, x, y, width, height } = placed;
  const all = rowsOf(placed);
  const names = seriesOf(drawn);
  return [...new Set(all.map((one) => one.series))].flatMap((series) => {
    const points = all
      .filter((one) => one.series === series)
      .flatMap(({ row, span }) => {
        const across = x.of(row);
        return across === null
          ? []
          : [{ row, x: across * width, low: (1 - y.at(span.from)) * height, high: (1 - y.at(span.to)) * height }];
      })
      .sort((one, other) => one.x - other.x);
    const edge = path(points.map((point) => [point.x, point.high]));
    const back = path(points.map((point): [number, number] => [point.x, point.low]).reverse());
    const area =
      drawn.mark === "area" ? [shape("area", series, names[series] ?? "", { path: `${edge}L${back.slice(1)}Z` })] : [];
    const spots = points.length > 60 && drawn.mark === "area" ? [] : points;
    const size = points.length > 60 ? 1.5 : 3;
    const marks = spots.map((point) =>
      shape("dot", series, says(drawn, point.row), { x: point.x, y: point.high, width: size, height: size }),
    );
    return [...area, shape("line", series, names[series] ?? "", { path: edge }), ...marks];
  });
}

function path(points: readonly (readonly [number, number])[]): string {
  return points.map(([x, y], place) => `${place === 0 ? "M" : "L"}${x.toFixed(1)},${y.toFixed(1)}`).join("");
}

function slices(drawn: Drawn, width: number, tall: number): Scene {
  const values = drawn.theta?.values.map((value) => Math.max(0, numberOf(value) ?? 0)) ?? [];
  const total = values.reduce((sum, value) => sum + value, 0) || 1;
  const share = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });
  const radius = tall / 2 - TOP;
  const [middleX, middleY] = [Math.min(width / 2, radius + 24), tall / 2];
  let turned = 0;
  const shapes = values.map((value, row) => {
    const from = turned;
    turned += value / total;
    const said = `${says(drawn, row)}\n${share.format(value / total)}`;
    return shape("slice", row, said, { path: slice(middleX, middleY, radius, from, turned) });
  });
  const legend = values.map((value, row) => ({
    name: `${nameOf(drawn.color?.values[row])} ${share.format(value / total)}`,
    series: row,
  }));
  return { width, height: tall, left: 0, top: 0, plotWidth: width, plotHeight: tall, shapes, x: null, y: null, legend };
}

function slice(x: number, y: number, radius: number, from: number, to: number): string {
  const at = (part: number) => {
    const angle = 2 * Math.PI * part - Math.PI / 2;
    return `${(x + radius * Math.cos(angle)).toFixed(2)},${(y + radius * Math.sin(angle)).toFixed(2)}`;
  };
  const arc = (end: number, isLarge: boolean) => `A${radius},${radius} 0 ${isLarge ? 1 : 0} 1 ${at(end)}`;
  // a whole circle begins where it ends, and would be nothing: it is two halves
  if (to - from > 0.9999) return `M${at(from)}${arc(from + 0.5, false)}${arc(to, false)}Z`;
  return `M${x},${y}L${at(from)}${arc(to, to - from > 0.5)}Z`;
}

function longest(ticks: readonly Tick[]): number {
  return ticks.reduce((most, tick) => Math.max(most, tick.label.length), 0);
}

function short(label: string, room: number): string {
  const letters = Math.max(2, Math.floor(room / LETTER));
  return label.length <= letters ? label : `${label.slice(0, letters - 1)}…`;
}

/** The ticks of the lower axis in pixels: of many categories only each so many-th is named. */
function thinned(axis: Along, width: number): Tick[] {
  const room = axis.band === 0 ? 90 : axis.band * width;
  const each = axis.band === 0 ? 1 : Math.max(1, Math.ceil(Math.min(70, LETTER * longest(axis.ticks) + 6) / room));
  return axis.ticks
    .filter((_, place) => place % each === 0)
    .map(({ at, label }) => ({ at: at * width, label: short(label, room * each - 4) }));
}
