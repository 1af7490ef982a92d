import type { PipelineFailure } from './select-pipelines.ts';
import { secondStamp } from '../shared/timestamps.ts';

/** The interactive branches of one pipeline that were made, found or deleted. */
export interface BranchesItem {
  readonly pipeline: string;
  /** Their names. */
  readonly branches: readonly string[];
  /** The first thing that went wrong; what is in `branches` was done all the same. */
  readonly failure: PipelineFailure | undefined;
}

/**
 * The name of an interactive branch that is made now, such as `PUSH_20260131235959`, as the Python library names it, by UTC.
 * @param at milliseconds since 1970
 */
export function interactiveBranchName(at: number): string {
  return `PUSH_${secondStamp(at)}`;
}
