import type { GitLabResult, Project } from '../../domain/gitlab/project.ts';
import type { Hook, WantedHook } from '../../domain/gitlab/webhook.ts';
import { findHook, type OwnHook } from '../../domain/setup/doctor/webhook-findings.ts';
import { hookMail, hookProblem } from '../../domain/alerts/webhook-mail.ts';
import type { Inbox } from '../../domain/jobs/inbox.ts';
import type { CatchUpJob, DueJob, JobOutcome } from '../../domain/jobs/job.ts';
import type { FailedDelivery } from '../../domain/gitlab/missed-events.ts';
import { plain } from '../../domain/report/text.ts';
import { ok } from '../../domain/shared/result.ts';
import { notYet } from './job-outcome.ts';
import { planMissed } from '../deployment/plan/queue-missing-plans.ts';
import type { BranchPorts } from '../shared/ports.ts';
import { readEvent } from '../webhook/parse-event.ts';
import { readMissedNotes } from './read-missed-notes.ts';

export interface CatchUpPorts extends BranchPorts {
  readonly inbox: Inbox;
  readonly hook: {
    /** The webhook's address; undefined where the settings do not tell it. */
    readonly url: string | undefined;
    readonly secrets: Omit<WantedHook, 'url'>;
  };
}

/** GitLab sends so many of a webhook's deliveries again in a minute. */
const resendsAtOnce = 5;
const betweenResendsMs = 61_000;
/** After more failures in a row GitLab switches a webhook off for a while, and what happens then is not even a failed delivery. */
const failuresBeforePause = 3;

/**
 * Brings in what a project's webhook could not deliver. GitLab is asked to send it again, so that it comes the usual way and is done once. Where
 * GitLab keeps no list of it, where the token may not see the list or where the list cannot be complete, comments are read instead. What keeps the webhook from
 * working is told once.
 */
export async function catchUp(ports: CatchUpPorts, job: CatchUpJob): Promise<JobOutcome> {
  const { gitlab, store, settings, clock } = ports;
  const now = clock.now();
  const project = await gitlab.project(job.projectId);
  // A project that is gone, or that the bot was taken out of, is told of by nobody any more.
  if (!project.ok) return project.failure.reason === 'missing' ? { kind: 'done' } : notYet(project.failure);
  if (!settings.serves(project.value.path)) return { kind: 'done' };
  const known = await store.knownProject(job.projectId);
  const hooks = await gitlab.hooks(job.projectId);
  if (!hooks.ok && hooks.failure.reason !== 'denied') return notYet(hooks.failure);
  const own = hooks.ok ? findHook(hooks.value, ports.hook.url, project.value.path) : undefined;
  const resent = await resendMissing(ports, project.value, own);
  if (!resent.ok) return notYet(resent.failure);
  if (!resent.value.isComplete && known?.caughtUpAt !== undefined) {
    const read = await readMissedNotes(ports, project.value, known.caughtUpAt);
    if (!read.ok) return notYet(read.failure);
  }
  const planned = await planMissed(ports, project.value);
  if (!planned.ok) return notYet(planned.failure);
  const problem =
    own === undefined
      ? undefined
      : hookProblem({
          own,
          wanted: ports.hook.secrets,
          path: project.value.path,
          isHeard: known?.heardAt !== undefined,
          isMissed: job.isMissed,
          isRefused: resent.value.isRefused,
        });
  const mails = problem === undefined ? [] : hookMail(project.value, problem, settings, now);
  const isNews = await store.saveCatchUp(
    job.projectId,
    { caughtUpAt: now, hookProblem: problem?.id },
    mails.map((mail): DueJob => ({ job: mail, dueAt: now })),
  );
  if (isNews)
    for (const { what, remedy } of problem?.what ?? [])
      ports.log.warn('webhook does not work', {
        project: project.value.path,
        what: plain(what),
        remedy: plain(remedy),
      });
  if (resent.value.left > 0) await ports.jobs.add({ job, dueAt: now + betweenResendsMs });
  return { kind: 'done' };
}

interface ResentMissing {
  /** Whether the list of failed deliveries held everything that happened. */
  readonly isComplete: boolean;
  /** Whether the bot did not accept one of them once more. */
  readonly isRefused: boolean;
  /** How many are still to be sent. */
  readonly left: number;
}

async function resendMissing(
  { gitlab, store, settings, log }: CatchUpPorts,
  project: Project,
  own: OwnHook | undefined,
): Promise<GitLabResult<ResentMissing>> {
  const nothing = { isRefused: false, left: 0 };
  if (own === undefined || 'finding' in own) return ok({ ...nothing, isComplete: false });
  const listed = await listOf({ gitlab }, project, own.hook);
  if (!listed.ok) return listed;
  if (listed.value === undefined) return ok({ ...nothing, isComplete: false });
  const isComplete = own.hook.state === 'working' && listed.value.length <= failuresBeforePause;
  const wanted = listed.value.filter(({ eventName, body, key }) => {
    const reading = readEvent(eventName, body);
    const isServed = reading.kind !== 'event' || settings.serves(reading.projectPath ?? project.path);
    return key !== undefined && reading.kind !== 'ignored' && isServed;
  });
  const accepted = await store.accepted(wanted.flatMap(({ key }) => key ?? []));
  const missing = [...new Map(wanted.map((one) => [one.key, one])).values()]
    .filter(({ key }) => key !== undefined && !accepted.has(key))
    // The newest stands first, and GitLab shall send them in the order in which they happened.
    .toReversed();
  let sent = 0;
  for (const { id, key } of missing.slice(0, resendsAtOnce)) {
    const asked = await gitlab.resend(project.id, own.hook, id);
    if (!asked.ok) return asked;
    log.info('had a delivery sent again', { project: project.path, delivery: key, outcome: asked.value });
    if (asked.value === 'not accepted') return ok({ isComplete, isRefused: true, left: 0 });
    if (asked.value === 'later') break;
    sent += 1;
  }
  return ok({ isComplete, isRefused: false, left: missing.length - sent });
}

async function listOf(
  { gitlab }: Pick<CatchUpPorts, 'gitlab'>,
  project: Project,
  hook: Hook,
): Promise<GitLabResult<readonly FailedDelivery[] | undefined>> {
  const listed = await gitlab.failedDeliveries(project.id, hook);
  return !listed.ok && listed.failure.reason === 'denied' ? ok(undefined) : listed;
}
