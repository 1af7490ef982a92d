import { z } from 'zod';

import type { Delivery } from '../../domain/inbox.ts';
import type { DueJob, Job } from '../../domain/job.ts';

/** A delivery as its lane keeps it until the store has it. */
export interface HandedOver {
  readonly delivery: Delivery;
  readonly jobs: readonly DueJob[];
}

const hasKind = (value: unknown) => typeof value === 'object' && value !== null && 'kind' in value;

/** What was handed over, as JSON. Content and jobs were made by `receive-delivery.ts`, of this or an earlier version. */
export const handedOver: z.ZodType<HandedOver> = z.object({
  delivery: z.object({
    id: z.string(),
    receivedAt: z.number(),
    eventName: z.string(),
    body: z.string(),
    content: z.custom<Delivery['content']>(hasKind),
  }),
  jobs: z.array(z.object({ job: z.custom<Job>(hasKind), dueAt: z.number() })),
});

/** How a lane answers to what is handed over to it. */
export const keptAs = z.enum(['new', 'duplicate', 'altered']);
export type KeptAs = z.infer<typeof keptAs>;
