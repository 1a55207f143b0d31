// How long to wait before trying again: twice as long each time, and at random, so that a venue that comes
// back is not met by all of its pages at once.

export interface Backoff {
  readonly first_ms: number;
  readonly most_ms: number;
}

/** The wait before try number `failures` (from 1): between half and the whole of the doubled time. */
export function wait_ms(
  { first_ms, most_ms }: Backoff,
  failures: number,
  random: number = Math.random(),
): number {
  const whole = Math.min(most_ms, first_ms * 2 ** Math.min(failures - 1, 20));
  return Math.round(whole * (0.5 + random / 2));
}

export function pause(time_ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, time_ms));
}
