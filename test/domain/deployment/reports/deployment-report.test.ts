import { describe, expect, test } from 'vitest';

import {
  deploymentComment,
  deploymentReport,
} from '../../../../src/domain/deployment/reports/deployment-report.ts';
import {
  statusOf,
  type Deployment,
  type EndedItem,
  type Item,
} from '../../../../src/domain/deployment/deployment.ts';
import { placeName } from '../../../../src/domain/gitlab/comment-location.ts';
import { commentIn, mailIn } from '../../hostile.ts';
import {
  blocked,
  created,
  deployment,
  down,
  failed,
  fingerprint,
  iid,
  mail,
  project,
  sha,
  unchanged,
  updated,
} from '../../samples.ts';

function facts(
  items: readonly EndedItem[],
  changes: Partial<Omit<Deployment, 'status' | 'finishedAt'>> = {},
) {
  return {
    project,
    items,
    deployment: { ...deployment(changes), status: statusOf(items), finishedAt: 1_002_340 },
  };
}

function comment(items: readonly EndedItem[], changes: Partial<Deployment> = {}): string {
  const { deployment: ended } = facts(items);
  return deploymentComment({ project, items, deployment: { ...ended, ...changes } });
}

function runningComment(items: readonly Item[]): string {
  return deploymentComment({ project, items, deployment: deployment(running) });
}

const running = { status: 'running', finishedAt: undefined } as const;
const desired = fingerprint('f');

