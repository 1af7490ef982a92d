import { commandLines } from '../../domain/commands/find-commands.ts';
import type { GitLabResult } from '../../domain/gitlab/project.ts';
import { commandJob, type CommandJob, type JobOutcome, type NoteJob } from '../../domain/jobs/job.ts';
import type { WrittenNote } from '../../domain/gitlab/missed-events.ts';
import { requestId } from '../../domain/gitlab/command-origin.ts';
import { referenceTo } from '../../domain/gitlab/comment-location.ts';
import { ok } from '../../domain/shared/result.ts';
import type { UpstreamFailure } from '../../domain/shared/upstream-failure.ts';
import { notDone } from '../jobs/job-outcome.ts';
import type { BranchPorts } from '../shared/ports.ts';

/**
 * How often it is looked for a comment that GitLab does not have: for some four minutes, at doubling pauses. A webhook may be faster than a replica of GitLab's
 * database; one that is made up costs these calls.
 */
const mostLooks = 9;
/** So many missing comments of a project are looked for again; further ones, which only somebody makes up who sends many, are looked for once. */
const mostSought = 50;

/**
 * Looks for a comment that was announced, by a webhook or otherwise, and takes up its commands once. Who wrote it, when, what it says, whether it was edited, whether it is internal and in
 * which thread it stands is what GitLab says now; the announcement gives nothing but numbers.
 */
export async function lookAtNote(ports: BranchPorts, job: NoteJob, tries: number): Promise<JobOutcome> {
  const { gitlab, store, settings, clock } = ports;
  const request = requestId(job.projectId, job);
  if (await store.isTaken(request)) return { kind: 'done' };
  const project = await gitlab.project(job.projectId);
  if (!project.ok) return notShown(ports, job, tries, project.failure);
  if (!settings.serves(project.value.path)) return { kind: 'done' };
  const note = await gitlab.note(job.projectId, job.on, job.note);
  if (!note.ok) return notShown(ports, job, tries, note.failure);
  if (note.value === undefined) return notThere(ports, job, tries);
  const command = await commandOf(ports, job, note.value);
  if (!command.ok) return notDone(command.failure);
  if (command.value !== undefined) await store.take(request, [{ job: command.value, dueAt: clock.now() }]);
  return { kind: 'done' };
}

/** What the comment asks for; undefined where that is nothing. */
async function commandOf(
  { gitlab, log }: BranchPorts,
  { projectId, on, discussion: hint, delivery }: NoteJob,
  { id, author, body, writtenAt, ...note }: WrittenNote,
): Promise<GitLabResult<CommandJob | undefined>> {
  const lines = commandLines(body);
  if (lines.length === 0 || note.isSystem) return ok(undefined);
  const self = await gitlab.self();
  if (!self.ok) return self;
  if (self.value === author) return ok(undefined);
  const copied = on.kind === 'issue' ? await gitlab.isCopied(projectId, on.iid, writtenAt) : ok(false);
  if (!copied.ok) return copied;
  if (copied.value) {
    log.info('a comment that came with its issue', { project: projectId, on: referenceTo(on), note: id });
    return ok(undefined);
  }
  const edited = note.isTouched ? await gitlab.edited(id) : ok('never' as const);
  if (!edited.ok) return edited;
  const discussion = await gitlab.discussionOf(projectId, { on, note: id }, hint);
  if (!discussion.ok) return discussion;
  const internal = note.isConfidential ? { confidential: true as const } : {};
  const origin = { on, note: id, discussion: discussion.value, author, ...internal };
  const change = edited.value === 'never' ? {} : { edited: edited.value };
  return ok(commandJob({ projectId, origin, lines, writtenAt, ...change }, delivery));
}

/** GitLab shows neither what does not exist nor what the token may not see, or where comments are switched off. */
function notShown(
  ports: BranchPorts,
  job: NoteJob,
  tries: number,
  failure: UpstreamFailure,
): JobOutcome | Promise<JobOutcome> {
  const isHidden = failure.reason === 'missing' || failure.status === 403;
  return isHidden ? notThere(ports, job, tries) : notDone(failure);
}

/** The comment is not there, or not yet. */
async function notThere(
  { store, log }: BranchPorts,
  { projectId, on, note }: NoteJob,
  tries: number,
): Promise<JobOutcome> {
  const isFlood = tries === 0 && (await store.sought(projectId)) >= mostSought;
  if (tries + 1 < mostLooks && !isFlood) return { kind: 'again', reason: 'GitLab has no such comment yet' };
  log.warn('no such comment', { project: projectId, on: referenceTo(on), note, looks: tries + 1 });
  return { kind: 'done' };
}
