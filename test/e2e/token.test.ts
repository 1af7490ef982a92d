import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { until } from '../../demo/person.ts';
import { setScene, type Scene } from './scene.ts';

const day = 24 * 60 * 60_000;
const denied = "[aic-bot] GitLab does not accept the bot's token";

let scene: Scene;
beforeEach(async () => {
  scene = await setScene();
});
afterEach(() => scene.close());

/** Lets the bot's token end so many days from now, and tells when that is. */
function endsIn(days: number): number {
  const date = new Date(scene.now() + days * day).toISOString().slice(0, 10);
  scene.world.gitlab.setTokenExpiry(scene.world.bot.token, date);
  return Date.parse(date);
}

const advanceTo = (moment: number) => scene.advance(moment - scene.now());

/** Waits until the token was looked at, the next look is later, and no mail is on its way. */
async function settled(): Promise<void> {
  await until(
    'the token to be looked at',
    () => {
      const jobs = scene.rows(
        `select kind, status, due_at > ${scene.now()} as later from
          (select job_json ->> 'kind' as kind, * from jobs) where kind in ('check-token', 'mail')`,
      );
      const next = { kind: 'check-token', status: 'waiting', later: 1 };
      return jobs.length === 1 && JSON.stringify(jobs[0]) === JSON.stringify(next) ? true : undefined;
    },
    15_000,
  );
}

const subjects = () => scene.world.mail.mails.map(({ subject }) => subject);
const looks = () =>
  scene.world.gitlab.calls.filter(({ path }) => path.endsWith('/personal_access_tokens/self')).length;

describe('the end of the bot’s GitLab token', () => {
  it('is mailed at 30, 14, 7, 3 and 1 days, once each, whatever restarts come between', async () => {
    const end = endsIn(40);
    let bot = await scene.start();
    await settled();
    expect(subjects()).toEqual([]);
    const expected: string[] = [];
    for (const days of [30, 14, 7, 3, 1]) {
      await advanceTo(end - days * day - 3_600_000);
      await settled();
      expect(subjects()).toEqual(expected);
      await advanceTo(end - days * day + 60_000);
      await settled();
      expected.push(`[aic-bot] The GitLab token expires in ${days === 1 ? '1 day' : `${days} days`}`);
      expect(subjects()).toEqual(expected);
      await bot.stop();
      bot = await scene.start();
      await settled();
      await scene.advance(3_600_000);
    }
    expect(subjects()).toEqual(expected);
    const [mail] = scene.world.mail.mails;
    const date = new Date(end).toISOString().slice(0, 10);
    expect(mail).toMatchObject({ to: ['data-team@example.com'] });
    expect(mail?.text).toContain(
      `The bot's GitLab token "aic-bot token" expires in 30 days, on ${date} (UTC).`,
    );
    expect(mail?.html).toContain('GITLAB_TOKEN');
  });

  it('is mailed by the nearest threshold alone when the bot was away', async () => {
    const end = endsIn(40);
    const bot = await scene.start();
    await settled();
    await bot.stop();
    await advanceTo(end - 1.5 * day);
    await scene.start();
    await settled();
    expect(subjects()).toEqual(['[aic-bot] The GitLab token expires in 2 days']);
  });

  it('is looked at when GitLab announces it, and told once however often that is', async () => {
    await scene.start();
    await settled();
    endsIn(6);
    const { gitlab, bot, mail } = scene.world;
    for (let times = 0; times < 5; times += 1) gitlab.announceTokenExpiry(scene.projectId, bot.token);
    await gitlab.deliveriesSettled();
    await mail.waitForMail(({ subject }) => subject.includes('The GitLab token expires in 6 days'), 30_000);
    await settled();
    expect(subjects()).toHaveLength(1);
  });

  it('is not mailed when another token ends', async () => {
    await scene.start();
    await settled();
    const { gitlab } = scene.world;
    const other = gitlab.addUser({ username: 'other', name: 'Another bot' });
    gitlab.setTokenExpiry(other.token, new Date(scene.now() + 2 * day).toISOString().slice(0, 10));
    const before = looks();
    gitlab.announceTokenExpiry(scene.projectId, other.token);
    await until('a look', () => (looks() > before ? true : undefined), 15_000);
    await settled();
    expect(subjects()).toEqual([]);
  });

  it('begins anew for a token that was renewed', async () => {
    const end = endsIn(40);
    await scene.start();
    await advanceTo(end - 7 * day);
    await settled();
    expect(subjects()).toEqual(['[aic-bot] The GitLab token expires in 7 days']);
    const later = endsIn(100);
    await scene.advance(6.5 * day);
    await settled();
    expect(subjects()).toHaveLength(1);
    await advanceTo(later - 7 * day);
    await settled();
    expect(subjects()).toEqual([
      '[aic-bot] The GitLab token expires in 7 days',
      '[aic-bot] The GitLab token expires in 7 days',
    ]);
  });

  it('that never comes is not mailed, and looked for each day', async () => {
    await scene.start();
    await settled();
    for (let days = 1; days <= 4; days += 1) {
      await scene.advance(day);
      await settled();
    }
    expect(looks()).toBe(5);
    expect(subjects()).toEqual([]);
  });
});

describe('a token that GitLab does not accept', () => {
  const denials = () => subjects().filter((subject) => subject === denied).length;
  const lookAgain = async () => {
    const before = looks();
    await scene.advance(15 * 60_000);
    await until('another look', () => (looks() > before ? true : undefined), 15_000);
  };

  it('is mailed once, tried again, and told of anew after it was accepted', async () => {
    endsIn(-1);
    const bot = await scene.start();
    const mail = await scene.world.mail.waitForMail(({ subject }) => subject === denied, 30_000);
    expect(mail.text).toContain('401 Token is expired');
    await lookAgain();
    await bot.stop();
    await scene.start();
    await lookAgain();
    expect(denials()).toBe(1);

    scene.world.gitlab.setTokenExpiry(scene.world.bot.token, undefined);
    await lookAgain();
    await settled();
    expect(denials()).toBe(1);

    endsIn(-1);
    await scene.advance(day);
    await until('the second mail', () => (denials() === 2 ? true : undefined), 15_000);
  });
});
