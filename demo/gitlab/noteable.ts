import type { Issue } from './issue.ts';
import type { MergeRequest } from './merge-request.ts';

/** What has notes: `type` tells which. */
export type Noteable = MergeRequest | Issue;
