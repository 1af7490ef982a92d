import { expect, test } from 'vitest';

import type { Comment, GitLab } from '../../../src/domain/gitlab/gitlab.ts';
import type { MergeRequestIid, ProjectId } from '../../../src/domain/shared/ids.ts';
import type { CommentJob, MailJob } from '../../../src/domain/jobs/job.ts';
import type { MailFailure } from '../../../src/domain/report/mailer.ts';
import { fail, ok, type Result } from '../../../src/domain/shared/result.ts';
import type { UpstreamFailure } from '../../../src/domain/shared/upstream-failure.ts';
import { sendComment, sendMail } from '../../../src/handlers/jobs/deliver-message.ts';

const onMergeRequest: CommentJob = {
  kind: 'comment',
  projectId: 7 as ProjectId,
  place: { kind: 'merge-request', iid: 3 as MergeRequestIid },
  marker: 'aic-bot:deployment:1',
  body: 'deployed',
};
const mail: MailJob = {
  kind: 'mail',
  mail: { messageId: 'one@bot', to: ['ada@example.com'], subject: 'one', html: '<p>', text: 'x' },
};

/** A GitLab that takes comments only. */
function gitlabThat(answer: Result<void, UpstreamFailure>) {
  const put: { readonly on: unknown; readonly comment: Comment; readonly fresh: boolean }[] = [];
  const gitlab: Pick<GitLab, 'putComment'> = {
    putComment: (_project, on, comment, fresh) => {
      put.push({ on, comment, fresh });
      return Promise.resolve(answer);
    },
  };
  return { gitlab, put };
}

test('a comment on a merge request is looked for before it is made: an earlier try may have made it', async () => {
  const { gitlab, put } = gitlabThat(ok(undefined));
  expect(await sendComment(gitlab, onMergeRequest)).toEqual({ kind: 'done' });
  expect(put).toEqual([
    { on: onMergeRequest.place, comment: { marker: 'aic-bot:deployment:1', body: 'deployed' }, fresh: false },
  ]);
});

test('a comment that GitLab does not take waits or is given up by the reason', async () => {
  const failure = { system: 'GitLab', status: 500, asked: 'POST /notes', said: 'oops' } as const;
  const passing = gitlabThat(fail({ ...failure, reason: 'passing' }));
  const missing = gitlabThat(fail({ ...failure, reason: 'missing' }));
  expect(await sendComment(passing.gitlab, onMergeRequest)).toMatchObject({ kind: 'again' });
  expect(await sendComment(missing.gitlab, onMergeRequest)).toMatchObject({ kind: 'given-up' });
});

test.each<readonly [Result<void, MailFailure>, object]>([
  [ok(undefined), { kind: 'done' }],
  [fail({ reason: 'passing', said: 'try later' }), { kind: 'again', reason: 'try later' }],
  [fail({ reason: 'refused', said: 'no such user' }), { kind: 'given-up', reason: 'no such user' }],
])('a mail that the server answers with %j ends as %j', async (answer, outcome) => {
  expect(await sendMail({ send: () => Promise.resolve(answer) }, mail)).toEqual(outcome);
});
