import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { Place as CommentPlace } from '../../src/domain/gitlab/comment-location.ts';
import type { Clock } from '../../src/domain/shared/clock.ts';
import type { EndedItem, Item, ItemState } from '../../src/domain/deployment/deployment.ts';
import type { Event, PushedEvent } from '../../src/domain/jobs/webhook-event.ts';
import type { Fingerprint } from '../../src/domain/pipeline/fingerprint.ts';
import type {
  CommitSha,
  DeploymentId,
  IssueIid,
  MergeRequestIid,
  NoteId,
  ProjectId,
  UserId,
} from '../../src/domain/shared/ids.ts';
import type { Delivery, Inbox } from '../../src/domain/jobs/inbox.ts';
import { alertId, type Alert } from '../../src/domain/alerts/alert.ts';
import {
  commandJob,
  deployJob,
  keyOf,
  noteJob,
  type DueJob,
  type Job,
  type Jobs,
} from '../../src/domain/jobs/job.ts';
import { requestId } from '../../src/domain/gitlab/command-origin.ts';
import type { RecordId } from '../../src/domain/gitlab/deployment-records.ts';
import { ok } from '../../src/domain/shared/result.ts';
import type { Closing, Scope, Store } from '../../src/domain/store/store.ts';
import type { BranchKey, BranchState, Snapshot, WorkspaceKey } from '../../src/domain/store/state.ts';

/** A job as it stands in the store. */
interface StoredJob {
  readonly id: number;
  readonly lane: string;
  readonly status: string;
  readonly dueAt: number;
  readonly tries: number;
  readonly job: Job;
}

/** A store over one place, which may be closed and opened again. */
function onRequests(...numbers: readonly number[]): readonly CommentPlace[] {
  return numbers.map((number) => ({ kind: 'merge-request', iid: number as MergeRequestIid }));
}

export interface OpenStore {
  readonly store: Store & Jobs;
  /** The same store on behalf of a lane that another process has taken. */
  readonly lost: Store & Jobs;
  readonly inbox: Inbox;
  /** How often lanes were told of new jobs. */
  readonly woken: () => number;
  /** By a connection of its own: sees only what was committed. */
  readonly jobs: () => Promise<readonly StoredJob[]>;
  readonly snapshots: () => Promise<readonly (Snapshot & { readonly deployment: DeploymentId })[]>;
  readonly deliveries: () => Promise<
    readonly { readonly id: string; readonly status: string; readonly body: string }[]
  >;
  /** Does to waiting jobs what lanes do that tried them in vain. */
  readonly again: () => Promise<void>;
  /** Does to a waiting job what a lane does that begins it. */
  readonly begin: (id: number) => Promise<void>;
  close(): Promise<void>;
}

/** Opens the same place each time within a test, and a fresh one for the next test. */
export interface Place {
  open(clock: Clock): Promise<OpenStore>;
  remove(): Promise<void>;
}

const project = 7 as ProjectId;
const provenance = {
  mergeRequests: [5 as MergeRequestIid],
  directPushes: [],
  isUnknown: false,
};
const waits = { paused: false, held: true, provenance };
const main: BranchKey = { projectId: project, branch: 'main' };
const develop: BranchKey = { projectId: project, branch: 'develop' };
const mainElsewhere: BranchKey = { projectId: 8 as ProjectId, branch: 'main' };
const workspace = { environment: 'prod', aicProject: 'PIN ANALYTICS', workspace: 'PIN FUSION 2.0' } as const;
const workspaceKey: WorkspaceKey = { projectId: project, ...workspace };

const sha = (digit: string) => digit.repeat(40) as CommitSha;
const print = (text: string) => text as Fingerprint;
const state: BranchState = {
  deployed: sha('a'),
  origin: sha('b'),
  held: false,
  reported: undefined,
  tries: 0,
};

const failedItem: EndedItem = {
  pipeline: 'Orders',
  state: { kind: 'failed', reason: { kind: 'no-key', environment: 'qa' } },
};

