/** The systems that the bot calls over HTTP. */
export type System = 'GitLab' | 'AIC';

/**
 * Why a call brought nothing.
 * - `passing`: time-out, cut connection, 429, 5xx or an answer that is not what the API sends; worth trying again
 * - `denied`: 401 or 403
 * - `missing`: 404
 * - `conflict`: 409
 * - `refused`: any other 4xx; trying again changes nothing
 * - `too-large`: the answer is larger than the caller allowed
 * - `stopped`: the bot is shutting down; nothing was sent
 */
export type UpstreamReason =
  'passing' | 'denied' | 'missing' | 'conflict' | 'refused' | 'too-large' | 'stopped';

/** A failed call: who was asked what, and the other side's own words, shortened and without secrets. */
export interface UpstreamFailure {
  readonly system: System;
  readonly reason: UpstreamReason;
  /** The HTTP status; undefined when there was no answer. */
  readonly status: number | undefined;
  /** Method and path without query, such as `PUT /projects/7/merge_requests/3/notes/9`. */
  readonly asked: string;
  readonly said: string;
}
