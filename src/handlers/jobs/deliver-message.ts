import type { GitLab } from '../../domain/gitlab/gitlab.ts';
import type { CommentJob, JobOutcome, MailJob, ReactionJob } from '../../domain/jobs/job.ts';
import type { Mailer } from '../../domain/report/mailer.ts';
import { notDone } from './job-outcome.ts';

/** Makes the comment at its place read as the job says. */
export async function sendComment(gitlab: Pick<GitLab, 'putComment'>, job: CommentJob): Promise<JobOutcome> {
  const { projectId, place, marker, body } = job;
  const sent = await gitlab.putComment(projectId, place, { marker, body }, false);
  return sent.ok ? { kind: 'done' } : notDone(sent.failure);
}

/** Puts the emoji on the comment. */
export async function sendReaction(gitlab: Pick<GitLab, 'react'>, job: ReactionJob): Promise<JobOutcome> {
  const sent = await gitlab.react(job.projectId, job, job.emoji);
  return sent.ok ? { kind: 'done' } : notDone(sent.failure);
}

/** Hands a mail to the mail server; while that is away, the mail waits. */
export async function sendMail(mailer: Mailer, job: MailJob): Promise<JobOutcome> {
  const sent = await mailer.send(job.mail);
  if (sent.ok) return { kind: 'done' };
  switch (sent.failure.reason) {
    case 'passing':
      return { kind: 'again', reason: sent.failure.said };
    case 'refused':
      return { kind: 'given-up', reason: sent.failure.said };
  }
}
