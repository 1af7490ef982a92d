import type { Clock } from '../../domain/shared/clock.ts';
import type { Event } from '../../domain/jobs/webhook-event.ts';
import { digestOf, keptBody, type Delivery, type Inbox } from '../../domain/jobs/inbox.ts';
import { checkTokenJob, deployJob, noteJob, planJob, type DueJob } from '../../domain/jobs/job.ts';
import type { Log } from '../../domain/shared/log.ts';
import { readEvent } from './parse-event.ts';

export interface ReceivePorts {
  readonly inbox: Inbox;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether the bot serves the project of this path. */
  readonly serves: (projectPath: string) => boolean;
}

/** A request whose sender was found to be the configured GitLab. */
export interface Received {
  readonly id: string;
  readonly eventName: string;
  readonly text: string;
  readonly body: unknown;
}

export type Receipt =
  | { readonly status: 'queued' | 'duplicate' }
  | { readonly status: 'ignored' | 'rejected' | 'unavailable'; readonly reason: string };

/**
 * How long a push waits for the merge that may have caused it. GitLab reports a merge twice, by a push and by a merge request
 * event, in any order; the push alone would look like one that nobody reviewed.
 */
export const pushWaitsMs = 15_000;

const notServed = 'the project is not in GITLAB_PROJECTS';

/** Writes a delivery down and tells what will become of it. Nothing is done here but that. */
export async function receiveDelivery(ports: ReceivePorts, received: Received): Promise<Receipt> {
  const receipt = await decideOn(ports, received);
  const reason = 'reason' in receipt ? { reason: receipt.reason } : {};
  ports.log.info('delivery', {
    delivery: received.id,
    event: received.eventName,
    status: receipt.status,
    ...reason,
  });
  return receipt;
}

async function decideOn(ports: ReceivePorts, received: Received): Promise<Receipt> {
  const reading = readEvent(received.eventName, received.body);
  const now = ports.clock.now();
  const { id, eventName, text: body } = received;
  switch (reading.kind) {
    case 'ignored':
      return { status: 'ignored', reason: reading.reason };
    case 'rejected': {
      const { reason, projectPath } = reading;
      // Whoever may add a webhook anywhere could else fill the inbox, and the operator's mailbox.
      if (projectPath === undefined || !ports.serves(projectPath)) {
        const where = projectPath === undefined ? 'it names no project' : notServed;
        return { status: 'ignored', reason: `${reason}; and ${where}` };
      }
      const alert: DueJob = {
        job: { kind: 'alert', alert: { about: 'rejected', delivery: id, eventName, reason } },
        dueAt: now,
      };
      const delivery: Delivery = {
        id,
        receivedAt: now,
        eventName,
        digest: await digestOf(eventName, body),
        content: { kind: 'rejected', reason, body: keptBody(body) },
      };
      const receipt = await accept(ports, delivery, [alert]);
      return receipt.status === 'queued' ? { status: 'rejected', reason } : receipt;
    }
    case 'event': {
      if (reading.projectPath !== undefined && !ports.serves(reading.projectPath)) {
        return { status: 'ignored', reason: notServed };
      }
      const { event } = reading;
      const digest = await digestOf(eventName, body);
      const delivery: Delivery = {
        id,
        receivedAt: now,
        eventName,
        digest,
        content: { kind: 'event', event },
      };
      return accept(ports, delivery, jobsFor(event, id, now));
    }
  }
}

function jobsFor(event: Event, delivery: string, now: number): readonly DueJob[] {
  switch (event.kind) {
    case 'commented':
      return [{ job: noteJob(event, delivery), dueAt: now }];
    case 'merged':
      return [
        { job: deployJob(event.projectId, event.branch), dueAt: now },
        { job: planJob(event), dueAt: now },
      ];
    case 'pushed':
      return [{ job: deployJob(event.projectId, event.branch), dueAt: now + pushWaitsMs }];
    case 'proposed':
      return [{ job: planJob(event), dueAt: now }];
    case 'token-expiring':
      return [{ job: checkTokenJob, dueAt: now }];
  }
}

async function accept(ports: ReceivePorts, delivery: Delivery, jobs: readonly DueJob[]): Promise<Receipt> {
  const accepted = await ports.inbox.accept(delivery, jobs);
  if (accepted.ok) {
    // GitLab never does this: somebody who knows the secret does, or something between that repeats ids.
    if (accepted.value === 'altered')
      ports.log.warn('a known delivery came with another body, and was not read', { delivery: delivery.id });
    return { status: accepted.value === 'new' ? 'queued' : 'duplicate' };
  }
  ports.log.error('the inbox could not be written', { delivery: delivery.id, said: accepted.failure.said });
  return { status: 'unavailable', reason: accepted.failure.said };
}
