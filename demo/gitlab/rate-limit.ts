const minuteMs = 60_000;

/** So many calls a minute, for each key. */
export interface RateLimit {
  /** False when the minute's calls are used up; then nothing is counted. */
  take(key: string, now: Date): boolean;
  forget(): void;
}

export function createRateLimit(most: number): RateLimit {
  const taken = new Map<string, readonly number[]>();
  return {
    take(key, now) {
      const recent = (taken.get(key) ?? []).filter((at) => at > now.getTime() - minuteMs);
      if (recent.length >= most) return false;
      taken.set(key, [...recent, now.getTime()]);
      return true;
    },
    forget: () => taken.clear(),
  };
}
