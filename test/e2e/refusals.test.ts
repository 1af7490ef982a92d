import { afterEach, describe, expect, it } from 'vitest';

import { aicProject, isFinal, mapping, setScene, sqlFile, type Scene } from './scene.ts';

let scene: Scene;
afterEach(() => scene.close());

const refused = (body: string) => body.includes('Nothing was deployed');

async function mergeSales(): Promise<number> {
  const iid = await scene.open('develop', sqlFile('Sales', 'select 1'));
  await scene.merge(iid);
  return iid;
}

describe('without a mapping to follow', () => {
  it('deploys nothing, says so on the merge request and by mail, and deploys once the file is there', async () => {
    scene = await setScene({ mapping: undefined });
    await scene.start();
    const iid = await mergeSales();
    expect(await scene.comment(iid, refused)).toContain('there is no `branch_to_workspace.yaml` on `main`');
    const mail = await scene.world.mail.waitForMail(() => true, 30_000);
    expect(mail.text).toContain('Add "branch_to_workspace.yaml" to "main"');
    expect(scene.world.aic.writes).toEqual([]);

    await scene.push('main', { 'branch_to_workspace.yaml': mapping });
    await scene.advance(20_000);
    expect(await scene.comment(iid, isFinal)).toContain('1 created');
  });

  it('names every mistake with its line', async () => {
    scene = await setScene({
      mapping: 'mapping:\n  main: A\n  develop: B\nworkspaces:\n  B: { drift: maybe }\nmaping: {}\n',
    });
    await scene.start();
    const comment = await scene.comment(await mergeSales(), refused);
    expect(comment).toContain('has 2 mistakes');
    expect(comment).toMatch(/^\| line 5 .*`drift` cannot be `maybe`/m);
    expect(comment).toMatch(/^\| line 6 .*Did you mean `mapping`/m);
  });

  it('refuses one workspace for two branches', async () => {
    scene = await setScene({ mapping: 'mapping:\n  main: PIN QA\n  develop: PIN QA\n' });
    await scene.start();
    expect(await scene.comment(await mergeSales(), refused)).toContain('PIN QA');
    expect(scene.world.aic.writes).toEqual([]);
  });

  it('takes the mapping from the default branch, whatever the merged branch holds', async () => {
    scene = await setScene();
    await scene.start();
    const evil = 'mapping:\n  develop: PIN PROD\naic: { project: PIN ANALYTICS }\n';
    const iid = await scene.open('develop', {
      ...sqlFile('Sales', 'select 1'),
      'branch_to_workspace.yaml': evil,
    });
    await scene.merge(iid);
    expect(await scene.comment(iid, isFinal)).toContain('`PIN QA`');
    expect(scene.world.aic.pipelines(aicProject, 'PIN PROD')).toEqual([]);
  });
});

describe('a branch that the mapping does not name', () => {
  it('is told of only where the request touched configs', async () => {
    scene = await setScene();
    await scene.start();
    await scene.addBranch('other', 'main');
    await scene.addBranch('feature/x', 'main');
    const touching = await scene.open('other', sqlFile('Sales', 'select 1'));
    const feature = await scene.open('feature/x', sqlFile('Sales', 'select 1'));
    const harmless = await scene.open('other', { 'README.md': 'More\n' });
    await scene.merge(harmless);
    await scene.world.gitlab.deliveriesSettled();
    await scene.merge(touching);
    await scene.merge(feature);
    expect(await scene.comment(touching, refused)).toContain('does not name `other`');
    expect(await scene.comment(feature, refused)).toContain('`feature/`');
    expect(scene.world.mail.mails).toEqual([]);
  });
});

describe('a name that AIC does not have', () => {
  it('fails with the nearest workspaces', async () => {
    scene = await setScene({ mapping: mapping.replace('develop: PIN QA', 'develop: PIN QAA') });
    await scene.start();
    const comment = await scene.comment(await mergeSales(), isFinal);
    expect(comment).toContain('has no workspace named `PIN QAA`');
    expect(comment).toContain('Did you mean `PIN QA`');
  });

  it('fails with the nearest projects', async () => {
    scene = await setScene({ mapping: mapping.replace('project: PIN', 'project: PINN') });
    await scene.start({ AIC_WORKSPACES: `pin/**=PINN ANALYTICS/*; pin/**=${aicProject}/*` });
    const comment = await scene.comment(await mergeSales(), isFinal);
    expect(comment).toContain('Did you mean `PIN ANALYTICS`?');
  });

  it('fails with the setting to use when no project is named at all', async () => {
    scene = await setScene({ mapping: mapping.slice(0, mapping.indexOf('aic:')) });
    await scene.start();
    expect(await scene.comment(await mergeSales(), isFinal)).toContain('`AIC_PROJECT`');
  });

  it('falls back to the project of the settings', async () => {
    scene = await setScene({ mapping: mapping.slice(0, mapping.indexOf('aic:')) });
    await scene.start({ AIC_PROJECT: aicProject });
    expect(await scene.comment(await mergeSales(), isFinal)).toContain('1 created');
  });
});

describe('a project that the bot does not serve', () => {
  it('is ignored though its webhook has the secret', async () => {
    scene = await setScene();
    const bot = await scene.start({ GITLAB_PROJECTS: 'other/**' });
    await mergeSales();
    await scene.world.gitlab.deliveriesSettled();
    expect(bot.log.join('\n')).toContain('the project is not in GITLAB_PROJECTS');
    expect(scene.world.gitlab.calls.filter(({ path }) => path.includes('repository/compare'))).toEqual([]);
  });
});

describe('a request that is refused', () => {
  it('leaves a line in the log, without the secret that it tried', async () => {
    scene = await setScene();
    const bot = await scene.start();
    const headers = { 'x-gitlab-token': 'a-guess-at-the-secret', 'x-gitlab-event': 'Push Hook' };
    const answer = await fetch(`${bot.url}/webhooks/gitlab`, { method: 'POST', headers, body: '{}' });
    expect(answer.status).toBe(401);
    const line = bot.log.find((each) => each.includes('"status":"refused"')) ?? '';
    expect(JSON.parse(line)).toMatchObject({ message: 'delivery', answer: 401, event: 'Push Hook' });
    expect(line).not.toContain('a-guess');
  });
});
