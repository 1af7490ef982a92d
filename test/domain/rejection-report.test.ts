import { expect, test } from 'vitest';

import { rejectionMail } from '../../src/domain/rejection-report.ts';
import { mailIn } from './hostile.ts';
import { mail } from './samples.ts';

const delivery = { id: 'a b@c', eventName: 'Push Hook', reason: 'project.id: expected a number' };

test('the mail about a delivery that can not be read reads like this', () => {
  const sent = mailIn(rejectionMail(delivery, mail));
  expect(sent?.subject).toBe('[Deploy] A GitLab webhook delivery could not be read');
  expect(sent?.messageId).toBe('rejected-a%20b%40c@bot.example');
  expect(sent?.text).toMatchInlineSnapshot(`
    "A webhook delivery could not be read and was not acted on: "project.id: expected a number"

    What to do:
    - If the webhook in GitLab has a custom template, remove it. Otherwise GitLab may have changed the event: update the bot. The delivery is kept in the inbox.

    delivery "a b@c"
    event "Push Hook"
    "
  `);
});

test('nobody gets a mail about a delivery where nobody is named', () => {
  expect(rejectionMail(delivery, { ...mail, mailTo: [] })).toStrictEqual([]);
});
