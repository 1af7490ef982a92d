import type { Event } from './webhook-event.ts';
import type { DueJob } from './job.ts';
import type { Result } from '../shared/result.ts';
import { sha256Hex } from '../shared/sha256.ts';

/** One webhook request, as it is kept. */
export interface Delivery {
  /** `webhook-id`, else `Idempotency-Key`, else a digest: the same for every repetition of the delivery. */
  readonly id: string;
  readonly receivedAt: number;
  /** GitLab's `X-Gitlab-Event`, such as `Push Hook`. */
  readonly eventName: string;
  /** As `digestOf`; empty for one that an earlier version kept. */
  readonly digest: string;
  readonly content: { readonly kind: 'event'; readonly event: Event } | Rejected;
}

/** What nobody could read is the only one that is kept with its body, as far as `keptBody` goes: who mends it needs that. */
interface Rejected {
  readonly kind: 'rejected';
  readonly reason: string;
  readonly body: string;
}

/** What tells a repetition from another body under the same id. The body itself need not be kept: it holds names, addresses and comments. */
export function digestOf(eventName: string, body: string): Promise<string> {
  return sha256Hex(`${eventName}\n${body}`);
}

const mostKeptBytes = 64 * 1024;

/** The beginning of a body that could not be read, which is kept: whoever knows the webhook's secret could fill the disk with more. */
export function keptBody(body: string): string {
  const bytes = new TextEncoder().encode(body.slice(0, mostKeptBytes)).subarray(0, mostKeptBytes);
  // A character that is cut in two is left out.
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes, { stream: true });
}

/** The durable inbox: what it has accepted survives the end of the process, at any moment. */
export interface Inbox {
  /**
   * Writes the delivery and the jobs that it wakes in one transaction. When the promise resolves with `new`, both are on
   * disk; a delivery whose id is known changes nothing: it is a
   * `duplicate`, or `altered` where its body was another.
   */
  accept(
    delivery: Delivery,
    jobs: readonly DueJob[],
  ): Promise<
    Result<'new' | 'duplicate' | 'altered', { readonly reason: 'unavailable'; readonly said: string }>
  >;
}
