import { describe, expect, it } from 'vitest';

import { judgeToken } from '../../../../src/domain/setup/doctor/token-findings.ts';

const day = 24 * 60 * 60_000;
const now = Date.parse('2027-01-01T12:00:00Z');

const expiry = (expiresAt: number | undefined) =>
  judgeToken({ name: 't', scopes: ['api'], expiresAt }, now).at(-1)?.status;

describe('the expiry of a token', () => {
  it.each([
    ['none', undefined, 'fine'],
    ['in 31 days', now + 31 * day, 'fine'],
    ['in 30 days', now + 30 * day, 'warning'],
    ['within the day', now + 1, 'warning'],
    ['now', now, 'failed'],
    ['yesterday', now - day, 'failed'],
  ])('%s is judged', (_, expiresAt, status) => {
    expect(expiry(expiresAt)).toBe(status);
  });
});
