import type { Clock } from '../domain/shared/clock.ts';
import type { Log, LogFields } from '../domain/shared/log.ts';
import { isSecretKey } from '../domain/secrets/secret-names.ts';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LogDeps {
  readonly level: LogLevel;
  readonly clock: Clock;
  readonly mask: (text: string) => string;
  /** Takes one line without its newline. */
  readonly write: (line: string) => void;
}

/** A log of JSON lines: `time`, `level`, `message`, then the fields. Every text is masked, last thing before it is written. */
export function createLog(deps: LogDeps, base: LogFields = {}): Log {
  const line =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (logLevels.indexOf(level) < logLevels.indexOf(deps.level)) return;
      const facts = { ...base, ...fields };
      const all = Object.entries(facts).map(([key, value]) => [
        key,
        isSecretKey(key) ? '[hidden]' : typeof value === 'string' ? deps.mask(value) : value,
      ]);
      try {
        const time = new Date(deps.clock.now()).toISOString();
        deps.write(JSON.stringify({ time, level, message: deps.mask(message), ...Object.fromEntries(all) }));
      } catch {
        // A full disk or a closed pipe must not end the work that is logged, and there is nowhere else to tell it.
      }
    };
  return {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    with: (fields) => createLog(deps, { ...base, ...fields }),
  };
}
