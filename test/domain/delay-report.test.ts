import { expect, test } from 'vitest';

import { delayMail } from '../../src/domain/delay-report.ts';
import { deployJob } from '../../src/domain/job.ts';
import { mailIn } from './hostile.ts';
import { mail, projectId } from './samples.ts';

const job = deployJob(projectId, 'develop');
const reason = 'GitLab GET /projects/7: 401 Unauthorized';

test('the mail about a delay reads like this', () => {
  expect(mailIn(delayMail(job, reason, mail, 1_000))?.text).toMatchInlineSnapshot(`
    "Changes on "develop" wait: the bot can't look at the branch.

    What to do:
    - If this lasts, check that the bot's GitLab token is valid and may read the project. The bot tries again by itself, at growing intervals of up to 15 minutes.

    GitLab GET /projects/7: 401 Unauthorized
    project 7
    branch "develop"
    "
  `);
});

test('a later delay is another mail', () => {
  const ids = [1_000, 2_000].map((now) => mailIn(delayMail(job, reason, mail, now))?.messageId);
  expect(ids).toStrictEqual(['delayed-7-1000@bot.example', 'delayed-7-2000@bot.example']);
});

test('nobody gets a mail about a delay where nobody is named', () => {
  expect(delayMail(job, reason, { ...mail, mailTo: [] }, 1_000)).toStrictEqual([]);
});
