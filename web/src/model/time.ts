// Times: milliseconds since 1970 as a number of its own, and how people read them.

declare const unit: unique symbol;

/** Milliseconds since 1970-01-01 UTC. */
export type Instant = number & { readonly [unit]: "ms since 1970" };

/** The instant of an RFC 3339 text; RangeError where it is none. */
export function instant(text: string): Instant {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new RangeError(`"${text}" is no time`);
  return at as Instant;
}

export function now(): Instant {
  return Date.now() as Instant;
}

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short" });
const MINUTE = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const WHOLE = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });

/** `14:03:59` on the reader's own clock. */
export function showClock(at: Instant): string {
  return CLOCK.format(at);
}

/** `14:03`, where seconds say nothing. */
export function showMinute(at: Instant): string {
  return MINUTE.format(at);
}

/** `03 Nov`. */
export function showDay(at: Instant): string {
  return DAY.format(at);
}

/** The clock where it was today, else the day before it: `03 Nov 14:03:59`. */
export function showMoment(at: Instant, today: Instant = now()): string {
  const day = DAY.format(at);
  return day === DAY.format(today) ? showClock(at) : `${day} ${showClock(at)}`;
}

/** In full, with the zone, for titles and screen readers. */
export function showWhole(at: Instant): string {
  return WHOLE.format(at);
}

/** How long ago in the coarsest unit that says it: `4 s`, `3 min`, `2 h`. */
export function showAge(age_ms: number): string {
  const seconds = Math.max(0, Math.round(age_ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

/** A day as fields of dates write it: `2025-11-03`, or nothing. */
export type DayText = string;

export function today(at: Instant = now()): DayText {
  const date = new Date(at);
  const part = (number: number) => String(number).padStart(2, "0");
  return `${date.getFullYear()}-${part(date.getMonth() + 1)}-${part(date.getDate())}`;
}

/** Midnight on the reader's own clock at which a day begins; null where it is no day. */
export function startOfDay(day: DayText): Instant | null {
  const at = Date.parse(`${day}T00:00`);
  return Number.isNaN(at) ? null : (at as Instant);
}

/** The midnight that the day ends with, which on two days a year is not 24 hours after it began. */
export function endOfDay(day: DayText): Instant | null {
  const start = startOfDay(day);
  if (start === null) return null;
  const date = new Date(start);
  date.setDate(date.getDate() + 1);
  return date.getTime() as Instant;
}

/** As the venue reads times. */
export function wireTime(at: Instant): string {
  return new Date(at).toISOString();
}
