import { expect, test } from 'vitest';

import { pushReport } from '../../../../src/domain/deployment/reports/direct-push-report.ts';
import { commentIn, mailIn } from '../../hostile.ts';
import { branchView, mail, sha } from '../../samples.ts';

const view = branchView({});

test('the report of a direct push reads like this', () => {
  expect(commentIn(pushReport(view, { pushed: ['customers', 'orders'], unknown: [] }, mail, 'next-merge')))
    .toMatchInlineSnapshot(`
    "✋ **Nothing was deployed: 2 configs were pushed to \`develop\` without a merge request.**

    | Pipeline | Result |
    | - | - |
    | \`customers\` | waits for the next merge |
    | \`orders\` | waits for the next merge |

    What to do:

    - The next merge into \`develop\` deploys them too, and so does the comment \`/aic deploy branch=develop\` in an issue. To deploy such pushes at once, set \`direct_push: deploy\` in \`branch_to_workspace.yaml\`.

    branch \`develop\` · commit [\`ccccccc1\`](https://gitlab.example/data/pipelines/-/commit/ccccccc100000000000000000000000000000000)
    "
  `);
});

test('the report of a direct push of one config speaks of one', () => {
  expect(commentIn(pushReport(view, { pushed: ['orders'], unknown: [] }, mail, 'next-merge')))
    .toMatchInlineSnapshot(`
    "✋ **Nothing was deployed: a config was pushed to \`develop\` without a merge request.**

    | Pipeline | Result |
    | - | - |
    | \`orders\` | waits for the next merge |

    What to do:

    - The next merge into \`develop\` deploys it too, and so does the comment \`/aic deploy branch=develop\` in an issue. To deploy such pushes at once, set \`direct_push: deploy\` in \`branch_to_workspace.yaml\`.

    branch \`develop\` · commit [\`ccccccc1\`](https://gitlab.example/data/pipelines/-/commit/ccccccc100000000000000000000000000000000)
    "
  `);
});

test('the report of a direct push is a comment on the commit and a mail', () => {
  const jobs = pushReport(view, { pushed: ['orders'], unknown: [] }, mail, 'next-merge');
  expect(jobs).toMatchObject([
    { kind: 'comment', place: { kind: 'commit', commit: sha(1) }, marker: 'aic-bot:direct-push' },
    { kind: 'mail', mail: { messageId: `push-7-${sha(1)}@bot.example` } },
  ]);
  expect(mailIn(jobs)?.text).toMatchInlineSnapshot(`
    "Nothing was deployed: a config was pushed to "develop" without a merge request.

    - orders – waits for the next merge

    What to do:
    - The next merge into "develop" deploys it too, and so does the comment "/aic deploy branch=develop" in an issue. To deploy such pushes at once, set "direct_push: deploy" in "branch_to_workspace.yaml".

    branch "develop"
    commit ccccccc1 (https://gitlab.example/data/pipelines/-/commit/ccccccc100000000000000000000000000000000)
    "
  `);
});

test('the report of what came nobody knows how does not say that it was pushed', () => {
  expect(commentIn(pushReport(view, { pushed: [], unknown: ['orders'] }, mail, 'force')))
    .toMatchInlineSnapshot(`
    "✋ **Nothing was deployed: a config came to \`develop\`, and GitLab does not tell by which merge request.**

    | Pipeline | Result |
    | - | - |
    | \`orders\` | held: no merge request is known |

    What to do:

    - The mapping file requires a review for this branch's workspace, which this cannot get. To deploy it all the same, comment \`/aic deploy PIPELINE force reason="…" branch=develop\` in an issue.

    branch \`develop\` · commit [\`ccccccc1\`](https://gitlab.example/data/pipelines/-/commit/ccccccc100000000000000000000000000000000)
    "
  `);
});

test('what was pushed is told from what came nobody knows how', () => {
  const [comment] = pushReport(view, { pushed: ['customers'], unknown: ['orders'] }, mail, 'force');
  const body = comment?.kind === 'comment' ? comment.body : '';
  expect(body).toContain(
    '2 configs came to `develop` without a merge request, or without one that GitLab tells of.',
  );
  expect(body).toContain('| `customers` | held: nobody can review a push |');
  expect(body).toContain('| `orders` | held: no merge request is known |');
  expect(body).toContain('or revert the push');
});
