/** Facts beside a message. Values of keys that look secret are masked, and so is every known secret in any value. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Structured logging: one JSON line per call. A log never throws and never fails its caller. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log whose lines all carry these fields: how lines of one delivery, job or deployment are found together. */
  with(fields: LogFields): Log;
}
