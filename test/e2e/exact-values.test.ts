import { afterEach, beforeEach, expect, it } from 'vitest';

import { aicProject, isFinal, setScene, type Scene } from './scene.ts';
import { issue, say } from './thread.ts';

let scene: Scene;
beforeEach(async () => {
  scene = await setScene();
});
afterEach(() => scene.close());

/** What JavaScript's own numbers and objects would change, lose or stumble over. */
const odd = [
  '"big": 9007199254740993',
  '"long": 12345678901234567890.12345678901234567890',
  '"huge": 1e400',
  '"one": 1.0',
  '"__proto__": {"polluted": true}',
  '"constructor": "x"',
  '"nul": "a\\u0000b"',
  '"lone": "\\ud800"',
].join(', ');
const stages = `[{"stageId": "s", "tasks": [{"id": "t", "type": "DATASET", "config": {${odd}}}]}]`;
const config = `{"title": "Odd", "variables": [], "sourceStage": {}, "stages": ${stages}, "sinkStage": {}}`;
const pieces = [
  '9007199254740993',
  '12345678901234567890.1234567890123456789',
  '1e400',
  '"__proto__"',
  '"polluted"',
  '"constructor"',
  String.raw`a\u0000b`,
  String.raw`\ud800`,
];

function expectWhole(text = ''): void {
  for (const piece of pieces) expect(text).toContain(piece);
}

it('a config’s numbers and keys go from AIC into Git to the last digit', async () => {
  scene.world.aic.putPipeline(aicProject, 'PIN QA', 'Odd', config);
  await scene.start();
  await say(scene, await issue(scene), '/aic push branch=develop');
  expectWhole(await scene.world.gitlab.readFile(scene.projectId, 'develop', 'config/Odd.json'));
});

it('and from Git into AIC', async () => {
  await scene.start();
  const iid = await scene.open('develop', { 'config/Odd.json': config });
  await scene.merge(iid);
  expect(await scene.comment(iid, isFinal)).toContain('1 created');
  expectWhole(scene.world.aic.pipelineText(aicProject, 'PIN QA', 'Odd'));
  expect(Reflect.get({}, 'polluted')).toBeUndefined();
});
