import { expect, it } from 'vitest';

import { hookUrl, isSameUrl, leadsToBot } from '../../../src/domain/gitlab/webhook.ts';

it.each([
  ['https://bot.example.com', 'https://bot.example.com/webhooks/gitlab'],
  ['https://bot.example.com/', 'https://bot.example.com/webhooks/gitlab'],
  ['https://example.com/bot/', 'https://example.com/bot/webhooks/gitlab'],
  ['https://bot.example.com/webhooks/gitlab/', 'https://bot.example.com/webhooks/gitlab'],
])('leads from %s to %s', (bot, url) => {
  expect(hookUrl(new URL(bot))).toBe(url);
  expect(leadsToBot(url)).toBe(true);
});

it('takes addresses for the same that differ in what does not matter', () => {
  expect(isSameUrl('https://Bot.example.com/a', 'https://bot.example.com:443/a/')).toBe(true);
  expect(isSameUrl('https://bot.example.com/a', 'https://bot.example.com/A')).toBe(false);
  expect(isSameUrl('https://bot.example.com/a', 'http://bot.example.com/a')).toBe(false);
  expect(isSameUrl('no address', 'no address')).toBe(true);
});
