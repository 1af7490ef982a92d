import { afterEach, expect, test } from 'vitest';

import { until } from '../../demo/person.ts';
import { aicProject, isFinal, setScene, sqlContent, sqlFile, type Scene } from './scene.ts';
import { issue, onMergeRequest, say } from './thread.ts';

let scene: Scene;
afterEach(() => scene.close());

const patienceMs = 60_000;

test(
  'a line of 9.9 MB in a config keeps neither plan, nor diff, nor rollback from their end',
  { timeout: 240_000 },
  async () => {
    scene = await setScene();
    await scene.start();
    await scene.settle();
    const first = await scene.open('develop', sqlFile('Sales', 'select 1'));
    await scene.merge(first);
    await scene.comment(first, isFinal);
    const iid = await scene.open('develop', sqlFile('Sales', `token=${'A'.repeat(9_900_000)}`));
    const plan = await until('the plan', async () => (await scene.plans(iid))[0], patienceMs);
    expect(plan).toContain('a line of 9900006 characters is not shown');
    await scene.merge(iid);
    await scene.comment(iid, isFinal);

    scene.world.aic.putPipeline(aicProject, 'PIN QA', 'Sales', sqlContent('select 2'));
    const asked = await say(scene, await issue(scene), '/aic diff branch=develop');
    expect(asked.emoji).toBe('white_check_mark');
    expect(asked.answer).toContain('a line of 9900006 characters is not shown');
    scene.world.aic.putPipeline(aicProject, 'PIN QA', 'Sales', sqlContent(`token=${'A'.repeat(9_900_000)}`));

    const undone = await say(scene, onMergeRequest(scene, iid), '/aic rollback');
    expect(undone.emoji).toBe('white_check_mark');
    expect(undone.answer).toContain('a line of 9900006 characters is not shown');
    expect(scene.world.aic.pipelineText(aicProject, 'PIN QA', 'Sales')).toContain('select 1');
  },
);
