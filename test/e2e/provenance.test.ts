import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { personAt, until, type Person } from '../../demo/person.ts';
import { gitText } from '../../demo/gitlab/git.ts';
import type { AutomaticRebase, MergeMethod } from '../../demo/gitlab/project.ts';
import { aicProject, isFinal, mapping, setScene, sqlContent, sqlFile, type Scene } from './scene.ts';
import { hourLater, isGate, live, required } from './review-scene.ts';
import { issue, onMergeRequest, say } from './thread.ts';

let scene: Scene;
afterEach(() => scene.close());

const hourMs = 60 * 60_000;
const merged = z.object({ merge_commit_sha: z.string().nullable(), sha: z.string() });

function request(iid: number): string {
  return `/projects/${scene.projectId}/merge_requests/${iid}`;
}

function reviewer(): Person {
  const { gitlab } = scene.world;
  const user = gitlab.addUser({ username: 'rita', name: 'Rita Review' });
  gitlab.addMember(scene.projectId, user.id, 30);
  return personAt(gitlab.url, user.token);
}

/** Opens a merge request of two commits: each pipeline in its own. */
async function openTwo(first: string, second: string): Promise<number> {
  const iid = await scene.open('develop', sqlFile(first, 'select 1'));
  const source = `work/${iid}`;
  await scene.world.gitlab.commitFiles(scene.projectId, source, 'More', sqlFile(second, 'select 2'));
  return iid;
}

async function git(...args: readonly string[]): Promise<string> {
  const directory = scene.world.gitlab.directoryOf(scene.projectId);
  const environment = {
    GIT_AUTHOR_NAME: 'o',
    GIT_AUTHOR_EMAIL: 'o@example.com',
    GIT_COMMITTER_NAME: 'o',
    GIT_COMMITTER_EMAIL: 'o@example.com',
  };
  return gitText(directory, args, { environment });
}