describe('the comment of a deployment', () => {
  test('that has just begun', () => {
    expect(runningComment([])).toMatchInlineSnapshot(`
      "⏳ **Deploying to \`PIN FUSION 2.0 QA\`**

      branch \`develop\` · commit [\`ccccccc1\`](https://gitlab.example/data/pipelines/-/commit/ccccccc100000000000000000000000000000000) · workspace \`PIN FUSION 2.0 QA\` · merge request [\`!3\`](https://gitlab.example/data/pipelines/-/merge_requests/3) · deployment 12
      "
    `);
  });

  test('that runs', () => {
    const items: readonly Item[] = [
      created('customers'),
      { pipeline: 'orders', state: { kind: 'writing', effect: 'update', desired } },
      { pipeline: 'returns', state: { kind: 'planned', effect: 'create', desired } },
    ];
    expect(runningComment(items)).toMatchInlineSnapshot(`
      "⏳ **Deploying 3 pipelines to \`PIN FUSION 2.0 QA\`: 1 created**

      | Pipeline | Result | Details |
      | - | - | - |
      | \`orders\` | updating | |
      | \`returns\` | to create | |
      | \`customers\` | created | |

      branch \`develop\` · commit [\`ccccccc1\`](https://gitlab.example/data/pipelines/-/commit/ccccccc100000000000000000000000000000000) · workspace \`PIN FUSION 2.0 QA\` · merge request [\`!3\`](https://gitlab.example/data/pipelines/-/merge_requests/3) · deployment 12
      "
    `);
  });

  test('that succeeded', () => {
    const items: readonly EndedItem[] = [
      unchanged('stock'),
      updated('orders'),
      created('customers'),
      { pipeline: 'returns', state: { kind: 'left' } },
    ];
    expect(comment(items)).toMatchInlineSnapshot(`
      "✅ **Deployed 2 pipelines to \`PIN FUSION 2.0 QA\`: 1 created, 1 updated, 1 unchanged, 1 left alone**

      | Pipeline | Result | Details |
      | - | - | - |
      | \`customers\` | created | |
      | \`orders\` | updated | |
      | \`returns\` | left alone | The file was removed; pipelines are never deleted in AIC. |
      | \`stock\` | unchanged | |

      branch \`develop\` · commit [\`ccccccc1\`](https://gitlab.example/data/pipelines/-/commit/ccccccc100000000000000000000000000000000) · workspace \`PIN FUSION 2.0 QA\` · merge request [\`!3\`](https://gitlab.example/data/pipelines/-/merge_requests/3) · deployment 12 · took 2.3 s
      "
    `);
  });

  test('of one pipeline', () => {
    expect(comment([updated('orders')])).toMatchInlineSnapshot(`
      "✅ **Deployed 1 pipeline to \`PIN FUSION 2.0 QA\`: 1 updated**

      | Pipeline | Result | Details |
      | - | - | - |
      | \`orders\` | updated | |

      branch \`develop\` · commit [\`ccccccc1\`](https://gitlab.example/data/pipelines/-/commit/ccccccc100000000000000000000000000000000) · workspace \`PIN FUSION 2.0 QA\` · merge request [\`!3\`](https://gitlab.example/data/pipelines/-/merge_requests/3) · deployment 12 · took 2.3 s
      "
    `);
  });

  test('with remarks', () => {
    const items: readonly EndedItem[] = [
      { pipeline: 'a', state: { kind: 'updated', desired, remark: 'overwrote-drift' } },
      { pipeline: 'b', state: { kind: 'updated', desired, remark: 'stored-differently' } },
      { pipeline: 'c', state: { kind: 'created', desired, remark: 'not-read-back' } },
    ];
    expect(comment(items)).toMatchInlineSnapshot(`
      "✅ **Deployed 3 pipelines to \`PIN FUSION 2.0 QA\`: 1 created, 2 updated**

      | Pipeline | Result | Details |
      | - | - | - |
      | \`c\` | created | It was written, but could not be read back to check. |
      | \`a\` | updated | A change made by hand in AIC was overwritten; what was there is kept as a snapshot. |
      | \`b\` | updated | AIC stored it in a slightly different form than it was sent. |

      branch \`develop\` · commit [\`ccccccc1\`](https://gitlab.example/data/pipelines/-/commit/ccccccc100000000000000000000000000000000) · workspace \`PIN FUSION 2.0 QA\` · merge request [\`!3\`](https://gitlab.example/data/pipelines/-/merge_requests/3) · deployment 12 · took 2.3 s
      "
    `);
  });

  test('that found nothing to do', () => {
    expect(comment([unchanged('orders')])).toMatchInlineSnapshot(`
      "✅ **\`PIN FUSION 2.0 QA\` needed no change: 1 unchanged**

      | Pipeline | Result | Details |
      | - | - | - |
      | \`orders\` | unchanged | |

      branch \`develop\` · commit [\`ccccccc1\`](https://gitlab.example/data/pipelines/-/commit/ccccccc100000000000000000000000000000000) · workspace \`PIN FUSION 2.0 QA\` · merge request [\`!3\`](https://gitlab.example/data/pipelines/-/merge_requests/3) · deployment 12 · took 2.3 s
      "
    `);
  });

  test('that partly failed', () => {
    const items = [
      updated('orders'),
      blocked('customers'),
      failed('returns', {
        kind: 'unreadable-config',
        path: 'config/returns.json',
        line: 14,
        problem: 'a comma is missing',
      }),
    ];
    expect(comment(items)).toMatchInlineSnapshot(`
      "⚠️ **Deployed 1 of 3 pipelines to \`PIN FUSION 2.0 QA\`: 1 updated, 1 blocked, 1 failed**

      | Pipeline | Result | Details |
      | - | - | - |
      | \`returns\` | failed | \`config/returns.json\`, line 14: \`a comma is missing\` |
      | \`customers\` | blocked | It was changed or created in AIC by hand since the last deployment; deploying would overwrite that. |
      | \`orders\` | updated | |

      What to do:

      - \`returns\`: Correct the file and merge the correction.
      - \`customers\`: Bring the change from AIC into Git with \`/aic adopt "PIPELINE" branch=BRANCH\`, or undo it in AIC: the bot looks again by itself. To overwrite it once, comment \`/aic deploy force\` with the pipeline's name; to always overwrite such changes, set \`drift: overwrite\` for the workspace in \`branch_to_workspace.yaml\`.

      branch \`develop\` · commit [\`ccccccc1\`](https://gitlab.example/data/pipelines/-/commit/ccccccc100000000000000000000000000000000) · workspace \`PIN FUSION 2.0 QA\` · merge request [\`!3\`](https://gitlab.example/data/pipelines/-/merge_requests/3) · deployment 12 · took 2.3 s
      "
    `);
  });

  test('that deployed nothing but found something unchanged', () => {
    expect(comment([unchanged('orders'), failed('stock')])).toMatchInlineSnapshot(`
      "⚠️ **Deployed nothing to \`PIN FUSION 2.0 QA\`: 1 unchanged, 1 failed**

      | Pipeline | Result | Details |
      | - | - | - |
      | \`stock\` | failed | AIC answered \`503 Service Unavailable\` to \`GET /projects\`. |
      | \`orders\` | unchanged | |

      What to do:

      - \`stock\`: Just wait; the bot tries again by itself, at growing intervals of up to 15 minutes.

      branch \`develop\` · commit [\`ccccccc1\`](https://gitlab.example/data/pipelines/-/commit/ccccccc100000000000000000000000000000000) · workspace \`PIN FUSION 2.0 QA\` · merge request [\`!3\`](https://gitlab.example/data/pipelines/-/merge_requests/3) · deployment 12 · took 2.3 s
      "
    `);
  });

  test('that failed because AIC is down', () => {
    expect(comment([failed('orders'), failed('customers')])).toMatchInlineSnapshot(`
      "❌ **Deployed nothing to \`PIN FUSION 2.0 QA\`: 2 failed**

      | Pipeline | Result | Details |
      | - | - | - |
      | \`customers\` | failed | AIC answered \`503 Service Unavailable\` to \`GET /projects\`. |
      | \`orders\` | failed | AIC answered \`503 Service Unavailable\` to \`GET /projects\`. |

      What to do:

      - \`customers\`, \`orders\`: Just wait; the bot tries again by itself, at growing intervals of up to 15 minutes.

      branch \`develop\` · commit [\`ccccccc1\`](https://gitlab.example/data/pipelines/-/commit/ccccccc100000000000000000000000000000000) · workspace \`PIN FUSION 2.0 QA\` · merge request [\`!3\`](https://gitlab.example/data/pipelines/-/merge_requests/3) · deployment 12 · took 2.3 s
      "
    `);
  });

  test('that failed because AIC gave no answer', () => {
    const silent = { ...down, status: undefined, said: 'the connection was cut' };
    expect(comment([failed('orders', { kind: 'upstream', failure: silent })])).toMatchInlineSnapshot(`
      "❌ **Deployed nothing to \`PIN FUSION 2.0 QA\`: 1 failed**

      | Pipeline | Result | Details |
      | - | - | - |
      | \`orders\` | failed | AIC gave no usable answer to \`GET /projects\`: \`the connection was cut\` |

      What to do:

      - \`orders\`: Just wait; the bot tries again by itself, at growing intervals of up to 15 minutes.

      branch \`develop\` · commit [\`ccccccc1\`](https://gitlab.example/data/pipelines/-/commit/ccccccc100000000000000000000000000000000) · workspace \`PIN FUSION 2.0 QA\` · merge request [\`!3\`](https://gitlab.example/data/pipelines/-/merge_requests/3) · deployment 12 · took 2.3 s
      "
    `);
  });

  test('that was blocked', () => {
    const items = [blocked('orders')];
    expect(comment(items, { workspace: { ...deployment().workspace, environment: 'qa' } }))
      .toMatchInlineSnapshot(`
        "✋ **Deployed nothing to \`PIN FUSION 2.0 QA\`: 1 blocked**

        | Pipeline | Result | Details |
        | - | - | - |
        | \`orders\` | blocked | It was changed or created in AIC by hand since the last deployment; deploying would overwrite that. |

        What to do:

        - \`orders\`: Bring the change from AIC into Git with \`/aic adopt "PIPELINE" branch=BRANCH\`, or undo it in AIC: the bot looks again by itself. To overwrite it once, comment \`/aic deploy force\` with the pipeline's name; to always overwrite such changes, set \`drift: overwrite\` for the workspace in \`branch_to_workspace.yaml\`.

        branch \`develop\` · commit [\`ccccccc1\`](https://gitlab.example/data/pipelines/-/commit/ccccccc100000000000000000000000000000000) · workspace \`PIN FUSION 2.0 QA\` (AIC QA) · merge request [\`!3\`](https://gitlab.example/data/pipelines/-/merge_requests/3) · deployment 12 · took 2.3 s
        "
      `);
  });

  test('of 150 pipelines folds the last 50 away', () => {
    const items = Array.from({ length: 150 }, (_, index) => updated(`p${String(index).padStart(3, '0')}`));
    expect(shortened(comment(items))).toMatchInlineSnapshot(`
      "✅ **Deployed 150 pipelines to \`PIN FUSION 2.0 QA\`: 150 updated**

      | Pipeline | Result | Details |
      | - | - | - |
      | \`p000\` | updated | |
      …
      | \`p099\` | updated | |

      <details><summary>50 more</summary>

      | Pipeline | Result | Details |
      | - | - | - |
      | \`p100\` | updated | |
      …
      | \`p149\` | updated | |

      </details>

      branch \`develop\` · commit [\`ccccccc1\`](https://gitlab.example/data/pipelines/-/commit/ccccccc100000000000000000000000000000000) · workspace \`PIN FUSION 2.0 QA\` · merge request [\`!3\`](https://gitlab.example/data/pipelines/-/merge_requests/3) · deployment 12 · took 2.3 s
      "
    `);
  });

  test('of 2,500 pipelines leaves 500 out', () => {
    const items = Array.from({ length: 2_500 }, (_, index) => failed(`p${String(index).padStart(4, '0')}`));
    expect(shortened(comment(items))).toMatchInlineSnapshot(`
      "❌ **Deployed nothing to \`PIN FUSION 2.0 QA\`: 2500 failed**

      | Pipeline | Result | Details |
      | - | - | - |
      | \`p0000\` | failed | AIC answered \`503 Service Unavailable\` to \`GET /projects\`. |
      …
      | \`p0099\` | failed | AIC answered \`503 Service Unavailable\` to \`GET /projects\`. |

      <details><summary>1900 more</summary>

      | Pipeline | Result | Details |
      | - | - | - |
      | \`p0100\` | failed | AIC answered \`503 Service Unavailable\` to \`GET /projects\`. |
      …
      | \`p1999\` | failed | AIC answered \`503 Service Unavailable\` to \`GET /projects\`. |

      </details>

      500 further rows are not shown.

      What to do:

      - \`p0000\`, \`p0001\`, \`p0002\`, \`p0003\`, \`p0004\` and 2495 more: Just wait; the bot tries again by itself, at growing intervals of up to 15 minutes.

      branch \`develop\` · commit [\`ccccccc1\`](https://gitlab.example/data/pipelines/-/commit/ccccccc100000000000000000000000000000000) · workspace \`PIN FUSION 2.0 QA\` · merge request [\`!3\`](https://gitlab.example/data/pipelines/-/merge_requests/3) · deployment 12 · took 2.3 s
      "
    `);
  });

  test.each([
    [0, '0.0 s'],
    [2_340, '2.3 s'],
    [59_949, '59.9 s'],
    [59_950, '1 min 0 s'],
    [119_400, '1 min 59 s'],
    [119_600, '2 min 0 s'],
    [3_661_000, '61 min 1 s'],
  ])('that took %i ms says %s', (ms, words) => {
    expect(comment([], { finishedAt: 1_000_000 + ms })).toContain(` · took ${words}\n`);
  });
});

