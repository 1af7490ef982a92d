import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { personAt, type Person } from '../../demo/person.ts';
import { aicProject, mapping, setScene, sqlContent, sqlFile, type Scene } from './scene.ts';
import { issue, say } from './thread.ts';

let scene: Scene;
let dev: Person;
const opened = z.array(z.object({ iid: z.number(), source_branch: z.string() }));
const evilMapping = `${mapping}permissions: { deploy: developer, force: developer }\n`;

beforeEach(async () => {
  scene = await setScene();
  const { gitlab, aic } = scene.world;
  const user = gitlab.addUser({ username: 'dev', name: 'Dev Smith' });
  gitlab.addMember(scene.projectId, user.id, 30);
  dev = personAt(gitlab.url, user.token);
  aic.putPipeline(aicProject, 'PIN QA', 'mine', sqlContent('select 1'));
  aic.putPipeline(aicProject, 'PIN PROD', 'mine', sqlContent('select 2'));
});
afterEach(() => scene.close());

function prepare(branch: string, files: Readonly<Record<string, string | null>>): Promise<string> {
  const options = { startBranch: 'main', user: 'dev' };
  return scene.world.gitlab.commitFiles(scene.projectId, branch, 'Prepare', files, options);
}

async function requests() {
  const path = `/projects/${scene.projectId}/merge_requests?state=opened`;
  return opened.parse(await scene.maintainer.call('GET', path));
}

function head(branch: string): Promise<string | undefined> {
  return scene.world.gitlab.commitId(scene.projectId, branch);
}

describe('a branch that somebody prepared', () => {
  test.each<readonly [string, Readonly<Record<string, string | null>>, string]>([
    [
      'the mapping and CI',
      { 'branch_to_workspace.yaml': evilMapping, '.gitlab-ci.yml': 'evil: {}\n' },
      '.gitlab-ci.yml',
    ],
    ['another pipeline', sqlFile('other', 'select 666'), 'config/other.json'],
    ['a file less', { 'README.md': null }, 'README.md'],
  ])('is no promotion with %s in it', async (_what, files, named) => {
    const before = await prepare('release/x', files);
    await scene.start();
    const { emoji, answer } = await say(scene, await issue(scene), '/aic release x mine', dev);
    expect(emoji).toBe('x');
    expect(answer).toContain('`release/x` changes more than the chosen pipelines');
    expect(answer).toContain(`\`${named}\``);
    expect(answer).toContain('delete the branch `release/x`');
    expect(await requests()).toEqual([]);
    expect(await head('release/x')).toBe(before);
  });

  test('is no hotfix without a push either, nor one whose merge request is open already', async () => {
    await prepare('hotfix/x', { '.gitlab-ci.yml': 'evil: {}\n' });
    await scene.start();
    const thread = await issue(scene);
    const cut = await say(scene, thread, '/aic hotfix x mine no-push', dev);
    expect(cut.answer).toContain('changes more than the chosen pipelines: `.gitlab-ci.yml`');
    const made = await say(scene, thread, '/aic hotfix y mine');
    expect(made.emoji).toBe('white_check_mark');
    await prepare('hotfix/y', { CODEOWNERS: '* @dev\n' });
    const again = await say(scene, thread, '/aic hotfix y mine', dev);
    expect(again.answer).toContain('changes more than the chosen pipelines: `CODEOWNERS`');
  });

  test('is a promotion with the chosen pipelines alone', async () => {
    await prepare('release/x', sqlFile('mine', 'select 1'));
    await scene.start();
    const { answer } = await say(scene, await issue(scene), '/aic release x mine force', scene.maintainer);
    expect(answer).toContain('brings 1 pipeline to `main`');
  });

  test('is not adopted into either', async () => {
    await scene.commit('develop', sqlFile('mine', 'select 0'));
    await scene.start();
    const day = new Date().toISOString().slice(0, 10).replaceAll('-', '');
    await prepare(`adopt/pin-qa-${day}`, { '.gitlab-ci.yml': 'evil: {}\n' });
    const { emoji, answer } = await say(scene, await issue(scene), '/aic adopt mine branch=develop', dev);
    expect(emoji).toBe('x');
    expect(answer).toContain('`.gitlab-ci.yml`');
    expect(await requests()).toEqual([]);
  });
});
