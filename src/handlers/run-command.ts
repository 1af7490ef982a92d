import type { AuditEntry } from '../domain/audit.ts';
import { commandAudit, type CommandEnd } from '../domain/command-audit.ts';
import { changedReport, failure, lateReport, refusal } from '../domain/command-answer.ts';
import { commandLines } from '../domain/command-lines.ts';
import { helpReport, misunderstoodReport } from '../domain/command-help.ts';
import { verbs } from '../domain/command-table.ts';
import { parseCommand, rightOf } from '../domain/command.ts';
import type { GitLabResult, MergeRequest, Project } from '../domain/gitlab.ts';
import { answerMarker, commandKey, type CommandJob, type DueJob, type JobOutcome } from '../domain/job.ts';
import { defaultPermissions } from '../domain/mapping-file.ts';
import { mappingRefusal } from '../domain/refusal-report.ts';
import { placeName } from '../domain/place.ts';
import { threadOf } from '../domain/origin.ts';
import type { Member } from '../domain/people.ts';
import type { Report } from '../domain/report.ts';
import { toComments } from '../domain/report-markdown.ts';
import { ok } from '../domain/result.ts';
import type { UpstreamFailure } from '../domain/upstream.ts';
import { lacks } from '../domain/rights.ts';
import { answered, type Ended, type Prepared } from './command-context.ts';
import { notDone } from './not-done.ts';
import type { BranchPorts } from './ports.ts';
import { prepareCommand } from './prepare-command.ts';
import { readMapping } from './view-branch.ts';

/** More in one comment are not carried out: a comment is no script, and each answer notifies people. */
const mostCommands = 20;

const begun = 'eyes';
const well = 'white_check_mark';
const badly = 'x';

/**
 * Carries out the next command of a comment: who asks, what for, may they, in which lane. The answer, and the command after it, are jobs
 * of their own. Nobody but members of the project gets an answer, or learns that there is a bot.
 */
export async function runCommand(ports: BranchPorts, job: CommandJob): Promise<JobOutcome> {
  // A run that was cut off behind its end has left everything that follows.
  if (await ports.store.isRecorded(commandKey(job))) return { kind: 'done' };
  const looked = await lookAt(ports, job);
  if (!looked.ok) return cutShort(ports, job, looked.failure);
  if (looked.value === undefined) return { kind: 'done' };
  if (looked.value === 'stranger') return refuseStranger(ports, job);
  const { project, asker, isChanged } = looked.value;
  if (isChanged) return endAll(ports, job, asker, changedReport());
  if (isLate(ports, job)) return endAll(ports, job, asker, lateReport());
  if (!job.begun) await ports.gitlab.react(project.id, job.origin, begun);
  const prepared = await prepare(ports, { job: { ...job, begun: true }, project, asker });
  if (!prepared.ok) return cutShort(ports, job, prepared.failure, asker);
  const { lane, run } = prepared.value;
  if (lane !== undefined && lane !== job.lane) {
    await ports.jobs.add({ job: { ...job, begun: true, lane }, dueAt: ports.clock.now() });
    return { kind: 'done' };
  }
  const ended = await run();
  if (ended.kind === 'stopped') return ended;
  await ports.store.record([auditOf(job, ended, asker)], after(ports, job, ended));
  return { kind: 'done' };
}

/** What is given up is not answered: there may be nowhere to answer. That somebody asked for it is kept. */
async function cutShort(
  ports: BranchPorts,
  job: CommandJob,
  reason: UpstreamFailure,
  asker?: Member,
): Promise<JobOutcome> {
  const outcome = notDone(reason);
  if (outcome.kind !== 'given-up') return outcome;
  const told = { done: false, report: failure({ kind: 'upstream', failure: reason }) };
  await ports.store.record([auditOf(job, told, asker)], []);
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
  asker: Member,
  report: Report,
): Promise<JobOutcome> {
  const all = { ...job, lines: job.lines.slice(0, job.next + 1) };
  const told = { kind: 'answered', done: false, report, isRefused: true } as const;
  await ports.store.record([auditOf(all, told, asker)], after(ports, all, told));
  return { kind: 'done' };
}

/** What somebody asked for a day ago may be the wrong thing by now. */
function isLate({ clock, settings }: BranchPorts, { begun: hasBegun, writtenAt }: CommandJob): boolean {
  return !hasBegun && writtenAt !== undefined && clock.now() - writtenAt > settings.commandMaxAgeMs;
}

