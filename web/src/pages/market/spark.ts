// A small chart without axes as an SVG path. Pure.

export const SPARK_WIDTH = 120;
export const SPARK_HEIGHT = 24;
const EDGE = 2;

/** The line through values from left to right, the lowest at the bottom; a flat one is in the middle. */
export function sparkPath(values: readonly number[]): string {
  if (values.length < 2) return "";
  const low = Math.min(...values);
  const span = Math.max(...values) - low;
  const height = SPARK_HEIGHT - 2 * EDGE;
  const points = values.map((value, at) => {
    const x = (at / (values.length - 1)) * SPARK_WIDTH;
    const y = span === 0 ? SPARK_HEIGHT / 2 : EDGE + (1 - (value - low) / span) * height;
    return `${tenth(x)} ${tenth(y)}`;
  });
  return `M${points.join("L")}`;
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}
