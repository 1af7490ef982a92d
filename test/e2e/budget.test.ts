import { afterEach, describe, expect, it } from 'vitest';

import { isFinal, aicProject, setScene, sqlContent, sqlFile, type Scene } from './scene.ts';

let scene: Scene;
afterEach(() => scene.close());

const names = Array.from({ length: 1_000 }, (_, index) => `Pipeline ${index}`);

describe('the calls of a deployment', () => {
  it('grow with what changed, not with the 1,000 pipelines that there are', async () => {
    scene = await setScene();
    const { aic, gitlab } = scene.world;
    await scene.commit('develop', Object.assign({}, ...names.map((name) => sqlFile(name, 'select 1'))));
    for (const name of names) aic.putPipeline(aicProject, 'PIN QA', name, sqlContent('select 1'));
    await scene.start();
    const changed = names.slice(100, 103).map((name) => sqlFile(name, 'select 2'));
    const iid = await scene.open('develop', Object.assign({}, ...changed));
    await gitlab.deliveriesSettled();
    await scene.settle();
    // The calls of the test itself: the merge, and reading the comments.
    const byBot = () =>
      gitlab.calls.filter(({ path, query }) => !path.endsWith('/merge') && !query.includes('sort=asc'))
        .length;
    const before = byBot();
    const aicBefore = aic.calls.length;
    await scene.merge(iid);
    await scene.world.mail.waitForMail(() => true, 30_000);
    expect(await scene.comment(iid, isFinal)).toContain('3 updated');
    await scene.advance(20_000);
    await scene.world.gitlab.deliveriesSettled();
    // Two of them before the lane of the workspace is known.
    expect(byBot() - before).toBeLessThanOrEqual(21);
    const lookUps = aic.calls.slice(aicBefore).filter(({ path }) => /projects$|workspaces$/.test(path));
    expect(aic.calls.length - aicBefore - lookUps.length).toBe(1 + 3 * 3);
  });
});
