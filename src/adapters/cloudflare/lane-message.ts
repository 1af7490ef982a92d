import { z } from 'zod';

import type { Delivery } from '../../domain/jobs/inbox.ts';
import type { DueJob, Job } from '../../domain/jobs/job.ts';

/** A delivery as its lane keeps it until the store has it. */
export interface HandedOver {
  readonly delivery: Delivery;
  readonly jobs: readonly DueJob[];
}

const hasKind = (value: unknown) => typeof value === 'object' && value !== null && 'kind' in value;

/** What was handed over, as JSON. Content and jobs were made by `receive-delivery.ts`, of this or an earlier version. */
export const handedOver: z.ZodType<HandedOver> = z.object({
  delivery: z
    .object({
      id: z.string(),
      receivedAt: z.number(),
      eventName: z.string(),
      digest: z.string().default(''),
      /** As earlier versions handed it over. */
      body: z.string().default(''),
      content: z.custom<Delivery['content']>(hasKind),
    })
    .transform(({ body, content, ...delivery }): Delivery => ({
      ...delivery,
      content: content.kind === 'rejected' ? { ...content, body: content.body ?? body } : content,
    })),
  jobs: z.array(z.object({ job: z.custom<Job>(hasKind), dueAt: z.number() })),
});

/** How a lane answers to what is handed over to it. */
export const keptAs = z.enum(['new', 'duplicate', 'altered']);
export type KeptAs = z.infer<typeof keptAs>;

/** A row of D1 and of a Durable Object holds 2 MB: https://developers.cloudflare.com/d1/platform/limits/. */
const mostBytes = 1_900_000;

/** What was handed over, as far as it fits into one row: without the body of what could not be read, else set aside. */
export function fitting(what: HandedOver): HandedOver {
  if (fits(what)) return what;
  const { delivery, jobs } = what;
  if (delivery.content.kind === 'rejected')
    return { delivery: { ...delivery, content: { ...delivery.content, body: '' } }, jobs };
  return setAside(what, 'it is larger than a row of the database');
}

/** In bytes: a character may take four. */
function fits(what: HandedOver): boolean {
  return new TextEncoder().encode(JSON.stringify(what)).length <= mostBytes;
}

/** What the database does not take, as something that it takes, and that somebody is told of. */
export function setAside({ delivery }: HandedOver, why: string): HandedOver {
  const { id, eventName, receivedAt } = delivery;
  const reason = `it can't be kept: ${why}`.slice(0, longestReason);
  return {
    delivery: { ...delivery, content: { kind: 'rejected', reason, body: '' } },
    jobs: [
      {
        job: { kind: 'alert', alert: { about: 'rejected', delivery: id, eventName, reason } },
        dueAt: receivedAt,
      },
    ],
  };
}

const longestReason = 500;
