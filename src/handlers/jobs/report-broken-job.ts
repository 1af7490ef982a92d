import {
  brokenBackMerge,
  brokenCommand,
  brokenDeployment,
  brokenPlan,
} from '../../domain/alerts/broken-job-report.ts';
import { answerComments, keepAnswer } from '../../domain/commands/command-answer.ts';
import { commandAudit } from '../../domain/audit/command-entry.ts';
import { commandLines } from '../../domain/commands/find-commands.ts';
import { parseCommand } from '../../domain/commands/parse-command.ts';
import type { Project } from '../../domain/gitlab/project.ts';
import {
  commandKey,
  type CommentJob,
  type DueJob,
  type Job,
  type JobOutcome,
  type TellBrokenJob,
  type Waiter,
} from '../../domain/jobs/job.ts';
import { threadOf } from '../../domain/gitlab/command-origin.ts';
import { placeName, type Place } from '../../domain/gitlab/comment-location.ts';
import type { Report } from '../../domain/report/report.ts';
import { toComment } from '../../domain/report/markdown.ts';
import { notDone } from './job-outcome.ts';
import { commentsOfPlan, isShown, planStatus } from '../deployment/plan/update-merge-plan.ts';
import type { BranchPorts } from '../shared/ports.ts';

type Told = Omit<TellBrokenJob, 'waits' | 'kind'> & { readonly now: number };

/** Gives whoever waits for a job that breaks off each time an end, or a word of how it stands. Told again, it says the same in the same place. */
export async function tellBroken(ports: BranchPorts, job: TellBrokenJob): Promise<JobOutcome> {
  const { waits, id, isRetried } = job;
  const project = await ports.gitlab.project(waits.projectId);
  if (!project.ok) return notDone(project.failure);
  if (!ports.settings.serves(project.value.path)) return { kind: 'done' };
  const told = { id, isRetried, now: ports.clock.now() };
  switch (waits.kind) {
    case 'command':
      return tellAsker(ports, project.value, waits, told);
    case 'plan':
      return tellReviewers(ports, project.value, waits, told);
    case 'back-merge': {
      const place = { kind: 'merge-request', iid: waits.mergeRequest } as const;
      await add(ports, [comment(waits.projectId, place, 'aic-bot:back-merge', brokenBackMerge(told))]);
      return { kind: 'done' };
    }
    case 'branch':
      return tellMerged(ports, waits, told);
    case 'note':
      return tellAuthor(ports, waits);
  }
}

/** A comment that was never taken up ends with a sign alone: there is nothing to say of commands that nobody read. */
async function tellAuthor(
  ports: BranchPorts,
  { projectId, on, note }: Extract<Waiter, { readonly kind: 'note' }>,
): Promise<JobOutcome> {
  const shown = await ports.gitlab.note(projectId, on, note);
  if (!shown.ok) return notDone(shown.failure);
  if (shown.value === undefined || commandLines(shown.value.body).length === 0) return { kind: 'done' };
  const author = await ports.gitlab.member(projectId, shown.value.author);
  if (!author.ok) return notDone(author.failure);
  if (author.value !== undefined) await add(ports, [{ kind: 'reaction', projectId, on, note, emoji: 'x' }]);
  return { kind: 'done' };
}

/** As any answer: who is no member of the project gets none. That a command was given up is kept. */
async function tellAsker(
  ports: BranchPorts,
  project: Project,
  waits: Extract<Waiter, { readonly kind: 'command' }>,
  told: Told,
): Promise<JobOutcome> {
  const { projectId, origin, line, left, delivery } = waits;
  const key = commandKey(waits);
  if (await ports.store.isRecorded(key)) return { kind: 'done' };
  const asker = await ports.gitlab.member(projectId, origin.author);
  if (!asker.ok) return notDone(asker.failure);
  const report = brokenCommand(told, left);
  const kept = keepAnswer({ line, report, isForAll: true }, waits.next + 1 + left);
  const addressee = { origin, project, level: asker.value?.level };
  const answers = answerComments([...waits.answers, kept], addressee).map((one): Job => ({
    kind: 'comment',
    projectId,
    ...one,
  }));
  if (told.isRetried) {
    if (asker.value !== undefined) await add(ports, answers);
    return { kind: 'done' };
  }
  const { on, note } = origin;
  const end: readonly Job[] = [...answers, { kind: 'reaction', projectId, on, note, emoji: 'x' }];
  const command = parseCommand(line);
  const entry = commandAudit({
    key,
    project: projectId,
    who: { id: origin.author, name: asker.value?.username },
    line,
    verb: command.ok ? command.value.verb : undefined,
    where: placeName(threadOf(origin)),
    reason: command.ok ? command.value.options.reason : undefined,
    done: false,
    isRefused: false,
    report,
    deliveries: delivery === undefined ? [] : [delivery],
  });
  await ports.store.record([entry], asker.value === undefined ? [] : due(ports, end));
  return { kind: 'done' };
}

async function tellReviewers(
  ports: BranchPorts,
  project: Project,
  { mergeRequest }: Extract<Waiter, { readonly kind: 'plan' | 'back-merge' }>,
  told: Told,
): Promise<JobOutcome> {
  const asked = await ports.gitlab.mergeRequest(project.id, mergeRequest);
  if (!asked.ok) return notDone(asked.failure);
  const request = asked.value;
  const shown = await ports.store.shownPlan(project.id, mergeRequest);
  const isPlanned =
    request?.state === 'opened' && !request.isDraft && !request.fromFork && !isShown(shown, request);
  if (!isPlanned) return { kind: 'done' };
  const bodies = [toComment(brokenPlan(told))];
  const verdict = { state: 'failed', description: `No plan: an internal error, ${told.id}` } as const;
  await add(ports, [
    ...commentsOfPlan(project, request, bodies, shown),
    ...planStatus(project, request, verdict),
  ]);
  return { kind: 'done' };
}

/** Tells where the deployment that was cut off is told of, and the merge requests that it did not reach. */
async function tellMerged(
  ports: BranchPorts,
  { projectId, branch }: Extract<Waiter, { readonly kind: 'branch' }>,
  told: Told,
): Promise<JobOutcome> {
  const key = { projectId, branch };
  const last = (await ports.store.lastDeployment(key))?.deployment;
  const running = last?.status === 'running' && last.rollsBack === undefined ? last : undefined;
  const merged = (await ports.store.waiting(key)).flatMap(({ event }): readonly Place[] =>
    event.kind === 'merged' ? [{ kind: 'merge-request', iid: event.mergeRequest }] : [],
  );
  const places = new Map(
    [...(running?.places ?? []), ...merged].map((place) => [placeName(place), place] as const),
  );
  const report = brokenDeployment(told, branch, running);
  await add(
    ports,
    [...places.values()].map((place) => comment(projectId, place, 'aic-bot:broken', report)),
  );
  return { kind: 'done' };
}

function comment(
  projectId: CommentJob['projectId'],
  place: Place,
  marker: string,
  report: Report,
): CommentJob {
  return { kind: 'comment', projectId, place, marker, body: toComment(report) };
}

function due({ clock }: BranchPorts, jobs: readonly Job[]): readonly DueJob[] {
  return jobs.map((job) => ({ job, dueAt: clock.now() }));
}

async function add(ports: BranchPorts, jobs: readonly Job[]): Promise<void> {
  if (jobs.length > 0) await ports.jobs.add(...due(ports, jobs));
}
