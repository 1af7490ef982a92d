/** Work that is cut into slices: each may make so many calls, and the rest waits for the next slice. */
export interface Slices {
  /** Makes a call in this slice, or in the next one where this one is spent. */
  enter<Answer>(call: () => Promise<Answer>): Promise<Answer>;
  /** Begins a slice of so many calls. Resolves when it is spent, none of its calls is under way, and another one waits. */
  begin(calls: number): Promise<void>;
}

/** Before the first slice begins, every call waits. */
export function createSlices(): Slices {
  let left = 0;
  let underWay = 0;
  let spent = Promise.withResolvers<void>();
  const waiting: (() => void)[] = [];

  const look = () => {
    if (left === 0 && underWay === 0 && waiting.length > 0) spent.resolve();
  };
  return {
    enter: async (call) => {
      // Those that waited longer come first.
      if (left === 0 || waiting.length > 0) {
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
          look();
        });
      } else {
        left -= 1;
        underWay += 1;
      }
      try {
        return await call();
      } finally {
        underWay -= 1;
        look();
      }
    },
    begin: (calls) => {
      spent = Promise.withResolvers();
      left = calls;
      for (const go of waiting.splice(0, left)) {
        left -= 1;
        underWay += 1;
        go();
      }
      look();
      return spent.promise;
    },
  };
}
