import { join } from 'node:path';

import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { personAt } from '../../../demo/person.ts';
import { startWorld, type World } from '../../../demo/world.ts';
import { createLog } from '../../../src/adapters/log.ts';
import { parseConfig } from '../../../src/config.ts';
import { verbs } from '../../../src/domain/commands/command-table.ts';
import { parseCommand, rightOf } from '../../../src/domain/commands/parse-command.ts';
import type { MergeRequestIid, NoteId, ProjectId, UserId } from '../../../src/domain/shared/ids.ts';
import { commandJob, noteJob, type Job } from '../../../src/domain/jobs/job.ts';
import { defaultPermissions } from '../../../src/domain/mapping/parse-mapping.ts';
import type { Right } from '../../../src/domain/mapping/mapping.ts';
import type { Origin } from '../../../src/domain/gitlab/command-origin.ts';
import { lacks } from '../../../src/domain/commands/check-permission.ts';
import { openNodeEngine, type NodeEngine } from '../../../src/runtime/node-engine.ts';
import { lookAtNote } from '../../../src/handlers/webhook/verify-note.ts';
import { runCommand } from '../../../src/handlers/commands/run-command.ts';

/** Every command, and who may write it where the mapping file says nothing: written out here, whatever the code's own table says. */
const least: readonly (readonly [command: string, level: number])[] = [
  ['/aic help', 0],
  ['/aic help deploy', 0],
  ['/aic status', 30],
  ['/aic plan', 30],
  ['/aic diff', 30],
  ['/aic datasets', 30],
  ['/aic tables SALES', 30],
  ['/aic deploy', 40],
  ['/aic deploy force', 40],
  ['/aic deploy orders force reason="test"', 40],
  ['/aic retry', 40],
  ['/aic cancel', 40],
  ['/aic embed', 30],
  ['/aic rollback', 40],
  ['/aic rollback force', 40],
  ['/aic history', 30],
  ['/aic push branch=develop', 30],
  ['/aic push branch=develop prune', 30],
  ['/aic push branch=develop force', 40],
  ['/aic feature one', 30],
  ['/aic feature one no-push force', 40],
  ['/aic release one all', 30],
  ['/aic release one all force', 40],
  ['/aic adopt', 30],
  ['/aic hotfix one orders', 30],
  ['/aic hotfix one orders force', 40],
  ['/aic backup', 30],
  ['/aic branches create orders', 30],
  ['/aic branches list', 30],
  ['/aic branches delete orders', 30],
];

/** GitLab's levels, one that it does not have yet, and 0 for nobody's. */
const levels = [0, 5, 10, 15, 20, 25, 27, 30, 40, 50, 60];

test('the table has every command', () => {
  expect(new Set(least.map(([command]) => command.split(' ')[1]))).toEqual(new Set(verbs));
});

describe('the decision', () => {
  const rightIn = (command: string) => {
    const parsed = parseCommand(command);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.failure));
    return rightOf(parsed.value);
  };

  test.each(least)('%s is for the level %i and above', (command, needed) => {
    for (const level of levels) {
      const lacking = lacks(level, { right: rightIn(command), wanted: command }, defaultPermissions);
      expect([level, lacking === undefined]).toEqual([level, level >= needed]);
    }
  });

  test.each(least)('%s is for whom the mapping file names, and for nobody by another right', (command) => {
    const right = rightIn(command);
    const all: readonly Right[] = ['plan', 'deploy', 'force', 'push', 'promote', 'rollback'];
    expect(Object.keys(defaultPermissions).toSorted()).toEqual(all.toSorted());
    for (const given of all) {
      const permissions = { ...ownersOnly, [given]: 'guest' } as const;
      const lacking = lacks(10, { right, wanted: command }, permissions);
      expect([given, lacking === undefined]).toEqual([given, right === undefined || right === given]);
    }
  });
});

const ownersOnly = {
  plan: 'owner',
  deploy: 'owner',
  force: 'owner',
  push: 'owner',
  promote: 'owner',
  rollback: 'owner',
} as const;

const nothing = { jobs: 0, isRefused: false, writes: [], aic: 0 };