describe('an unapproved merge', () => {
  const methods: readonly (readonly [string, MergeMethod, AutomaticRebase, boolean])[] = [
    ['merge commits', 'merge', 'off', false],
    ['squashing and merge commits', 'merge', 'off', true],
    ['fast-forwards', 'ff', 'off', false],
    ['fast-forwards of what is squashed', 'ff', 'off', true],
    ['automatic rebase, of which GitLab finds the last commit', 'ff', 'last', false],
    ['automatic rebase, of which GitLab finds all commits', 'ff', 'all', false],
    ['a semi-linear history', 'rebase_merge', 'off', false],
    ['a semi-linear history with automatic rebase', 'rebase_merge', 'last', false],
  ];

  test.each(methods)('waits beside an approved one, with %s', async (_, method, rebase, isSquashed) => {
    scene = await setScene({ mapping: required });
    scene.world.gitlab.setMergeMethod(scene.projectId, method, rebase);
    await scene.start();
    await scene.settle();
    const rita = reviewer();
    const merge = (iid: number) =>
      scene.maintainer.call('PUT', `${request(iid)}/merge`, { squash: isSquashed });
    const lacking = await openTwo('a', 'b');
    let approved = rebase === 'off' ? 0 : await openTwo('c', 'd');
    await merge(lacking);
    if (approved === 0) approved = await openTwo('c', 'd');
    await rita.call('POST', `${request(approved)}/approve`);
    await merge(approved);
    await scene.comment(approved, isFinal);
    await scene.comment(lacking, isGate);
    await scene.settle();
    expect(live(scene)).toEqual(['c', 'd']);
    await rita.call('POST', `${request(lacking)}/approve`);
    await hourLater(scene);
    expect(live(scene)).toEqual(['a', 'b', 'c', 'd']);
    expect(await scene.comment(lacking, isFinal)).toContain('2 created');
  });

  test('waits where GitLab cannot compare the commits', async () => {
    scene = await setScene({ mapping: required });
    await scene.start();
    await scene.settle();
    const rita = reviewer();
    const lacking = await openTwo('a', 'b');
    await scene.merge(lacking);
    await scene.comment(lacking, isGate);
    const approved = await openTwo('c', 'd');
    await rita.call('POST', `${request(approved)}/approve`);
    scene.world.gitlab.inject({ path: /\/compare$/, fault: { kind: 'status', status: 500 } });
    await scene.merge(approved);
    await scene.comment(approved, isFinal);
    await hourLater(scene);
    expect(live(scene)).toEqual(['c', 'd']);
  });

  test('waits, though GitLab is still merging it when its webhook comes', async () => {
    scene = await setScene({ mapping: required });
    const bot = await scene.start();
    await scene.settle();
    const { gitlab } = scene.world;
    const iid = await openTwo('a', 'b');
    await scene.silence();
    await scene.merge(iid);
    gitlab.lockMergeRequest(scene.projectId, iid, true);
    const event = { action: 'merge', iid, target_branch: 'develop', state: 'merged' };
    await scene.deliver(bot, { object_kind: 'merge_request', object_attributes: event });
    await until(
      'a look at it',
      () => bot.log.find((line) => line.includes(`!${iid} is being merged`)),
      15_000,
    );
    expect(scene.rows(`select * from pending`)).toEqual([]);
    gitlab.lockMergeRequest(scene.projectId, iid, false);
    await scene.advance(60_000);
    await scene.comment(iid, isGate);
    expect(live(scene)).toEqual([]);
  });

  test.each([
    ['is held, and the next one goes live', required, ['b']],
    ['goes live with the next one where no review is required', mapping, ['a', 'b']],
  ])('at which GitLab got stuck while merging %s', async (_, file, after) => {
    scene = await setScene({ mapping: file });
    const bot = await scene.start();
    await scene.settle();
    const rita = reviewer();
    const stuck = await scene.open('develop', sqlFile('a', 'select 1'));
    const good = await scene.open('develop', sqlFile('b', 'select 1'));
    await rita.call('POST', `${request(good)}/approve`);
    await scene.silence();
    await scene.merge(stuck);
    scene.world.gitlab.lockMergeRequest(scene.projectId, stuck, true);
    await scene.merge(good);
    for (const iid of [stuck, good]) {
      const event = { action: 'merge', iid, target_branch: 'develop', state: 'merged' };
      await scene.deliver(bot, { object_kind: 'merge_request', object_attributes: event });
    }
    await until('a look at it', () => bot.log.find((line) => line.includes('is being merged')), 15_000);
    await hourLater(scene);
    expect(live(scene)).toEqual(after);
    const head = await git('rev-parse', 'develop');
    const path = `/projects/${scene.projectId}/repository/commits/${head}/comments`;
    const told = JSON.stringify(await scene.maintainer.call('GET', path));
    expect(told.includes('GitLab does not tell by which merge request')).toBe(file === required);
  });

  test('waits after its branch was pushed by force, where nothing can be traced', async () => {
    scene = await setScene({ mapping: required });
    const bot = await scene.start();
    await scene.settle();
    await scene.commit('side', sqlFile('a', 'select 1'));
    await git(
      'update-ref',
      'refs/heads/develop',
      await git('commit-tree', 'side^{tree}', '-m', 'Begin again'),
    );
    await scene.advance(20 * 60_000);
    await scene.deliver(bot, { object_kind: 'push', ref: 'refs/heads/develop', before: '', after: '' });
    await hourLater(scene);
    expect(live(scene)).toEqual([]);
    expect(scene.rows('select pipeline, held from pending')).toEqual([{ pipeline: 'a', held: 1 }]);
    const thread = await issue(scene);
    expect((await say(scene, thread, '/aic deploy a branch=develop')).answer).toContain(
      'GitLab does not tell which merge requests its content came from',
    );
    expect((await say(scene, thread, '/aic deploy a force branch=develop')).emoji).toBe('white_check_mark');
    expect(live(scene)).toEqual(['a']);
  });
});