interface Asked {
  readonly project: Project;
  readonly asker: Member;
}

/** A comment whose commands may be carried out, if it still reads as it did. */
interface Found extends Asked {
  readonly isChanged: boolean;
}

/** The project and who asks; undefined where nobody asked anything of the bot. */
async function lookAt(
  ports: BranchPorts,
  job: CommandJob,
): Promise<GitLabResult<Found | 'stranger' | undefined>> {
  const { gitlab, settings } = ports;
  const project = await gitlab.project(job.projectId);
  if (!project.ok) return project;
  if (!settings.serves(project.value.path)) return ok(undefined);
  const self = await gitlab.self();
  if (!self.ok) return self;
  if (self.value === job.origin.author) return ok(undefined);
  const note = await noteOf(ports, job);
  if (!note.ok) return note;
  // Whoever knows the secret of the webhook could report a comment that nobody wrote.
  if (note.value === 'missing') return ok(undefined);
  const asker = await gitlab.member(job.projectId, job.origin.author);
  if (!asker.ok) return asker;
  if (asker.value === undefined) return ok('stranger');
  return ok({ project: project.value, asker: asker.value, isChanged: note.value === 'changed' });
}

/** The comment as GitLab has it when its commands are begun: the webhook's word for it is not taken. */
async function noteOf(
  { gitlab, log }: BranchPorts,
  { projectId, origin, lines, begun: hasBegun }: CommandJob,
): Promise<GitLabResult<'same' | 'changed' | 'missing'>> {
  if (hasBegun) return ok('same');
  const shown = await gitlab.note(projectId, origin.on, origin.note);
  if (!shown.ok) return shown;
  if (shown.value?.author !== origin.author) {
    log.warn('no such comment', { note: origin.note, author: origin.author });
    return ok('missing');
  }
  const now = commandLines(shown.value.body);
  return ok(now.join('\n') === lines.join('\n') ? 'same' : 'changed');
}

async function prepare(
  ports: BranchPorts,
  { job, project, asker }: Asked & { readonly job: CommandJob },
): Promise<GitLabResult<Prepared>> {
  const line = job.lines[job.next] ?? '';
  if (job.next >= mostCommands) return ok(answered(tooMany(job.lines.length)));
  const command = parseCommand(line);
  if (!command.ok) return ok(answered(misunderstoodReport(command.failure)));
  const mapping = await readMapping(ports, project);
  if (!mapping.ok) return mapping;
  const permissions = mapping.value.ok ? mapping.value.value.permissions : defaultPermissions;
  const { verb } = command.value;
  if (verb === 'help') {
    const about = verbs.find((each) => each === command.value.subject);
    const report = helpReport(about, { level: asker.level, permissions });
    return ok(answered(report, true));
  }
  const wanted = `/aic ${verb}${command.value.words.has('force') ? ' force' : ''}`;
  const lacking = lacks(asker.level, { right: rightOf(command.value), wanted }, permissions);
  if (lacking !== undefined) return ok(answered(refusal(lacking)));
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
    place: threadOf(job.origin),
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

/** What follows a command: its answer, and the next command or the sign that all are done. */
function after(
  { clock }: BranchPorts,
  job: CommandJob,
  ended: Exclude<Ended, { kind: 'stopped' }>,
): readonly DueJob[] {
  const { projectId, origin, lines, next } = job;
  const failed = job.failed || !ended.done;
  const isLast = next + 1 >= lines.length || next >= mostCommands;
  const dueAt = clock.now();
  const answers = toComments(ended.report).map((body, index): DueJob => ({
    job: {
      kind: 'comment',
      projectId,
      place: threadOf(origin),
      marker: `${answerMarker(job)}${index === 0 ? '' : `:${index + 1}`}`,
      body,
    },
    dueAt,
  }));
  const { on, note } = origin;
  const following: DueJob = isLast
    ? { job: { kind: 'reaction', projectId, on, note, emoji: failed ? badly : well }, dueAt }
    : { job: { ...job, begun: true, failed, next: next + 1, lane: undefined }, dueAt };
  return [...(ended.jobs ?? []), ...(ended.kind === 'told' ? [] : answers), following];
}