describe('over HTTP', () => {
  let world: World;
  let engine: NodeEngine;
  let project: ProjectId;
  /** Whose level changes from case to case: the author of the merge requests, and somebody else. */
  let askers: readonly { readonly id: number; readonly isAuthor: boolean }[];
  let origins: readonly { readonly what: string; readonly origin: Omit<Origin, 'author'> }[];
  let stranger: number;

  beforeAll(async () => {
    world = await startWorld();
    const { gitlab, aic } = world;
    project = (await gitlab.addProject('pin/pipelines')).id as ProjectId;
    const fork = await gitlab.addProject('ada/pipelines');
    gitlab.addMember(project, world.bot.id, 40);
    const [ada, bob, eve] = ['ada', 'bob', 'eve'].map((name) => gitlab.addUser({ username: name, name }));
    if (ada === undefined || bob === undefined || eve === undefined) throw new Error('nobody');
    askers = [
      { id: ada.id, isAuthor: true },
      { id: bob.id, isAuthor: false },
    ];
    stranger = eve.id;
    gitlab.addMember(fork.id, eve.id, 50);
    gitlab.addMember(project, ada.id, 40);
    aic.addProject('PIN ANALYTICS');
    for (const workspace of ['PIN PROD', 'PIN QA']) aic.addWorkspace('PIN ANALYTICS', workspace);
    await gitlab.commitFiles(project, 'main', 'Begin', {
      'branch_to_workspace.yaml':
        'mapping: { main: PIN PROD, develop: PIN QA }\naic: { project: PIN ANALYTICS }\n',
    });
    const author = personAt(gitlab.url, ada.token);
    const path = `/projects/${project}`;
    await author.call('POST', `${path}/repository/branches?branch=develop&ref=main`);
    const made: { readonly what: string; readonly origin: Omit<Origin, 'author'> }[] = [];
    for (const state of ['opened', 'merged', 'closed'] as const) {
      for (const isFork of [false, true]) {
        const source = `hotfix/${state}-${isFork}`;
        await gitlab.commitFiles(project, source, 'Change', { [`${state}${isFork}.txt`]: '1' });
        const iid = await numberOf(
          author.call('POST', `${path}/merge_requests`, {
            source_branch: source,
            target_branch: 'develop',
            title: source,
          }),
        );
        if (state === 'merged') await author.call('PUT', `${path}/merge_requests/${iid}/merge`);
        if (state === 'closed')
          await author.call('PUT', `${path}/merge_requests/${iid}`, { state_event: 'close' });
        if (isFork) gitlab.setSourceProject(project, iid, fork.id);
        for (const internal of [false, true]) {
          const note = z
            .object({ id: z.number() })
            .parse(await author.call('POST', `${path}/merge_requests/${iid}/notes`, { body: 'a', internal }));
          made.push({
            what: `${state}, fork ${isFork}, internal ${internal}`,
            origin: {
              on: { kind: 'merge-request', iid: iid as MergeRequestIid },
              note: note.id as NoteId,
              discussion: undefined,
              ...(internal ? { confidential: true } : {}),
            },
          });
        }
      }
    }
    origins = made;
    const config = parseConfig({
      ...world.settings,
      DATABASE_URL: `file:${join(world.folder, 'rights.db')}`,
    });
    if (!config.ok) throw new Error(JSON.stringify(config.failure));
    const clock = { now: () => Date.now() };
    const log = createLog({ level: 'silent', clock, mask: (text) => text, write: () => {} });
    const around = { clock, log, random: Math.random, mask: (text: string) => text };
    engine = await openNodeEngine(config.value, around, { who: 'a test', jobsAdded: () => {} });
    // The same comment is carried out again and again here.
    await sql`drop trigger audit_no_delete`.execute(engine.db);
  });

  afterAll(async () => {
    await engine.close();
    await world.close();
  });

  /** Runs the command until it is answered or handed to its lane, and tells what came of it. */
  async function outcomeOf(command: string, origin: Origin) {
    const { gitlab, aic } = world;
    const [gitlabCalls, aicCalls] = [gitlab.calls.length, aic.calls.length];
    gitlab.rewriteNote(project, origin.note, { author: origin.author, body: command });
    await engine.db.deleteFrom('jobs').execute();
    await engine.db.deleteFrom('audit').execute();
    await engine.db.deleteFrom('requests').execute();
    const log = createLog({
      level: 'silent',
      clock: { now: () => 0 },
      mask: (text) => text,
      write: () => {},
    });
    const ports = engine.portsFor({ log, lease: undefined });
    const announced = { projectId: project, on: origin.on, note: origin.note, discussion: undefined };
    expect(await lookAtNote(ports, noteJob(announced, 'delivery'), 0)).toEqual({ kind: 'done' });
    const [taken] = await engine.db.selectFrom('jobs').select('job_json').execute();
    await engine.db.deleteFrom('jobs').execute();
    const asked: Job | undefined = taken === undefined ? undefined : JSON.parse(taken.job_json);
    if (asked?.kind === 'command') expect(await runCommand(ports, asked)).toEqual({ kind: 'done' });
    const jobs = await engine.db.selectFrom('jobs').select('job_json').execute();
    const text = jobs.map(({ job_json: json }) => json).join('\n');
    return {
      jobs: jobs.length,
      isRefused: text.includes('needs the access level'),
      writes: gitlab.calls
        .slice(gitlabCalls)
        .filter(({ method, path }) => method !== 'GET' && path !== '/api/graphql')
        .map(({ path }) => path),
      aic: aic.calls.length - aicCalls,
    };
  }

  async function auditRows(): Promise<readonly unknown[]> {
    const rows = await engine.db.selectFrom('audit').select('entry').execute();
    return rows.map(({ entry }) => JSON.parse(entry));
  }

  test.each(least)('%s', { timeout: 60_000 }, async (command, needed) => {
    let turn = least.findIndex(([each]) => each === command);
    for (const { id, isAuthor } of askers) {
      for (const level of levels) {
        if (level === 0) world.gitlab.removeMember(project, id);
        else world.gitlab.addMember(project, id, level);
        // Each command at each level meets two of the twelve places; all commands together meet every one at every level.
        for (const step of [0, 7]) {
          const place = origins[(turn + step) % origins.length];
          if (place === undefined) throw new Error('no place');
          const outcome = await outcomeOf(command, { ...place.origin, author: id as UserId });
          const what = `${command} at ${level}, author ${isAuthor}, ${place.what}`;
          if (level === 0) expect({ what, ...outcome }).toEqual({ what, ...nothing });
          else expect([what, outcome.isRefused]).toEqual([what, level < needed]);
          if (outcome.isRefused) {
            const written = outcome.writes.filter((path) => !path.endsWith('/award_emoji'));
            expect([what, outcome.aic, written]).toEqual([what, 0, []]);
          }
        }
        turn += 1;
      }
    }
  });

  test.each(least)(
    '%s of the owner of the fork, who is no member here, is not even answered',
    async (command) => {
      for (const { origin, what } of origins) {
        const outcome = await outcomeOf(command, { ...origin, author: stranger as UserId });
        expect({ what, ...outcome }).toEqual({ what, ...nothing });
        expect(await auditRows()).toMatchObject([
          { kind: 'refusal', who: [{ id: stranger }], what: command, result: 'refused: no answer' },
        ]);
      }
    },
  );

  test('a command that is given up is kept as not done', async () => {
    const [first] = origins;
    if (first === undefined) throw new Error('no place');
    const quiet = { level: 'silent', clock: { now: () => 0 }, mask: (text: string) => text } as const;
    const ports = engine.portsFor({ log: createLog({ ...quiet, write: () => {} }), lease: undefined });
    const origin = { ...first.origin, author: stranger as UserId };
    const gone = { projectId: 999 as ProjectId, origin, writtenAt: undefined } as const;
    await engine.db.deleteFrom('audit').execute();
    expect(
      await runCommand(ports, commandJob({ ...gone, lines: ['/aic status'] }, 'delivery')),
    ).toMatchObject({
      kind: 'given-up',
    });
    expect(await auditRows()).toMatchObject([
      {
        kind: 'command',
        who: [{ id: stranger }],
        what: '/aic status',
        result: expect.stringMatching(/^not done: /),
        deliveries: ['delivery'],
      },
    ]);
  });

  test.each(least)('%s of the bot itself does nothing', async (command) => {
    const [first] = origins;
    if (first === undefined) throw new Error('no place');
    const outcome = await outcomeOf(command, { ...first.origin, author: world.bot.id as UserId });
    expect(outcome).toEqual(nothing);
  });
});

async function numberOf(answer: Promise<unknown>): Promise<number> {
  return z.object({ iid: z.number() }).parse(await answer).iid;
}
