import type { AuditEntry } from '../../domain/audit/audit-log.ts';
import { commandAudit, type CommandEnd } from '../../domain/audit/command-entry.ts';
import { changedReport, failure, lateReport, refusal } from '../../domain/commands/refusals.ts';
import {
  answerComments,
  keepAnswer,
  outcomeAlone,
  type KeptAnswer,
} from '../../domain/commands/command-answer.ts';
import { helpReport, misunderstoodReport } from '../../domain/commands/help-report.ts';
import { verbs } from '../../domain/commands/command-table.ts';
import { parseCommand, rightOf } from '../../domain/commands/parse-command.ts';
import type { MergeRequest } from '../../domain/gitlab/merge-request.ts';
import type { GitLabResult, Project } from '../../domain/gitlab/project.ts';
import { commandKey, type CommandJob, type DueJob, type JobOutcome } from '../../domain/jobs/job.ts';
import { defaultPermissions } from '../../domain/mapping/parse-mapping.ts';
import { mappingRefusal } from '../../domain/deployment/reports/merge-refused-report.ts';
import { placeName } from '../../domain/gitlab/comment-location.ts';
import { guardedPlace, threadOf } from '../../domain/gitlab/command-origin.ts';
import type { Member } from '../../domain/gitlab/members.ts';
import type { Report } from '../../domain/report/report.ts';
import { ok } from '../../domain/shared/result.ts';
import type { UpstreamFailure } from '../../domain/shared/upstream-failure.ts';
import { lacks } from '../../domain/commands/check-permission.ts';
import { answered, answeredForAll, type Ended, type Prepared } from './command-context.ts';
import { notDone } from '../jobs/job-outcome.ts';
import type { BranchPorts } from '../shared/ports.ts';
import { prepareCommand } from './command-registry.ts';
import { readMapping } from '../deployment/load-branch-view.ts';

/** More in one comment are not carried out: a comment is no script, and each answer notifies people. */
const mostCommands = 20;

const begun = 'eyes';
const well = 'white_check_mark';
const badly = 'x';

/**
 * Carries out the next command of a comment: who asks, may they, in which lane. The command after it, and the answer to all of them, are jobs
 * of their own. Nobody but members of the project gets an answer, or learns that there is a bot.
 */
export async function runCommand(ports: BranchPorts, job: CommandJob): Promise<JobOutcome> {
  // A run that was cut off behind its end has left everything that follows.
  if (await ports.store.isRecorded(commandKey(job))) return { kind: 'done' };
  const looked = await lookAt(ports, job);
  if (!looked.ok) return cutShort(ports, job, looked.failure);
  if (looked.value === undefined) return { kind: 'done' };
  if (looked.value === 'stranger') return refuseStranger(ports, job);
  const asked = looked.value;
  if (job.edited !== undefined) return endAll(ports, job, asked, changedReport(job.edited));
  if (isLate(ports, job)) return endAll(ports, job, asked, lateReport());
  if (!job.begun) await ports.gitlab.react(asked.project.id, job.origin, begun);
  const prepared = await prepare(ports, { ...asked, job: { ...job, begun: true } });
  if (!prepared.ok) return cutShort(ports, { ...job, begun: true }, prepared.failure, asked);
  const { lane, run } = prepared.value;
  if (lane !== undefined && lane !== job.lane) {
    await ports.jobs.add({ job: { ...job, begun: true, lane }, dueAt: ports.clock.now() });
    return { kind: 'done' };
  }
  const ended = await run();
  if (ended.kind === 'stopped') return ended;
  await ports.store.record([auditOf(job, ended, asked.asker)], after(ports, job, ended, asked));
  return { kind: 'done' };
}

/** What is given up ends the comment, with what its earlier commands came to. Before it is begun nobody waits for an answer. */
async function cutShort(
  ports: BranchPorts,
  job: CommandJob,
  reason: UpstreamFailure,
  asked?: Asked,
): Promise<JobOutcome> {
  const outcome = notDone(reason);
  if (outcome.kind !== 'given-up') return outcome;
  const report = failure({ kind: 'upstream', failure: reason });
  const ended = { kind: 'answered', done: false, report } as const;
  const last = { ...job, lines: job.lines.slice(0, job.next + 1) };
  const jobs = job.begun ? after(ports, last, ended, asked) : [];
  await ports.store.record([auditOf(job, ended, asked?.asker)], jobs);
  return outcome;
}

/** Commands of who is no member are not answered; that somebody tried is kept. */
async function refuseStranger(ports: BranchPorts, job: CommandJob): Promise<JobOutcome> {
  const told = { done: false, isRefused: true as const, report: undefined };
  await ports.store.record([auditOf(job, told, undefined)], []);
  return { kind: 'done' };
}

function deliveriesOf({ delivery }: CommandJob): readonly string[] {
  return delivery === undefined ? [] : [delivery];
}

function auditOf(
  job: CommandJob,
  ended: Pick<CommandEnd, 'done' | 'report'> & { readonly isRefused?: true },
  asker: Member | undefined,
): AuditEntry {
  const { projectId, origin, lines, next } = job;
  const line = lines[next] ?? '';
  const command = parseCommand(line);
  return commandAudit({
    key: commandKey(job),
    project: projectId,
    who: { id: origin.author, name: asker?.username },
    line,
    verb: command.ok ? command.value.verb : undefined,
    where: placeName(threadOf(origin)),
    reason: command.ok ? command.value.options.reason : undefined,
    done: ended.done,
    isRefused: ended.isRefused === true,
    report: ended.report,
    deliveries: deliveriesOf(job),
  });
}

