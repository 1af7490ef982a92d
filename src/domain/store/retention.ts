/** What is not kept for good. Each call drops some hundreds at most and tells how many, so that nobody waits long for the store. */
export interface Retention {
  /** Empties the bodies of older rejected deliveries; the deliveries themselves stay, since by them repeated ones are known. */
  dropBodies(before: number): Promise<number>;
  /** Drops older jobs that were given up: a comment or a mail may hold configs. */
  dropGivenUp(before: number): Promise<number>;
  /** Forgets what older pushes ended with. */
  dropPushes(before: number): Promise<number>;
  /** Drops older snapshots, but for those of a deployment that is running. */
  dropSnapshots(before: number): Promise<number>;
}
