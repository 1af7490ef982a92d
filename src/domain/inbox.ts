import type { Event } from './event.ts';
import type { DueJob } from './job.ts';
import type { Result } from './result.ts';

/** One webhook request, as it is kept. */
export interface Delivery {
  /** `webhook-id`, else `Idempotency-Key`, else a digest: the same for every repetition of the delivery. */
  readonly id: string;
  readonly receivedAt: number;
  /** GitLab's `X-Gitlab-Event`, such as `Push Hook`. */
  readonly eventName: string;
  readonly body: string;
  readonly content:
    | { readonly kind: 'event'; readonly event: Event }
    | { readonly kind: 'rejected'; readonly reason: string };
}

/** The durable inbox: what it has accepted survives the end of the process, at any moment. */
export interface Inbox {
  /**
   * Writes the delivery and the jobs that it wakes in one transaction. When the promise resolves with `new`, both are on
   * disk; a delivery whose id is known changes nothing: it is a
   * `duplicate`, or `altered` where the body that is kept is another.
   */
  accept(
    delivery: Delivery,
    jobs: readonly DueJob[],
  ): Promise<
    Result<'new' | 'duplicate' | 'altered', { readonly reason: 'unavailable'; readonly said: string }>
  >;
}
