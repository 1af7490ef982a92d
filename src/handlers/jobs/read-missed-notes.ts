import { commandLines } from '../../domain/commands/find-commands.ts';
import type { GitLabResult, Project } from '../../domain/gitlab/project.ts';
import { noteJob, type DueJob } from '../../domain/jobs/job.ts';
import { ok } from '../../domain/shared/result.ts';
import type { BranchPorts } from '../shared/ports.ts';

/** GitLab's clock and the bot's may differ, and a comment that is read twice is carried out once. */
const overlapMs = 5 * 60_000;

/** Reads the comments since then, and has those with commands looked at as if GitLab's webhook had announced them. */
export async function readMissedNotes(
  { gitlab, jobs, clock }: BranchPorts,
  project: Project,
  caughtUpAt: number,
): Promise<GitLabResult<void>> {
  const since = caughtUpAt - overlapMs;
  const touched = await gitlab.updatedSince(project.id, since);
  if (!touched.ok) return touched;
  const found: DueJob[] = [];
  for (const on of touched.value) {
    const notes = await gitlab.notesSince(project.id, on, since);
    if (!notes.ok) return notes;
    for (const { id, body } of notes.value.toReversed()) {
      if (commandLines(body).length === 0) continue;
      const place = { projectId: project.id, on, note: id, discussion: undefined };
      found.push({ job: noteJob(place, undefined), dueAt: clock.now() });
    }
  }
  // Together, so that those of one thread begin in their order.
  await jobs.add(...found);
  return ok(undefined);
}