describe('a push without a merge request', () => {
  test('is held under a requirement, is told of, and needs force', async () => {
    scene = await setScene({ mapping: required });
    await scene.start();
    await scene.settle();
    const rita = reviewer();
    const commit = await scene.push('develop', sqlFile('pushed', 'select 6'));
    await hourLater(scene);
    const comments = await scene.maintainer.call(
      'GET',
      `/projects/${scene.projectId}/repository/commits/${commit}/comments`,
    );
    expect(JSON.stringify(comments)).toContain('held: nobody can review a push');
    const approved = await scene.open('develop', sqlFile('good', 'select 1'));
    await rita.call('POST', `${request(approved)}/approve`);
    await scene.merge(approved);
    await scene.comment(approved, isFinal);
    await hourLater(scene);
    expect(live(scene)).toEqual(['good']);
    const thread = await issue(scene);
    const plain = await say(scene, thread, '/aic deploy branch=develop');
    expect(plain.emoji).toBe('x');
    expect(plain.answer).toContain('was pushed without a merge request');
    expect(plain.answer).toContain('force');
    expect(live(scene)).toEqual(['good']);
    const status = await say(scene, thread, '/aic status branch=develop');
    expect(status.answer).toContain('1 pipeline is pending');
    await say(scene, thread, '/aic deploy pushed force branch=develop');
    expect(live(scene)).toEqual(['good', 'pushed']);
    await hourLater(scene);
    expect(scene.rows('select * from pending')).toEqual([]);
  });

  test('that merges an approved request with more in it is no merge of GitLab', async () => {
    scene = await setScene({ mapping: required });
    await scene.start();
    await scene.settle();
    const rita = reviewer();
    const iid = await openTwo('a', 'b');
    await rita.call('POST', `${request(iid)}/approve`);
    const path = `/projects/${scene.projectId}/repository`;
    await scene.commit('evil', sqlFile('evil', 'select 666'));
    // The approved branch is merged outside GitLab, and the merge holds a file that nobody reviewed.
    const tree = await git('merge-tree', '--write-tree', `work/${iid}`, 'evil');
    const made = await git(
      'commit-tree',
      tree,
      '-p',
      'develop',
      '-p',
      `work/${iid}`,
      '-m',
      `Merge branch 'work/${iid}'`,
    );
    await scene.maintainer.call('POST', `${path}/branches?branch=made&ref=develop`);
    await git('update-ref', 'refs/heads/made', made);
    await scene.world.gitlab.pushAs(scene.projectId, 'omar', 'develop', made);
    await hourLater(scene);
    expect(merged.parse(await scene.maintainer.call('GET', request(iid))).merge_commit_sha).toBe(made);
    expect(live(scene)).not.toContain('evil');
  });
});

describe('a command without force', () => {
  const begin = async () => {
    scene = await setScene({ mapping: required });
    const bot = await scene.start();
    await scene.settle();
    return bot;
  };

  test('to try again deploys nothing that was pushed since to what is pending', async () => {
    await begin();
    const iid = await scene.open('develop', sqlFile('a', 'select 1'));
    await reviewer().call('POST', `${request(iid)}/approve`);
    scene.world.aic.inject({
      method: 'POST',
      path: /jobs/,
      times: 1,
      fault: { kind: 'status', status: 400 },
    });
    await scene.merge(iid);
    await scene.comment(iid, isFinal);
    await scene.commit('develop', sqlFile('a', 'select 666'));
    const { answer } = await say(scene, await issue(scene), '/aic retry branch=develop');
    expect(answer).toContain('was pushed without a merge request');
    expect(live(scene)).toEqual([]);
  });

  test('deploys nothing that is on the branch since before its record, named or in its own merge request', async () => {
    scene = await setScene({ mapping: required });
    const iid = await scene.open('develop', sqlFile('old', 'select 666'));
    await scene.merge(iid);
    await scene.start();
    await scene.settle();
    const named = await say(scene, await issue(scene), '/aic deploy old branch=develop');
    expect(named.answer).toContain('GitLab does not tell which merge requests its content came from');
    await say(scene, onMergeRequest(scene, iid), '/aic deploy');
    expect(live(scene)).toEqual([]);
    await say(scene, await issue(scene), '/aic deploy old branch=develop force');
    expect(live(scene)).toEqual(['old']);
  });

  test('brings back what was deployed before and deleted in AIC', async () => {
    await begin();
    const iid = await scene.open('develop', sqlFile('a', 'select 1'));
    await reviewer().call('POST', `${request(iid)}/approve`);
    await scene.merge(iid);
    await scene.comment(iid, isFinal);
    scene.world.aic.removePipeline(aicProject, 'PIN QA', 'a');
    expect(live(scene)).toEqual([]);
    await say(scene, await issue(scene), '/aic deploy a branch=develop');
    expect(live(scene)).toEqual(['a']);
  });
});

