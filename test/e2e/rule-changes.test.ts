import { afterEach, describe, expect, test } from 'vitest';

import { until } from '../../demo/person.ts';
import { mapping, setScene, sqlFile, type Scene } from './scene.ts';
import { onMergeRequest, say } from './thread.ts';

let scene: Scene;
afterEach(() => scene.close());

async function planOf(iid: number): Promise<string> {
  return until('the plan', async () => (await scene.plans(iid)).find((body) => !body.includes('⏳')), 15_000);
}

/** The first lines of a plan's comment, below its hidden marker. */
function topOf(plan: string): string {
  return plan
    .replace(/^<!--.*?-->\s*/, '')
    .split('\n')
    .slice(0, 4)
    .join('\n');
}

describe('the plan of a merge request', () => {
  test('that changes the mapping says so at the top, with what changes, beside its pipelines', async () => {
    scene = await setScene();
    await scene.start();
    const iid = await scene.open('main', {
      'branch_to_workspace.yaml': `${mapping}permissions: { force: developer }\n`,
      ...sqlFile('a', 'select 1'),
    });
    const plan = await planOf(iid);
    expect(topOf(plan)).toMatch(/^\*\*⚠️ This merge request changes `branch_to_workspace\.yaml`/);
    expect(topOf(plan)).toContain('`permissions.force` was `maintainer`, and is `developer` now');
    expect(plan).toContain('Merging deploys 1 pipeline to `PIN PROD`');
  });

  test('that changes CI or owners says so, also where no pipeline changes, and the command does too', async () => {
    scene = await setScene();
    scene.world.gitlab.setCiConfigPath(scene.projectId, 'ci/main.yml');
    await scene.start();
    const iid = await scene.open('develop', { 'ci/main.yml': 'test: {}\n', '.gitlab/CODEOWNERS': '* @me\n' });
    const plan = await planOf(iid);
    expect(topOf(plan)).toMatch(/^\*\*⚠️ This merge request changes `\.gitlab\/CODEOWNERS`, `ci\/main\.yml`/);
    expect(plan).toContain('Merging deploys nothing to `PIN QA`');
    const { answer } = await say(scene, onMergeRequest(scene, iid), '/aic plan');
    expect(answer).toContain('⚠️ This merge request changes `.gitlab/CODEOWNERS`');
  });

  test('into a default branch without a workspace is shown for that alone', async () => {
    scene = await setScene({ mapping: mapping.replace('  main: PIN PROD\n', '') });
    await scene.start();
    const iid = await scene.open('main', { '.gitlab-ci.yml': 'test: {}\n' });
    const plan = await planOf(iid);
    expect(topOf(plan)).toContain('⚠️ This merge request changes `.gitlab-ci.yml`');
    expect(plan).toContain('merges into `main` are not deployed');
    const other = await scene.open('main', { 'docs/a.md': 'x' });
    await scene.settle();
    expect(await scene.plans(other)).toEqual([]);
  });

  test('says so however large it is', async () => {
    scene = await setScene();
    await scene.start();
    const docs = Array.from({ length: 120 }, (_, index) => [`docs/${index}.md`, 'x'] as const);
    const iid = await scene.open('develop', { ...Object.fromEntries(docs), '.gitlab-ci.yml': 'test: {}\n' });
    expect(topOf(await planOf(iid))).toContain('⚠️ This merge request changes `.gitlab-ci.yml`');
  });
});
