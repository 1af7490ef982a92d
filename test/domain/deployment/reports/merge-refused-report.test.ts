import { expect, test } from 'vitest';

import { phrase } from '../../../../src/domain/report/phrase.ts';

import type { Refusal } from '../../../../src/domain/deployment/decide-deployment.ts';
import { placeName } from '../../../../src/domain/gitlab/comment-location.ts';
import { refusalReport } from '../../../../src/domain/deployment/reports/merge-refused-report.ts';
import { commentIn, mailIn } from '../../hostile.ts';
import { branchView, mail, mergeRequest, sha } from '../../samples.ts';

const view = branchView({ mergeRequests: [mergeRequest(3), mergeRequest(4)] });

const missing: Refusal = { kind: 'missing', defaultBranch: 'main' };
const invalid: Refusal = {
  kind: 'invalid',
  defaultBranch: 'main',
  mistakes: [
    {
      line: 3,
      problem: phrase`The workspace ${'PIN FUSION 2.0'} is mapped twice.`,
      remedy: ['Map each workspace to one branch.'],
    },
    {
      line: 9,
      problem: phrase`${'drift'} cannot be ${'ignore'}.`,
      remedy: ['Write one of the two.'],
    },
  ],
};

test('a refusal for a missing mapping reads like this', () => {
  expect(commentIn(refusalReport(view, missing, mail))).toMatchInlineSnapshot(`
    "❌ **Nothing was deployed: there is no \`branch_to_workspace.yaml\` on \`main\`.**

    What to do:

    - Add \`branch_to_workspace.yaml\` to \`main\` with a line for the branch, such as \`mapping: { develop: WORKSPACE NAME }\`. The bot then deploys what was merged in the meantime.

    branch \`develop\` · commit [\`ccccccc1\`](https://gitlab.example/data/pipelines/-/commit/ccccccc100000000000000000000000000000000)
    "
  `);
});

test('a refusal for an invalid mapping lists its mistakes', () => {
  expect(commentIn(refusalReport(view, invalid, mail))).toMatchInlineSnapshot(`
    "❌ **Nothing was deployed: \`branch_to_workspace.yaml\` has 2 mistakes.**

    | Where | Mistake | What to do |
    | - | - | - |
    | line 3 | The workspace \`PIN FUSION 2.0\` is mapped twice. | Map each workspace to one branch. |
    | line 9 | \`drift\` cannot be \`ignore\`. | Write one of the two. |

    What to do:

    - Correct the file on \`main\`. The bot then deploys what was merged in the meantime.

    branch \`develop\` · commit [\`ccccccc1\`](https://gitlab.example/data/pipelines/-/commit/ccccccc100000000000000000000000000000000)
    "
  `);
});

test('a refusal for one mistake speaks of one', () => {
  const one = { ...invalid, mistakes: invalid.mistakes.slice(0, 1) };
  expect(commentIn(refusalReport(view, one, mail))).toContain('has a mistake.**');
});

test('a refusal for an unmapped branch reads like this', () => {
  expect(commentIn(refusalReport(view, { kind: 'unmapped', builtIn: undefined }, mail)))
    .toMatchInlineSnapshot(`
      "ℹ️ **Nothing was deployed: \`branch_to_workspace.yaml\` does not name \`develop\`.**

      What to do:

      - If merges into \`develop\` should be deployed, add it to \`mapping:\` in \`branch_to_workspace.yaml\`; otherwise there is nothing to do.

      branch \`develop\` · commit [\`ccccccc1\`](https://gitlab.example/data/pipelines/-/commit/ccccccc100000000000000000000000000000000)
      "
    `);
});

test('a refusal for a branch that is only built in names its rule', () => {
  const feature = branchView({ branch: 'feature/returns', mergeRequests: [mergeRequest(3)] });
  const refusal: Refusal = { kind: 'unmapped', builtIn: 'feature/' };
  expect(commentIn(refusalReport(feature, refusal, mail))).toMatchInlineSnapshot(`
    "ℹ️ **Nothing was deployed: \`branch_to_workspace.yaml\` does not name \`feature/returns\`, and branches under \`feature/\` are not deployed automatically.**

    What to do:

    - If merges into \`feature/returns\` should be deployed, add it to \`mapping:\` in \`branch_to_workspace.yaml\`; otherwise there is nothing to do.

    branch \`feature/returns\` · commit [\`ccccccc1\`](https://gitlab.example/data/pipelines/-/commit/ccccccc100000000000000000000000000000000)
    "
  `);
});

test('a refused workspace is told without a word of who may use it', () => {
  const refusal = {
    kind: 'unclaimed',
    defaultBranch: 'main',
    workspace: 'PIN PROD',
    directPush: 'report',
  } as const;
  expect(commentIn(refusalReport(view, refusal, mail))).toMatchInlineSnapshot(`
    "❌ **Nothing was deployed: this project may not use the workspace \`PIN PROD\`.**

    What to do:

    - Correct the name in \`branch_to_workspace.yaml\`; or ask the operator of the bot to grant it: \`doctor\` and a mail show them how. Once it is granted, the bot deploys what was merged in the meantime.

    branch \`develop\` · commit [\`ccccccc1\`](https://gitlab.example/data/pipelines/-/commit/ccccccc100000000000000000000000000000000)
    "
  `);
  const pushed = refusalReport(branchView({}), refusal, mail);
  expect(pushed).toMatchObject([{ kind: 'comment', place: { kind: 'commit', commit: sha(1) } }]);
});

test('a refusal is a comment on each merge request and one mail', () => {
  const jobs = refusalReport(view, missing, mail);
  expect(
    jobs.map((job) => (job.kind === 'comment' ? [placeName(job.place), job.marker] : job.kind)),
  ).toStrictEqual([['!3', 'aic-bot:refused'], ['!4', 'aic-bot:refused'], 'mail']);
});

test('a refusal for an unmapped branch is no mail: most branches are not deployed', () => {
  expect(mailIn(refusalReport(view, { kind: 'unmapped', builtIn: undefined }, mail))).toBeUndefined();
});

test('a refusal has a mail like this', () => {
  expect(mailIn(refusalReport(view, invalid, mail))?.text).toMatchInlineSnapshot(`
    "Nothing was deployed: "branch_to_workspace.yaml" has 2 mistakes.

    - line 3 – The workspace "PIN FUSION 2.0" is mapped twice. – Map each workspace to one branch.
    - line 9 – "drift" cannot be "ignore". – Write one of the two.

    What to do:
    - Correct the file on "main". The bot then deploys what was merged in the meantime.

    branch "develop"
    commit ccccccc1 (https://gitlab.example/data/pipelines/-/commit/ccccccc100000000000000000000000000000000)
    "
  `);
});