describe('a merge made by hand', () => {
  const text = (queries: readonly string[]) => {
    const tasks = queries.map((query, at) => ({
      id: `t${at}`,
      type: 'SQL',
      description: '',
      config: { query },
    }));
    const stages = [{ stageId: 's', description: '', tasks }];
    const content = { title: 'p', variables: [], sourceStage: {}, stages, sinkStage: {} };
    return { 'config/p.json': `${JSON.stringify(content, null, 2)}\n` };
  };
  /** A merge of the request's branch that somebody made and pushed, with these files as they want them. */
  const mergeByHand = async (iid: number, files: Readonly<Record<string, string>>) => {
    await scene.addBranch('made', 'develop');
    await scene.commit('made', files);
    const parents = ['-p', 'develop', '-p', `work/${iid}`];
    const made = await git('commit-tree', 'made^{tree}', ...parents, '-m', `Merge branch 'work/${iid}'`);
    await git('update-ref', 'refs/heads/made', made);
    await scene.world.gitlab.pushAs(scene.projectId, 'omar', 'develop', made);
  };
  const before = ['select 1', 'insert into archive select * from a', 'delete from a', 'select 4'];

  test.each([
    ['as git would make it goes live', ['select 9', ...before.slice(1, 3), 'select 5'], true],
    [
      'with the same lines in another order does not',
      ['select 9', 'delete from a', 'insert into archive select * from a', 'select 5'],
      false,
    ],
  ])('%s', async (_, after, isLive) => {
    scene = await setScene({ mapping: required });
    await scene.commit('develop', text(before));
    await scene.start();
    await scene.settle();
    const rita = reviewer();
    const [iid, other] = [
      await scene.open('develop', text([...before.slice(0, 3), 'select 5'])),
      await scene.open('develop', text(['select 9', ...before.slice(1)])),
    ];
    for (const one of [iid, other]) await rita.call('POST', `${request(one)}/approve`);
    await scene.merge(other);
    await scene.comment(other, isFinal);
    await mergeByHand(iid, text(after));
    await hourLater(scene);
    expect(scene.world.aic.pipelineText(aicProject, 'PIN QA', 'p')?.includes('select 5')).toBe(isLive);
  });

  test('that puts back what its request never touched does not', async () => {
    scene = await setScene({ mapping: required });
    await scene.commit('develop', text(before));
    await scene.start();
    await scene.settle();
    const rita = reviewer();
    const [iid, other] = [
      await scene.open('develop', sqlFile('q', 'select 1')),
      await scene.open('develop', text(['select 9', ...before.slice(1)])),
    ];
    for (const one of [iid, other]) await rita.call('POST', `${request(one)}/approve`);
    await scene.merge(other);
    await scene.comment(other, isFinal);
    // Its own branch holds `p` as it was before the other request.
    await mergeByHand(iid, { ...text(before), ...sqlFile('q', 'select 1') });
    await hourLater(scene);
    expect(live(scene)).toEqual(['p', 'q']);
    expect(scene.world.aic.pipelineText(aicProject, 'PIN QA', 'p')).toContain('select 9');
  });
});