/** Answers all commands of the comment at once, and carries none of them out. */
async function endAll(
  ports: BranchPorts,
  job: CommandJob,
  asked: Asked,
  report: Report,
): Promise<JobOutcome> {
  const all = { ...job, lines: job.lines.slice(0, job.next + 1) };
  const told = { kind: 'answered', done: false, report, isRefused: true, isForAll: true } as const;
  await ports.store.record([auditOf(all, told, asked.asker)], after(ports, all, told, asked));
  return { kind: 'done' };
}

/** What somebody asked for a day ago may be the wrong thing by now; and a comment from the future would never be late. */
function isLate({ clock, settings }: BranchPorts, { begun: hasBegun, writtenAt }: CommandJob): boolean {
  return !hasBegun && writtenAt !== undefined && Math.abs(clock.now() - writtenAt) > settings.commandMaxAgeMs;
}

interface Asked {
  readonly project: Project;
  readonly asker: Member;
}

/** The project and who asks; undefined where the project is not served any more. */
async function lookAt(
  { gitlab, settings }: BranchPorts,
  job: CommandJob,
): Promise<GitLabResult<Asked | 'stranger' | undefined>> {
  const project = await gitlab.project(job.projectId);
  if (!project.ok) return project;
  if (!settings.serves(project.value.path)) return ok(undefined);
  const asker = await gitlab.member(job.projectId, job.origin.author);
  if (!asker.ok) return asker;
  return ok(asker.value === undefined ? 'stranger' : { project: project.value, asker: asker.value });
}

async function prepare(
  ports: BranchPorts,
  { job, project, asker }: Asked & { readonly job: CommandJob },
): Promise<GitLabResult<Prepared>> {
  const line = job.lines[job.next] ?? '';
  if (job.next >= mostCommands) return ok(answeredForAll(tooMany(job.lines.length)));
  const command = parseCommand(line);
  if (!command.ok) return ok(answeredForAll(misunderstoodReport(command.failure)));
  const mapping = await readMapping(ports, project);
  if (!mapping.ok) return mapping;
  const permissions = mapping.value.ok ? mapping.value.value.permissions : defaultPermissions;
  const { verb } = command.value;
  if (verb === 'help') {
    const about = verbs.find((each) => each === command.value.subject);
    const report = helpReport(about, { level: asker.level, permissions });
    return ok(answeredForAll(report, true));
  }
  const wanted = `/aic ${verb}${command.value.words.has('force') ? ' force' : ''}`;
  const lacking = lacks(asker.level, { right: rightOf(command.value), wanted }, permissions);
  if (lacking !== undefined) return ok(answeredForAll(refusal(lacking)));
  if (!mapping.value.ok) return ok(answered(mappingRefusal(mapping.value.failure)));
  const on = await mergeRequestOf(ports, job);
  if (!on.ok) return on;
  const context = {
    ports,
    project,
    mapping: mapping.value.value,
    asker,
    request: commandKey(job),
    deliveries: deliveriesOf(job),
    place: guardedPlace(job.origin, project.isCodeOpen === true),
    on: on.value,
  };
  return ok(await prepareCommand[verb](context, command.value));
}

async function mergeRequestOf(
  { gitlab }: BranchPorts,
  { projectId, origin: { on } }: CommandJob,
): Promise<GitLabResult<MergeRequest | undefined>> {
  return on.kind === 'issue' ? ok(undefined) : gitlab.mergeRequest(projectId, on.iid);
}

function tooMany(count: number) {
  return refusal({
    what: [`This comment has ${count} commands; only the first ${mostCommands} were carried out.`],
    remedy: ['Write the others in another comment.'],
  });
}

/** What follows a command: the next one, or the answer to all and the sign that they are done. */
function after(
  { clock }: BranchPorts,
  job: CommandJob,
  ended: Exclude<Ended, { kind: 'stopped' }>,
  asked: Asked | undefined,
): readonly DueJob[] {
  const { projectId, origin, lines, next } = job;
  const failed = job.failed || !ended.done;
  const isLast = next + 1 >= lines.length || next >= mostCommands;
  const dueAt = clock.now();
  const answers = [...(job.answers ?? []), ...answerTo(job, ended)];
  const jobs = ended.jobs ?? [];
  if (!isLast) {
    const following = { ...job, begun: true, failed, answers, next: next + 1, lane: undefined };
    return [...jobs, { job: following, dueAt }];
  }
  const addressee = { origin, project: asked?.project, level: asked?.asker.level };
  const comments = answerComments(answers, addressee).map((comment): DueJob => ({
    job: { kind: 'comment', projectId, ...comment },
    dueAt,
  }));
  const { on, note } = origin;
  const sign: DueJob = {
    job: { kind: 'reaction', projectId, on, note, emoji: failed ? badly : well },
    dueAt,
  };
  return [...jobs, ...comments, sign];
}

/** A report that stands in the thread already is not repeated, but among other answers nobody shall look for it. */
function answerTo(
  { lines, next }: CommandJob,
  { kind, report, isForAll }: Exclude<Ended, { kind: 'stopped' }>,
): readonly KeptAnswer[] {
  const isAlone = lines.length === 1;
  if (kind === 'told' && isAlone) return [];
  const shown = kind === 'told' ? outcomeAlone(report) : report;
  const count = Math.min(lines.length, mostCommands + 1);
  return [keepAnswer({ line: lines[next] ?? '', report: shown, isForAll: isForAll === true }, count)];
}