/** Long runs of table rows cut down to their first and last. */
function shortened(text: string): string {
  return text.replaceAll(/^(\| `.*\n)(?:\| `.*\n)+(\| `.*\n)/gm, '$1…\n$2');
}

describe('the report of a deployment', () => {
  test('is one comment on each merge request and one mail', () => {
    const jobs = deploymentReport(
      facts([updated('orders')], {
        places: [
          { kind: 'merge-request', iid: iid(3) },
          { kind: 'merge-request', iid: iid(5) },
        ],
      }),
      mail,
    );
    expect(
      jobs.map((job) => (job.kind === 'comment' ? [placeName(job.place), job.marker] : job.kind)),
    ).toStrictEqual([['!3', 'aic-bot:deployment:12'], ['!5', 'aic-bot:deployment:12'], 'mail']);
  });

  test('is a comment on the commit where there is no merge request', () => {
    const [job] = deploymentReport(facts([updated('orders')], { places: [] }), mail);
    expect(job).toMatchObject({
      kind: 'comment',
      place: { kind: 'commit', commit: sha(1) },
      marker: 'aic-bot:deployment:12:1002340',
    });
  });

  test('holds what the comment says', () => {
    const given = facts([updated('orders')]);
    expect(commentIn(deploymentReport(given, mail))).toBe(deploymentComment(given));
  });

  test('has no mail when nothing changed or nobody is to get it', () => {
    expect(mailIn(deploymentReport(facts([unchanged('orders')]), mail))).toBeUndefined();
    expect(mailIn(deploymentReport(facts([]), mail))).toBeUndefined();
    expect(mailIn(deploymentReport(facts([updated('orders')]), { ...mail, mailTo: [] }))).toBeUndefined();
  });

  test('has a mail when a removed file left its pipeline alone', () => {
    expect(mailIn(deploymentReport(facts([{ pipeline: 'a', state: { kind: 'left' } }]), mail))).toBeDefined();
  });

  test('has a mail like this', () => {
    const sent = mailIn(deploymentReport(facts([updated('orders'), blocked('customers')]), mail));
    expect(sent?.subject).toBe('[Deploy] GitLab Deployment Summary for develop');
    expect(sent?.messageId).toBe('deployment-12-1002340@bot.example');
    expect(sent?.to).toStrictEqual(['team@example.com']);
    expect(sent?.text).toMatchInlineSnapshot(`
      "Deployed 1 of 2 pipelines to "PIN FUSION 2.0 QA": 1 updated, 1 blocked

      - customers – blocked – It was changed or created in AIC by hand since the last deployment; deploying would overwrite that.
      - orders – updated

      What to do:
      - "customers": Bring the change from AIC into Git with "/aic adopt "PIPELINE" branch=BRANCH", or undo it in AIC: the bot looks again by itself. To overwrite it once, comment "/aic deploy force" with the pipeline's name; to always overwrite such changes, set "drift: overwrite" for the workspace in "branch_to_workspace.yaml".

      branch "develop"
      commit ccccccc1 (https://gitlab.example/data/pipelines/-/commit/ccccccc100000000000000000000000000000000)
      workspace "PIN FUSION 2.0 QA"
      merge request !3 (https://gitlab.example/data/pipelines/-/merge_requests/3)
      deployment 12
      took 2.3 s
      "
    `);
  });
});