describe('who knows the secret of the webhook', () => {
  const state = () =>
    z
      .object({ deployed_sha: z.string(), origin_sha: z.string() })
      .parse(scene.rows(`select deployed_sha, origin_sha from branches where branch = 'develop'`)[0]);

  test('moves no range by a push that never was: nothing unapproved goes live, nothing merged is lost', async () => {
    scene = await setScene({ mapping: required });
    const bot = await scene.start();
    await scene.settle();
    const rita = reviewer();
    const begun = state();
    const lacking = await scene.open('develop', sqlFile('same', 'select 6'));
    await scene.merge(lacking);
    await scene.comment(lacking, isGate);
    const { merge_commit_sha: before } = merged.parse(await scene.maintainer.call('GET', request(lacking)));
    const good = await scene.open('develop', sqlFile('other', 'select 1'));
    await rita.call('POST', `${request(good)}/approve`);
    const forged = { object_kind: 'push', ref: 'refs/heads/develop', before, after: begun.origin_sha };
    await scene.deliver(bot, forged);
    await scene.merge(good);
    await scene.comment(good, isFinal);
    await hourLater(scene);
    expect(live(scene)).toEqual(['other']);
    expect(state().origin_sha).toBe(begun.origin_sha);
  });

  test('has the bot take no merge for deployed, and no commit of theirs for what AIC should hold', async () => {
    scene = await setScene();
    const { gitlab, aic } = scene.world;
    await scene.commit('develop', sqlFile('Sales', 'select 1'));
    const bot = await scene.start();
    await scene.settle();
    const { origin_sha: after } = state();
    aic.putPipeline(aicProject, 'PIN QA', 'Sales', sqlContent('select 7 -- outside Git'));
    const theirs = sqlFile('Sales', 'select 7 -- outside Git');
    const before = await gitlab.commitFiles(scene.projectId, 'theirs', 'base', theirs, {
      startBranch: 'develop',
      hooks: false,
    });
    const iid = await scene.open('develop', {
      ...sqlFile('Sales', 'select 2'),
      ...sqlFile('New', 'select 1'),
    });
    await scene.deliver(bot, { object_kind: 'push', ref: 'refs/heads/develop', before, after });
    await scene.merge(iid);
    const head = await gitlab.commitId(scene.projectId, 'develop');
    await scene.deliver(bot, { object_kind: 'push', ref: 'refs/heads/develop', before: head, after });
    expect(await scene.comment(iid, isFinal)).toContain('1 blocked');
    await scene.settle();
    expect(live(scene)).toEqual(['New', 'Sales']);
    expect(aic.pipelineText(aicProject, 'PIN QA', 'Sales')).toContain('select 7');
    expect(state().origin_sha).toBe(after);
  });

  test('has nothing deployed by telling of old merges and of open requests', async () => {
    scene = await setScene();
    const old = await scene.open('develop', sqlFile('old', 'select 1'));
    await scene.merge(old);
    const open = await scene.open('develop', sqlFile('open', 'select 1'));
    const bot = await scene.start();
    await scene.settle();
    const told = (iid: number) =>
      scene.deliver(bot, {
        object_kind: 'merge_request',
        object_attributes: { action: 'merge', iid, target_branch: 'develop', state: 'merged' },
      });
    await scene.advance(25 * hourMs);
    await told(old);
    await told(open);
    await hourLater(scene);
    expect(live(scene)).toEqual([]);
  });

  test('holds no branch up for longer than two minutes, however many merges they make up', async () => {
    scene = await setScene();
    const bot = await scene.start();
    await scene.settle();
    await scene.push('develop', sqlFile('pushed', 'select 0'));
    await scene.settle();
    const open = await scene.open('develop', sqlFile('b', 'select 1'));
    const good = await scene.open('develop', sqlFile('a', 'select 1'));
    await scene.settle();
    const forge = () =>
      scene.deliver(bot, {
        object_kind: 'merge_request',
        object_attributes: { action: 'merge', iid: open, target_branch: 'develop', state: 'merged' },
      });
    await forge();
    await scene.merge(good);
    const tried = () => bot.log.filter((line) => line.includes('is not known yet')).length;
    for (let half = 0; half < 12 && !live(scene).includes('a'); half += 1) {
      const before = tried();
      await scene.advance(30_000);
      await forge();
      await until('a try', () => tried() > before || live(scene).includes('a') || undefined, 15_000);
    }
    expect(live(scene)).toContain('a');
  });
});