/** What a Store, Jobs and Inbox over one place guarantee. */
export function storeContract(newPlace: () => Promise<Place>): void {
  let place: Place;
  let opened: OpenStore;
  let now: number;
  const clock = { now: () => now };

  beforeEach(async () => {
    now = 1_000_000;
    place = await newPlace();
    opened = await place.open(clock);
  });

  afterEach(async () => {
    await opened.close();
    await place.remove();
  });

  const reopen = async () => {
    await opened.close();
    opened = await place.open(clock);
  };

  const deliveryOf = (id: string, changes: Partial<Delivery> = {}): Delivery => ({
    id,
    receivedAt: now,
    eventName: 'Push Hook',
    digest: `of ${id}`,
    content: { kind: 'event', event: pushTo(main) },
    ...changes,
  });

  const usual = {
    id: undefined,
    key: main,
    workspace,
    head: sha('c'),
    places: onRequests(3, 4),
    by: 'omar',
    reason: undefined,
    request: undefined,
  };
  const beginMain = (
    changes: { readonly id?: DeploymentId; readonly key?: BranchKey; readonly rollsBack?: DeploymentId } = {},
  ) => opened.store.begin({ ...usual, startedAt: now, ...changes });

  const closingOf = (changes: Partial<Closing> = {}): Closing => ({
    key: main,
    deliveries: [],
    state: undefined,
    deployment: undefined,
    audit: [],
    jobs: [],
    ...changes,
  });

  describe('the inbox', () => {
    test('keeps a delivery and its jobs', async () => {
      const due = { job: deployJob(project, 'main'), dueAt: now + 15_000 };
      expect(await opened.inbox.accept(deliveryOf('one'), [due])).toEqual(ok('new'));
      expect(await opened.deliveries()).toEqual([{ id: 'one', status: 'waiting', body: '' }]);
      expect(await opened.jobs()).toMatchObject([
        { lane: 'deploy:7:main', status: 'waiting', dueAt: now + 15_000, tries: 0, job: due.job },
      ]);
      expect(opened.woken()).toBe(1);
    });

    test('knows a delivery again, and changes nothing then', async () => {
      await opened.inbox.accept(deliveryOf('one'), []);
      const again = deliveryOf('one', {
        digest: 'of another',
        content: { kind: 'rejected', reason: 'odd', body: '{}' },
      });
      const due = { job: deployJob(project, 'main'), dueAt: 0 };
      const woken = opened.woken();
      expect(await opened.inbox.accept(again, [due])).toEqual(ok('altered'));
      expect(await opened.inbox.accept({ ...again, digest: 'of one' }, [due])).toEqual(ok('duplicate'));
      expect(opened.woken()).toBe(woken);
      expect(await opened.deliveries()).toEqual([{ id: 'one', status: 'waiting', body: '' }]);
      expect(await opened.jobs()).toEqual([]);
    });

    test('knows a delivery again after it was taken into account, and after the bot was started anew', async () => {
      await opened.inbox.accept(deliveryOf('one'), []);
      await opened.store.close(closingOf({ deliveries: ['one'] }));
      await reopen();
      expect(await opened.inbox.accept(deliveryOf('one'), [])).toEqual(ok('duplicate'));
      expect(await opened.inbox.accept(deliveryOf('one', { digest: 'of another' }), [])).toEqual(
        ok('altered'),
      );
      expect(await opened.store.waiting(main)).toEqual([]);
    });

    test('takes many at once, each once, with the jobs of each', async () => {
      const answers = await Promise.all(
        Array.from({ length: 250 }, (_, number) => {
          const delivery = deliveryOf(`d${number % 125}`);
          const isAltered = number >= 125 && number % 2 === 1;
          const job = deployJob(main.projectId, `branch-${number % 125}`);
          return opened.inbox.accept(isAltered ? { ...delivery, digest: 'of another' } : delivery, [
            { job, dueAt: number },
          ]);
        }),
      );
      const wanted = Array.from({ length: 250 }, (_, number) =>
        number < 125 ? 'new' : number % 2 === 1 ? 'altered' : 'duplicate',
      );
      expect(answers).toEqual(wanted.map((outcome) => ok(outcome)));
      expect(await opened.deliveries()).toHaveLength(125);
      expect((await opened.jobs()).map(({ dueAt }) => dueAt)).toEqual(
        Array.from({ length: 125 }, (_, at) => at),
      );
    });

    test('takes one of many same deliveries that come at once', async () => {
      const due = { job: deployJob(project, 'main'), dueAt: now };
      const accepted = await Promise.all(
        Array.from({ length: 20 }, () => opened.inbox.accept(deliveryOf('one'), [due])),
      );
      expect(accepted.filter((each) => each.ok && each.value === 'new')).toHaveLength(1);
      expect(await opened.deliveries()).toHaveLength(1);
    });

    test('keeps a rejected delivery with its body, which wakes nobody but the jobs given', async () => {
      const rejected = deliveryOf('odd', { content: { kind: 'rejected', reason: 'odd', body: '{"a":"ö"}' } });
      expect(await opened.inbox.accept(rejected, [])).toEqual(ok('new'));
      expect(await opened.deliveries()).toEqual([{ id: 'odd', status: 'rejected', body: '{"a":"ö"}' }]);
      expect(await opened.store.waiting(main)).toEqual([]);
    });
  });

  describe('alerts', () => {
    const alert = (delivery: string): DueJob => ({
      job: { kind: 'alert', alert: { about: 'rejected', delivery, eventName: 'x', reason: 'odd' } },
      dueAt: now,
    });
    const mailed = (alerts: readonly Alert[]): readonly Job[] => [
      {
        kind: 'mail',
        mail: {
          messageId: alerts.map(alertId).join(),
          to: ['a@example.com'],
          subject: '',
          html: '',
          text: '',
        },
      },
    ];
    const take = () => opened.store.takeAlerts('rejected', 60_000, mailed);
    const keys = async () => (await opened.jobs()).map(({ job }) => keyOf(job));

    test('of a kind that wait are taken together, those of others are not', async () => {
      const delayed = { about: 'delayed', projectId: project, branch: 'main', reason: '' } as const;
      await opened.store.add(alert('one'), alert('two'), {
        job: { kind: 'alert', alert: delayed },
        dueAt: now,
      });
      const [running] = await opened.jobs();
      await opened.begin(running?.id ?? 0);
      expect(await take()).toBeUndefined();
      expect(await keys()).toEqual(['alert:delayed:7:main', 'mail:one,two']);
    });

    test('wait until the last mail of their kind is old enough, and none is lost then', async () => {
      await opened.store.add(alert('one'));
      await take();
      now += 59_999;
      await opened.store.add(alert('two'), alert('three'));
      expect(await take()).toBe(1_060_000);
      await reopen();
      now += 1;
      await opened.store.add(alert('four'));
      expect(await take()).toBeUndefined();
      expect(await keys()).toEqual(['mail:one', 'mail:two,three,four']);
    });

    test('are taken once by several at once', async () => {
      await opened.store.add(alert('one'), alert('two'));
      await Promise.all(Array.from({ length: 5 }, take));
      expect(await keys()).toEqual(['mail:one,two']);
    });

    test('are left where they are when their mail can not be written', async () => {
      await opened.store.add(alert('one'));
      const broken = () => {
        throw new Error('no mail');
      };
      await expect(opened.store.takeAlerts('rejected', 0, broken)).rejects.toThrow('no mail');
      expect(await keys()).toEqual(['alert:rejected:one']);
      expect(await take()).toBeUndefined();
    });
  });

  describe('waiting deliveries', () => {
    test('are those of the branch, oldest first, whatever the order of arrival in the store', async () => {
      const accept = (id: string, receivedAt: number, event: Event) =>
        opened.inbox.accept(deliveryOf(id, { receivedAt, content: { kind: 'event', event } }), []);
      await accept('third', 30, pushTo(main));
      await accept('first', 10, mergeInto(main, 5));
      await accept('second', 20, pushTo(main));
      await accept('other branch', 5, pushTo(develop));
      await accept('other project', 5, pushTo(mainElsewhere));
      expect(await opened.store.waiting(main)).toEqual([
        { id: 'first', event: mergeInto(main, 5), receivedAt: 10 },
        { id: 'second', event: pushTo(main), receivedAt: 20 },
        { id: 'third', event: pushTo(main), receivedAt: 30 },
      ]);
    });

    test('of one moment keep the order of their acceptance', async () => {
      const ids = Array.from({ length: 30 }, (_, index) => `${(index * 7) % 30}`);
      for (const id of ids) await opened.inbox.accept(deliveryOf(id), []);
      expect((await opened.store.waiting(main)).map(({ id }) => id)).toEqual(ids);
    });

    test('come back as they were written', async () => {
      const removed: Event = { ...pushTo(main), before: undefined, after: undefined };
      await opened.inbox.accept(deliveryOf('one', { content: { kind: 'event', event: removed } }), []);
      const [back] = await opened.store.waiting(main);
      expect(back?.event).toEqual(removed);
    });

    test('are no more once a run has closed with them', async () => {
      await opened.inbox.accept(deliveryOf('one'), []);
      await opened.inbox.accept(deliveryOf('two'), []);
      await opened.store.close(closingOf({ deliveries: ['one', 'never seen'] }));
      expect((await opened.store.waiting(main)).map(({ id }) => id)).toEqual(['two']);
      expect(await opened.deliveries()).toMatchObject([{ status: 'finished' }, { status: 'waiting' }]);
    });
  });

  describe('jobs', () => {
    const mailJob = (subject: string): Job => ({
      kind: 'mail',
      mail: { messageId: 'one@bot', to: ['a@example.com'], subject, html: '', text: '' },
    });
    const add = (job: Job, dueAt: number) => opened.store.add({ job, dueAt });

    test('are kept until a lane takes them, and lanes are told', async () => {
      await add(mailJob('one'), 5);
      await reopen();
      expect(await opened.jobs()).toMatchObject([{ lane: 'mail', status: 'waiting', dueAt: 5, tries: 0 }]);
      await add(deployJob(project, 'main'), 5);
      expect(opened.woken()).toBe(1);
    });

    test.each([
      ['earlier', 400, 400],
      ['later', 900, 500],
    ])('of one key are one: the newer content, the earlier moment (%s)', async (_when, second, dueAt) => {
      await add(mailJob('older'), 500);
      await add(mailJob('newer'), second);
      expect(await opened.jobs()).toMatchObject([{ dueAt, status: 'waiting', job: mailJob('newer') }]);
    });

    test('of one key are in the lane that the newer one names', async () => {
      const on = { kind: 'issue', iid: 1 as IssueIid } as const;
      const origin = { on, note: 5 as NoteId, discussion: 'd', author: 9 as UserId };
      const command = commandJob(
        {
          projectId: project,
          origin,
          lines: ['/aic deploy'],
          writtenAt: 1,
        },
        'd',
      );
      await add(command, 1);
      await add({ ...command, lane: 'deploy:7:main' }, 2);
      expect(await opened.jobs()).toMatchObject([{ lane: 'deploy:7:main', job: { lane: 'deploy:7:main' } }]);
    });

    test('of different keys stay apart', async () => {
      await add(deployJob(project, 'main'), 1);
      await add(deployJob(project, 'develop'), 2);
      await add({ ...deployJob(project, 'main'), lane: 'workspace' }, 3);
      expect((await opened.jobs()).map(({ dueAt }) => dueAt)).toEqual([1, 2, 3]);
    });

    test('of the key of a running job wait beside it, as one', async () => {
      await add(mailJob('running'), 100);
      const [running] = await opened.jobs();
      await opened.begin(running?.id ?? 0);
      await add(mailJob('second'), 300);
      await add(mailJob('third'), 200);
      expect(await opened.jobs()).toMatchObject([
        { id: running?.id, status: 'running', dueAt: 100, job: mailJob('running') },
        { status: 'waiting', dueAt: 200, job: mailJob('third') },
      ]);
    });

    test('coalesce to the last content and the first moment, in any order of coming', async () => {
      const moments = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 12 });
      let run = 0;
      await fc.assert(
        fc.asyncProperty(moments, async (times) => {
          run += 1;
          const branch = `branch-${run}`;
          const jobs = times.map((_, index) => ({ ...deployJob(project, branch), seen: index }));
          for (const [index, dueAt] of times.entries())
            await add(jobs[index] ?? deployJob(project, ''), dueAt);
          const stored = (await opened.jobs()).filter(({ lane }) => lane === `deploy:7:${branch}`);
          expect(stored).toMatchObject([{ dueAt: Math.min(...times), job: jobs.at(-1) }]);
        }),
        { numRuns: 15 },
      );
    });
  });

  describe('notices', () => {
    const mailDue = (subject: string): DueJob => ({
      job: {
        kind: 'mail',
        mail: { messageId: `${subject}@bot`, to: ['a@example.com'], subject, html: '', text: '' },
      },
      dueAt: now,
    });
    const subjects = async () =>
      (await opened.jobs()).map(({ job }) => (job.kind === 'mail' ? job.mail.subject : job.kind));

    test('are given once, with the jobs that tell of them, also after a new start', async () => {
      expect(await opened.store.giveNotice('ends-7', [mailDue('first')])).toBe(true);
      expect(opened.woken()).toBe(1);
      expect(await opened.store.giveNotice('ends-7', [mailDue('second')])).toBe(false);
      expect(opened.woken()).toBe(1);
      await reopen();
      expect(await opened.store.giveNotice('ends-7', [mailDue('third')])).toBe(false);
      expect(await opened.store.giveNotice('ends-3', [mailDue('other')])).toBe(true);
      expect(await subjects()).toEqual(['first', 'other']);
    });

    test('that many give at once are given once', async () => {
      const given = await Promise.all(
        Array.from({ length: 20 }, (_, index) => opened.store.giveNotice('ends-7', [mailDue(`${index}`)])),
      );
      expect(given.filter(Boolean)).toHaveLength(1);
      expect(await subjects()).toHaveLength(1);
    });

    test('that could not be told of were not given', async () => {
      const broken: DueJob = { ...mailDue('broken'), dueAt: Number.NaN };
      await expect(opened.store.giveNotice('ends-7', [mailDue('first'), broken])).rejects.toThrow(
        /null|bigint/i,
      );
      expect(await subjects()).toEqual([]);
      expect(await opened.store.giveNotice('ends-7', [mailDue('again')])).toBe(true);
      expect(await subjects()).toEqual(['again']);
    });

    test('that are forgotten are given again, and the others not', async () => {
      await opened.store.giveNotice('denied', [mailDue('first')]);
      await opened.store.giveNotice('ends-7', []);
      await opened.store.forgetNotice('denied');
      await opened.store.forgetNotice('never given');
      expect(await opened.store.giveNotice('denied', [mailDue('second')])).toBe(true);
      expect(await opened.store.giveNotice('ends-7', [mailDue('third')])).toBe(false);
      expect(await subjects()).toEqual(['first', 'second']);
    });
  });

  describe('a branch', () => {
    test('that nobody has seen is unknown', async () => {
      expect(await opened.store.branch(main)).toBeUndefined();
      expect(await opened.store.pending(main)).toEqual([]);
      expect(await opened.store.held(project)).toEqual([]);
      expect(await opened.store.lastDeployment(main)).toBeUndefined();
    });

    test('is remembered as it was closed last, apart from others', async () => {
      await opened.store.close(closingOf({ state }));
      const later = { deployed: sha('d'), origin: sha('b'), held: true, reported: sha('e'), tries: 3 };
      await opened.store.close(closingOf({ state: later }));
      await opened.store.close(closingOf({ key: develop, state }));
      expect(await opened.store.branch(main)).toEqual(later);
      expect(await opened.store.branch(develop)).toEqual(state);
      expect(await opened.store.branch(mainElsewhere)).toBeUndefined();
      await reopen();
      expect(await opened.store.branch(main)).toEqual(later);
    });

    test('stays as it is when a run closes without a state', async () => {
      await opened.store.close(closingOf({ state }));
      await opened.store.close(closingOf());
      expect(await opened.store.branch(main)).toEqual(state);
    });

    test('is listed as held in its own project while it is', async () => {
      const held = { ...state, held: true };
      await opened.store.close(closingOf({ state: held }));
      await opened.store.close(closingOf({ key: develop, state }));
      await opened.store.close(closingOf({ key: mainElsewhere, state: held }));
      expect(await opened.store.held(project)).toEqual(['main']);
      await opened.store.close(closingOf({ state }));
      expect(await opened.store.held(project)).toEqual([]);
    });

    test('may have any name', async () => {
      const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
      await fc.assert(
        fc.asyncProperty(name, async (branch) => {
          const key = { projectId: project, branch };
          await opened.store.close(closingOf({ key, state }));
          expect(await opened.store.branch(key)).toEqual(state);
        }),
        { numRuns: 25 },
      );
    });
  });

  describe('a deployment', () => {
    const items: readonly Item[] = [
      { pipeline: 'Orders', state: { kind: 'planned', effect: 'update', desired: print('f1') } },
      { pipeline: 'Größe "x"', state: { kind: 'unchanged' } },
    ];
    const snapshot: Snapshot = {
      pipeline: 'Orders',
      fingerprint: print('f0'),
      config: '{\n  "title": "Ö"\n}\n',
    };

    test('is running from its beginning, and found as the last of its branch', async () => {
      const begun = await beginMain();
      expect(begun).toEqual({
        id: expect.any(Number),
        projectId: project,
        branch: 'main',
        workspace,
        head: sha('c'),
        places: onRequests(3, 4),
        by: 'omar',
        reason: undefined,
        status: 'running',
        startedAt: now,
        finishedAt: undefined,
      });
      expect(await opened.store.lastDeployment(main)).toEqual({ deployment: begun, items: [] });
      expect(await opened.store.lastDeployment(develop)).toBeUndefined();
      expect(await opened.store.lastDeployment(mainElsewhere)).toBeUndefined();
    });

    test('has a number of its own, higher than those before', async () => {
      const first = await beginMain();
      const other = await beginMain({ key: develop });
      const second = await beginMain();
      expect(other.id).toBeGreaterThan(first.id);
      expect(second.id).toBeGreaterThan(other.id);
      expect(await opened.store.lastDeployment(main)).toMatchObject({ deployment: { id: second.id } });
    });

    test('is taken up again under its number', async () => {
      const { id } = await beginMain();
      await opened.store.plan(id, items, []);
      await reopen();
      now += 60_000;
      const again = await opened.store.begin({
        id,
        key: main,
        workspace,
        head: sha('d'),
        places: onRequests(5),
        by: undefined,
        reason: 'late',
        request: undefined,
        startedAt: now,
      });
      expect(again).toMatchObject({
        id,
        head: sha('d'),
        places: onRequests(5),
        reason: 'late',
        status: 'running',
        startedAt: now,
      });
      expect(await opened.store.lastDeployment(main)).toMatchObject({ deployment: again });
      expect((await beginMain()).id).toBeGreaterThan(id);
    });

    test('that was cancelled stays so when it is taken up again, until it has ended', async () => {
      const { id } = await beginMain();
      await opened.store.cancel(main, 'omar');
      await reopen();
      await beginMain({ id });
      expect(await opened.store.cancelledBy(id)).toBe('omar');
      const deployment = { id, items: [], finishedAt: now, told: 'outcome', pending: [] };
      await opened.store.close(closingOf({ deployment }));
      await beginMain({ id });
      expect(await opened.store.cancelledBy(id)).toBeUndefined();
    });

    test('keeps what it is about and whose order it is when it is taken up, until it is begun for something else', async () => {
      const scope: Scope = {
        from: sha('a'),
        candidates: [{ name: 'Orders', paths: ['config/Orders.json'], base: sha('b'), provenance }],
        held: [{ pipeline: 'Parts', path: 'config/Parts.json', base: sha('a'), ...waits }],
        force: true,
        state,
      };
      const { id } = await opened.store.begin({ ...usual, startedAt: now, request: 'note:7:1:0', scope });
      await reopen();
      expect((await opened.store.lastDeployment(main))?.scope).toEqual(scope);
      await opened.store.begin({ ...usual, startedAt: now, id, scope });
      expect(await opened.store.unfinished('note:7:1:0')).toMatchObject({ id });
      await beginMain({ id });
      expect((await opened.store.lastDeployment(main))?.scope).toBeUndefined();
    });

    test('is known to run until it ends; a rollback is not asked for', async () => {
      const { id } = await beginMain();
      const { id: other } = await beginMain({ key: develop });
      await beginMain({ key: mainElsewhere });
      expect(await opened.store.running(project)).toEqual(['develop', 'main']);
      await opened.store.close(
        closingOf({ deployment: { id: other, items: [], finishedAt: now, told: 'outcome', pending: [] } }),
      );
      expect(await opened.store.running(project)).toEqual(['main']);
      await opened.store.close(
        closingOf({ deployment: { id, items: [], finishedAt: now, told: 'outcome', pending: [] } }),
      );
      await beginMain({ rollsBack: other });
      expect(await opened.store.running(project)).toEqual([]);
    });

    test('that left something pending is known to be unattended until a job looks at its branch', async () => {
      const waiting = (branch: string, paused: boolean) => ({
        ...waits,
        pipeline: 'orders',
        path: `config/${branch}.json`,
        base: sha('b'),
        paused,
      });
      for (const [branch, paused] of [
        ['a', false],
        ['x/a', false],
        ['b', true],
      ] as const) {
        const key = { projectId: project, branch };
        const { id } = await beginMain({ key });
        const deployment = {
          id,
          items: [],
          finishedAt: now,
          told: 'outcome',
          pending: [waiting(branch, paused)],
        };
        await opened.store.close(closingOf({ key, deployment }));
      }
      expect(await opened.store.unattended(project)).toEqual(['a', 'x/a']);
      await opened.store.add({ job: { ...deployJob(project, 'a'), lane: 'workspace' }, dueAt: 100 });
      expect(await opened.store.unattended(project)).toEqual(['x/a']);
      expect(await opened.store.unattended(mainElsewhere.projectId)).toEqual([]);
    });

    test('that was never begun is not taken up', async () => {
      await expect(beginMain({ id: 99 as DeploymentId })).rejects.toThrow('no result');
    });

    test('has the items of its plan, and then how each stands', async () => {
      const { id } = await beginMain();
      await opened.store.plan(id, items, [snapshot]);
      const failed: ItemState = {
        kind: 'failed',
        reason: { kind: 'no-key', environment: 'qa' },
      };
      await opened.store.saveItem(id, { pipeline: 'Orders', state: failed });
      await opened.store.saveItem(id, { pipeline: 'New', state: { kind: 'left' } });
      await reopen();
      const last = await opened.store.lastDeployment(main);
      expect(byPipeline(last?.items)).toEqual(
        byPipeline([
          { pipeline: 'Orders', state: failed },
          { pipeline: 'Größe "x"', state: { kind: 'unchanged' } },
          { pipeline: 'New', state: { kind: 'left' } },
        ]),
      );
    });

    test('that is planned again has only the items of the new plan', async () => {
      const { id } = await beginMain();
      await opened.store.plan(id, items, []);
      await opened.store.plan(id, items.slice(1), []);
      expect((await opened.store.lastDeployment(main))?.items).toEqual(items.slice(1));
    });

    test('keeps every snapshot, also those of an earlier plan', async () => {
      const { id } = await beginMain();
      const changed: Snapshot = { ...snapshot, fingerprint: print('f2'), config: '{}\n' };
      await opened.store.plan(id, items, [snapshot]);
      await opened.store.plan(id, items, [snapshot, changed]);
      await opened.store.plan(id, items, []);
      await reopen();
      expect(await opened.snapshots()).toEqual([
        { deployment: id, ...snapshot },
        { deployment: id, ...changed },
      ]);
    });

    test.each(['planned', 'writing'] as const)(
      'does not end while an item is written down as %s, whatever it is closed with',
      async (kind) => {
        await opened.inbox.accept(deliveryOf('one'), []);
        const { id } = await beginMain();
        const begun: ItemState = { kind, effect: 'create', desired: print('f') };
        await opened.store.plan(id, [failedItem, { pipeline: 'Begun', state: begun }], []);
        const deployment = { id, items: [failedItem], finishedAt: now, told: 'outcome', pending: [] };
        const close = () => opened.store.close(closingOf({ deliveries: ['one'], state, deployment }));
        await expect(close()).rejects.toThrow(`deployment ${id} can't end: Begun is still ${kind}`);
        await reopen();
        expect(await opened.store.lastDeployment(main)).toMatchObject({ deployment: { status: 'running' } });
        expect(await opened.store.branch(main)).toBeUndefined();
        expect(await opened.store.waiting(main)).toHaveLength(1);
        await opened.store.saveItem(id, { pipeline: 'Begun', state: { kind: 'unchanged' } });
        await close();
        expect(await opened.store.lastDeployment(main)).toMatchObject({ deployment: { status: 'failed' } });
      },
    );

    test('ends with the status of its items, and leaves what is pending on its branch alone', async () => {
      const { id } = await beginMain();
      const close = (key: BranchKey, pending: readonly string[]) =>
        opened.store.close(
          closingOf({
            key,
            deployment: {
              id,
              items: [failedItem],
              finishedAt: now + 5,
              told: 'outcome',
              pending: pending.map((pipeline) => ({
                pipeline,
                path: `config/${pipeline}.json`,
                base: sha('b'),
                ...waits,
              })),
            },
          }),
        );
      await close(develop, ['Other']);
      await close(main, ['Orders', 'Parts']);
      expect(await opened.store.pending(main)).toHaveLength(2);
      await close(main, ['Parts']);
      expect(await opened.store.pending(main)).toEqual([
        { pipeline: 'Parts', path: 'config/Parts.json', base: sha('b'), ...waits },
      ]);
      expect(await opened.store.pending(develop)).toEqual([
        { pipeline: 'Other', path: 'config/Other.json', base: sha('b'), ...waits },
      ]);
      expect(await opened.store.lastDeployment(main)).toMatchObject({
        deployment: { id, status: 'failed', finishedAt: now + 5, told: 'outcome' },
      });
      await opened.store.close(closingOf({ state }));
      expect(await opened.store.pending(main)).toHaveLength(1);
      await opened.store.close(closingOf({ pending: [] }));
      expect(await opened.store.pending(main)).toEqual([]);
    });
  });

  describe('baselines', () => {
    const saved = (pipeline: string): Item => ({ pipeline, state: { kind: 'unchanged' } });

    test('are what the workspace was last seen to hold, for the pipelines asked for', async () => {
      const { id } = await beginMain();
      const holds = (fingerprint: string) => ({ key: workspaceKey, fingerprint: print(fingerprint) });
      await opened.store.saveItem(id, saved('Orders'), holds('f1'));
      await opened.store.saveItem(id, saved('Parts'), holds('f2'));
      await opened.store.saveItem(id, saved('Orders'), holds('f3'));
      await opened.store.saveItem(id, saved('Parts'));
      await reopen();
      expect(await opened.store.baselines(workspaceKey, ['Orders', 'Parts', 'None'])).toEqual(
        new Map([
          ['Orders', { fingerprint: 'f3', blob: undefined }],
          ['Parts', { fingerprint: 'f2', blob: undefined }],
        ]),
      );
      expect(await opened.store.baselines(workspaceKey, ['Parts'])).toEqual(
        new Map([['Parts', { fingerprint: 'f2', blob: undefined }]]),
      );
      expect(await opened.store.baselines(workspaceKey, [])).toEqual(new Map());
    });

    test.each<readonly [string, Partial<WorkspaceKey>]>([
      ['GitLab project', { projectId: 8 as ProjectId }],
      ['environment', { environment: 'qa' }],
      ['AIC project', { aicProject: 'OTHER' }],
      ['workspace', { workspace: 'PIN FUSION 2.0 QA' }],
    ])('are not shared with another %s', async (_what, changes) => {
      const { id } = await beginMain();
      const other = { ...workspaceKey, ...changes };
      await opened.store.saveItem(id, saved('Orders'), { key: workspaceKey, fingerprint: print('f1') });
      expect(await opened.store.baselines(other, ['Orders'])).toEqual(new Map());
      await opened.store.saveItem(id, saved('Orders'), { key: other, fingerprint: print('f2') });
      expect(await opened.store.baselines(workspaceKey, ['Orders'])).toEqual(
        new Map([['Orders', { fingerprint: 'f1', blob: undefined }]]),
      );
    });
  });

  test('2,000 pipelines go through every call', async () => {
    const names = Array.from({ length: 2_000 }, (_, index) => `pipeline ${index}`);
    const { id } = await beginMain();
    const planned: readonly Item[] = names.map((pipeline) => ({ pipeline, state: { kind: 'unchanged' } }));
    const snapshots = names.map((pipeline) => ({ pipeline, fingerprint: print(pipeline), config: '{}' }));
    await opened.store.plan(id, planned, snapshots);
    expect((await opened.store.lastDeployment(main))?.items).toHaveLength(2_000);
    const first = { key: workspaceKey, fingerprint: print('f') };
    await opened.store.saveItem(id, { pipeline: 'pipeline 1999', state: { kind: 'unchanged' } }, first);
    expect(await opened.store.baselines(workspaceKey, names)).toEqual(
      new Map([['pipeline 1999', { fingerprint: 'f', blob: undefined }]]),
    );
    const pending = names.map((pipeline) => ({
      pipeline,
      path: `config/${pipeline}.json`,
      base: sha('b'),
      ...waits,
    }));
    await opened.store.close(
      closingOf({
        deliveries: names,
        deployment: { id, items: [], finishedAt: now, told: 'outcome', pending },
      }),
    );
    expect(await opened.store.pending(main)).toHaveLength(2_000);
    expect(await opened.snapshots()).toHaveLength(2_000);
  });

  describe('requests', () => {
    const on = { kind: 'issue', iid: 1 as IssueIid } as const;
    const comment = { projectId: project, on, note: 5 as NoteId, discussion: undefined } as const;
    const event: Event = { kind: 'commented', ...comment };
    const request = requestId(project, comment);
    const job: DueJob = { job: deployJob(project, 'main'), dueAt: 1 };
    const announce = (id: string) =>
      opened.inbox.accept(deliveryOf(id, { content: { kind: 'event', event } }), [
        { job: noteJob(comment, id), dueAt: 1 },
      ]);

    test('are taken up once, whoever is first, with their jobs', async () => {
      expect(await opened.store.isTaken(request)).toBe(false);
      const taken = await Promise.all(Array.from({ length: 5 }, () => opened.store.take(request, [job])));
      expect(taken.filter(Boolean)).toHaveLength(1);
      await reopen();
      expect(await opened.store.isTaken(request)).toBe(true);
      expect(await opened.jobs()).toMatchObject([job]);
    });

    test('are none by being announced, and are no longer announced once they are taken up', async () => {
      expect(await announce('one')).toEqual(ok('new'));
      expect(await announce('two')).toEqual(ok('new'));
      expect(await opened.store.isTaken(request)).toBe(false);
      expect(await opened.jobs()).toMatchObject([{ job: { kind: 'note', delivery: 'two' } }]);
      await opened.store.take(request, []);
      expect(await announce('three')).toEqual(ok('duplicate'));
      expect(await opened.jobs()).toHaveLength(1);
    });

    test('that were looked for in vain are counted by project', async () => {
      await announce('one');
      expect(await opened.store.sought(project)).toBe(0);
      await opened.again();
      expect(await opened.store.sought(project)).toBe(1);
      expect(await opened.store.sought(70 as ProjectId)).toBe(0);
    });

    test('of a project that was never looked at are no reason to remember the project', async () => {
      await announce('one');
      await opened.store.saveCatchUp(8 as ProjectId, { caughtUpAt: 1, hookProblem: undefined }, []);
      await opened.store.forgetUnseen(project);
      await opened.store.forgetUnseen(8 as ProjectId);
      expect((await opened.store.projects()).map(({ id }) => id)).toEqual([8]);
    });
  });

  describe('the end of a run', () => {
    const jobs: readonly DueJob[] = [{ job: deployJob(project, 'main'), dueAt: 1 }];

    test('writes deliveries, state, deployment, pending and jobs, and tells the lanes', async () => {
      await opened.inbox.accept(deliveryOf('one'), []);
      const { id } = await beginMain();
      const woken = opened.woken();
      const pending = [{ pipeline: 'Orders', path: 'config/Orders.json', base: sha('b'), ...waits }];
      const deployment = { id, items: [failedItem], finishedAt: now, told: 'outcome', pending } as const;
      await opened.store.close(closingOf({ deliveries: ['one'], state, deployment, jobs }));
      expect(opened.woken()).toBe(woken + 1);
      await reopen();
      expect(await opened.store.waiting(main)).toEqual([]);
      expect(await opened.store.branch(main)).toEqual(state);
      expect(await opened.store.pending(main)).toEqual(pending);
      expect(await opened.jobs()).toMatchObject(jobs);
    });

    test('is written as a whole or not at all', async () => {
      await opened.inbox.accept(deliveryOf('one'), []);
      const { id } = await beginMain();
      const twice = { pipeline: 'Orders', path: 'config/Orders.json', base: sha('b'), ...waits };
      const deployment = {
        id,
        items: [failedItem],
        finishedAt: now,
        told: 'outcome',
        pending: [twice, twice],
      } as const;
      const woken = opened.woken();
      await expect(
        opened.store.close(closingOf({ deliveries: ['one'], state, deployment, jobs })),
      ).rejects.toThrow(/unique/i);
      expect(await opened.store.waiting(main)).toHaveLength(1);
      expect(await opened.store.branch(main)).toBeUndefined();
      expect(await opened.store.pending(main)).toEqual([]);
      expect(await opened.store.lastDeployment(main)).toMatchObject({ deployment: { status: 'running' } });
      expect(await opened.jobs()).toEqual([]);
      expect(opened.woken()).toBe(woken);
    });
  });

  describe('on behalf of a lane that is lost', () => {
    const item: Item = { pipeline: 'P', state: { kind: 'unchanged' } };
    const run = {
      id: undefined,
      key: main,
      workspace,
      head: sha('c'),
      places: [],
      by: undefined,
      reason: undefined,
      request: undefined,
      startedAt: 1,
    };
    const writes: readonly (readonly [
      string,
      (store: Store & Jobs, id: DeploymentId) => Promise<unknown>,
    ])[] = [
      ['add', (store) => store.add({ job: deployJob(project, 'main'), dueAt: 1 })],
      ['take', (store) => store.take('note:7:1', [])],
      ['begin', (store) => store.begin(run)],
      ['begin again', (store, id) => store.begin({ ...run, id, by: 'nobody' })],
      ['cancel', (store) => store.cancel(main, 'omar')],
      ['plan', (store, id) => store.plan(id, [], [])],
      ['saveItem', (store, id) => store.saveItem(id, item, { key: workspaceKey, fingerprint: print('x') })],
      ['close', (store) => store.close(closingOf({ state }))],
      [
        'saveAskers',
        (store) => store.saveAskers(project, 3 as MergeRequestIid, [{ id: undefined, username: 'ops' }]),
      ],
      [
        'savePush',
        (store) =>
          store.savePush({
            workspace: workspaceKey,
            baselines: new Map([['P', { fingerprint: print('x'), blob: undefined }]]),
            branch: { key: main, state },
            jobs: [],
            audit: [],
            request: 'note:7:1:0',
            to: 'main',
            outcome: {
              items: [],
              report: { mood: 'done', outcome: [], table: undefined, remedies: [], facts: [] },
            },
          }),
      ],
    ];
    test.each(writes)('%s writes nothing, and says so', async (_name, write) => {
      const { id } = await opened.store.begin(run);
      await opened.store.plan(id, [{ pipeline: 'Planned', state: { kind: 'left' } }], []);
      const seen = async () => ({
        last: await opened.store.lastDeployment(main),
        branch: await opened.store.branch(main),
        cancelled: await opened.store.cancelledBy(id),
        baselines: await opened.store.baselines(workspaceKey, ['P']),
        jobs: await opened.jobs(),
        woken: opened.woken(),
      });
      const before = await seen();
      await expect(write(opened.lost, id)).rejects.toThrow('the lease of the lane is lost');
      expect(await seen()).toEqual(before);
    });

    test('reading goes on', async () => {
      await opened.store.close(closingOf({ state }));
      expect(await opened.lost.branch(main)).toEqual(state);
    });
  });

  describe('what is kept of plans, drift, holds and history', () => {
    const iid = (number: number) => number as MergeRequestIid;
    const run = {
      id: undefined,
      key: main,
      workspace,
      head: sha('c'),
      places: onRequests(3),
      by: undefined,
      reason: undefined,
      request: undefined,
      startedAt: 1,
    };
    const plan = { head: sha('d'), target: 'main', pipelines: ['P', "Q'; --"], bodies: ['one', 'two'] };
    const ended = (id: DeploymentId, more: object = {}) =>
      closingOf({
        deployment: { id, items: [], finishedAt: now, told: 't', pending: [], ...more },
      });

    test('a plan is kept with the jobs that show it, by target, until it is forgotten', async () => {
      const job: DueJob = { job: deployJob(project, 'main'), dueAt: now };
      await opened.store.savePlan(project, iid(3), plan, [job]);
      await reopen();
      expect(await opened.store.shownPlan(project, iid(3))).toEqual(plan);
      expect(await opened.store.plansInto(project, 'main')).toEqual(new Map([[3, plan]]));
      expect(await opened.store.plansInto(project, 'develop')).toEqual(new Map());
      expect(await opened.jobs()).toHaveLength(1);
      await opened.store.savePlan(project, iid(3), undefined, []);
      expect(await opened.store.shownPlan(project, iid(3))).toBeUndefined();
    });

    test('who asked for a merge request is kept, each once, beside those who asked before', async () => {
      const rita = { id: 5 as UserId, username: 'rita' };
      const ops = { id: undefined, username: 'ops' };
      await opened.store.saveAskers(project, iid(3), [rita, rita]);
      await opened.store.saveAskers(project, iid(3), [ops, rita]);
      await opened.store.saveAskers(project, iid(3), []);
      await reopen();
      expect(await opened.store.askersOf(project, iid(3))).toEqual([ops, rita]);
      expect(await opened.store.askersOf(project, iid(4))).toEqual([]);
      expect(await opened.store.askersOf(8 as ProjectId, iid(3))).toEqual([]);
    });

    test('a commit is known by its request and its nonce together, once it is noted', async () => {
      const commit = { request: 'note:7:1:0', nonce: 'n', on: main, onto: run.head };
      await opened.store.noteCommit(commit);
      await opened.store.noteCommit({ ...commit, nonce: 'm', on: develop });
      await reopen();
      expect(await opened.store.notedCommit({ request: 'note:7:1:0', nonce: 'n' })).toEqual(commit);
      expect(await opened.store.notedCommit({ request: 'note:7:1:0', nonce: 'o' })).toBeUndefined();
      expect(await opened.store.notedCommit({ request: 'note:7:2:0', nonce: 'n' })).toBeUndefined();
    });

    test('a look for drift replaces the one before, and tells when it was', async () => {
      const check = { workspace: workspaceKey, branch: main, jobs: [], audit: [] };
      const seen = (how: 'ahead' | 'in-sync') =>
        [{ name: 'P', state: how, live: print('l'), isKnown: true }] as const;
      await opened.store.saveDrift({ ...check, drift: seen('ahead'), agreed: new Map(), at: 5 });
      expect(await opened.store.drift(workspaceKey)).toEqual(new Map([['P', 'ahead']]));
      await opened.store.saveDrift({
        ...check,
        drift: seen('in-sync'),
        agreed: new Map([['P', print('l')]]),
        at: 9,
      });
      await reopen();
      expect(await opened.store.drift(workspaceKey)).toEqual(new Map([['P', 'in-sync']]));
      expect(await opened.store.driftChecks(project)).toEqual(new Map([['main', 9]]));
      const known = await opened.store.baselines(workspaceKey, ['P']);
      expect(known.get('P')?.fingerprint).toBe('l');
    });

    test('a hold begins and ends with a deployment, knows its merge request, and is one for each pipeline', async () => {
      const { id } = await opened.store.begin(run);
      const hold = (pipeline: string) => ({ pipeline, deployment: id, request: undefined });
      await opened.store.close(ended(id, { holds: [hold('P'), hold('Q')] }));
      await opened.store.saveHoldRequest(id, iid(9));
      expect(await opened.store.holds(main)).toEqual(['P', 'Q'].map((one) => ({ ...hold(one), request: 9 })));
      const { id: next } = await opened.store.begin(run);
      await opened.store.close(ended(next, { released: ['P'] }));
      expect((await opened.store.holds(main)).map(({ pipeline }) => pipeline)).toEqual(['Q']);
      await opened.store.endHolds(id);
      expect(await opened.store.holds(main)).toEqual([]);
      expect(await opened.store.holds(develop)).toEqual([]);
    });

    test('deployments are found by branch, pipeline and place, and what wrote a pipeline later', async () => {
      const updated: ItemState = { kind: 'updated', desired: print('d') };
      const ids: DeploymentId[] = [];
      for (const [pipeline, rollsBack] of [
        ['P', undefined],
        ['Q', undefined],
        ['P', 0],
      ] as const) {
        const undone = rollsBack === undefined ? undefined : ids[rollsBack];
        const { id } = await opened.store.begin({
          ...run,
          ...(undone === undefined ? {} : { rollsBack: undone }),
        });
        await opened.store.plan(id, [{ pipeline, state: updated }], []);
        await opened.store.close(ended(id));
        ids.push(id);
      }
      const [first, second, third] = ids;
      if (first === undefined) throw new Error('nothing was begun');
      const numbers = async (pipeline?: string) =>
        (await opened.store.history(main, pipeline, 20)).map(({ deployment }) => deployment.id);
      expect(await numbers()).toEqual([third, second, first]);
      expect(await numbers('P')).toEqual([third, first]);
      expect(await opened.store.history(main, undefined, 1)).toHaveLength(1);
      expect(await opened.store.history(develop, undefined, 20)).toEqual([]);
      expect(await opened.store.laterWrites(workspaceKey, first, ['P', 'Q'])).toEqual(
        new Map([
          ['Q', [{ deployment: second, rollsBack: undefined }]],
          ['P', [{ deployment: third, rollsBack: first }]],
        ]),
      );
      const [where] = run.places;
      // A rollback is not what the merge request was deployed by.
      if (where !== undefined) expect(await opened.store.deploymentAt(main, where)).toBe(second);
    });

    test("GitLab's number of a deployment is kept, and known as taken", async () => {
      const { id } = await opened.store.begin(run);
      const record = 77 as RecordId;
      expect(await opened.store.recordOf(id)).toBeUndefined();
      await opened.store.saveRecord(id, record);
      await reopen();
      expect(await opened.store.recordOf(id)).toBe(77);
      expect(await opened.store.takenRecords(project, [record, 78 as RecordId])).toEqual(new Set([77]));
      expect(await opened.store.takenRecords(project, [])).toEqual(new Set());
    });
  });
}

function pushTo({ projectId, branch }: BranchKey): PushedEvent {
  return { kind: 'pushed', projectId, branch, before: sha('1'), after: sha('2') };
}

function mergeInto({ projectId, branch }: BranchKey, mergeRequest: number): Event {
  return { kind: 'merged', projectId, branch, mergeRequest: mergeRequest as MergeRequestIid };
}

function byPipeline(items: readonly Item[] = []): readonly Item[] {
  return items.toSorted((one, other) => (one.pipeline < other.pipeline ? -1 : 1));
}
