import PQueue from 'p-queue';

/** Lets calls begin while not too many are under way. */
export type Bound = <Answer>(call: () => Promise<Answer>) => Promise<Answer>;

/** Bounds calls to a host beyond this process, or this run. */
export type OuterBound = (host: string, most: number) => Bound;

/**
 * At most so many calls to a host at once.
 * @param outer what bounds them beyond this process
 */
export function createBound(host: string, most: number, outer?: OuterBound): Bound {
  const queue = new PQueue({ concurrency: most });
  const beyond = outer?.(host, most);
  return (call) => queue.add(() => (beyond === undefined ? call() : beyond(call)));
}
