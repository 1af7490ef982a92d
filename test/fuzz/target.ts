import type * as fc from 'fast-check';

/** Something that takes input from outside. */
export interface Target {
  readonly name: string;
  /** Gets what the target is made of, and what it is run with; `check` throws for what must not happen. */
  readonly open: () => Promise<{
    readonly property: fc.IAsyncProperty<unknown>;
    readonly close: () => Promise<void>;
  }>;
}
