import type { GitLab } from '../domain/gitlab.ts';
import type { CommitCommentJob, JobOutcome, MailJob, MergeRequestCommentJob } from '../domain/job.ts';
import type { Mailer } from '../domain/mail.ts';
import { notDone } from './not-done.ts';

/** Makes the comment on a merge request or a commit read as the job says. */
export async function sendComment(
  gitlab: GitLab,
  job: MergeRequestCommentJob | CommitCommentJob,
): Promise<JobOutcome> {
  const comment = { marker: job.marker, body: job.body };
  const sent =
    job.kind === 'commit-comment'
      ? await gitlab.putCommitComment(job.projectId, job.commit, comment)
      : await gitlab.putMergeRequestComment(job.projectId, job.mergeRequest, comment, false);
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
