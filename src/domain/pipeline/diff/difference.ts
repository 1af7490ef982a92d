import type { Language } from './text-diff.ts';

/** Something that differs between two versions of a pipeline, in the pipeline's own terms. Positions count from 1. */
export type Difference =
  | {
      readonly kind: 'stage-added' | 'stage-removed';
      readonly stage: string;
      readonly tasks: readonly string[];
    }
  | { readonly kind: 'stage-moved'; readonly stage: string; readonly from: number; readonly to: number }
  | { readonly kind: 'stage-renamed'; readonly from: string; readonly to: string }
  | {
      readonly kind: 'task-added' | 'task-removed';
      readonly stage: string;
      readonly task: string;
      readonly type: string;
      /** The code of an added task. */
      readonly code: readonly { readonly where: string; readonly diff: string }[];
    }
  | {
      readonly kind: 'task-moved';
      readonly task: string;
      readonly from: { readonly stage: string; readonly position: number };
      readonly to: { readonly stage: string; readonly position: number };
    }
  | { readonly kind: 'task-renamed'; readonly stage: string; readonly from: string; readonly to: string }
  /** Values that look secret are hidden. */
  | {
      readonly kind: 'variable';
      readonly id: string;
      readonly before: string | undefined;
      readonly after: string | undefined;
    }
  | { readonly kind: 'text'; readonly where: string; readonly language: Language; readonly diff: string }
  | { readonly kind: 'json'; readonly where: string; readonly diff: string }
  /** Others that are not told. */
  | { readonly kind: 'left-out'; readonly why: string };
