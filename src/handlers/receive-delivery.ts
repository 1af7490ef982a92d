import type { Clock } from '../domain/clock.ts';
import type { Event } from '../domain/event.ts';
import type { Delivery, Inbox } from '../domain/inbox.ts';
import { checkTokenJob, deployJob, noteJob, planJob, type DueJob } from '../domain/job.ts';
import type { Log } from '../domain/log.ts';
import { rejectionMail } from '../domain/rejection-report.ts';
import type { MailSettings } from '../domain/report-mail.ts';
import { readEvent } from './read-event.ts';

export interface ReceivePorts {
  readonly inbox: Inbox;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether the bot serves the project of this path. */
  readonly serves: (projectPath: string) => boolean;
  readonly mail: MailSettings;
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
      const { reason } = reading;
      const mails = rejectionMail({ id, eventName, reason }, ports.mail).map((job) => ({ job, dueAt: now }));
      const delivery: Delivery = {
        id,
        receivedAt: now,
        eventName,
        body,
        content: { kind: 'rejected', reason },
      };
      const receipt = await accept(ports, delivery, mails);
      return receipt.status === 'queued' ? { status: 'rejected', reason } : receipt;
    }
    case 'event': {
      if (reading.projectPath !== undefined && !ports.serves(reading.projectPath)) {
        return { status: 'ignored', reason: 'the project is not in GITLAB_PROJECTS' };
      }
      const { event } = reading;
      const delivery: Delivery = { id, receivedAt: now, eventName, body, content: { kind: 'event', event } };
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
