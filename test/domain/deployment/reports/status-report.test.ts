import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { toComment } from '../../../../src/domain/report/markdown.ts';
import { toMailText } from '../../../../src/domain/report/text.ts';
import { noProvenance, type Provenance } from '../../../../src/domain/deployment/gate/provenance.ts';
import { statusReport, type BranchStatus } from '../../../../src/domain/deployment/reports/status-report.ts';
import type { DriftState } from '../../../../src/domain/deployment/drift/classify-drift.ts';
import type { Pending } from '../../../../src/domain/store/state.ts';
import { hostile } from '../../hostile.ts';
import { blocked, deployment, failed, iid, project, sha, updated } from '../../samples.ts';

function pendingOf(pipeline: string, path = `config/${pipeline}.json`): Pending {
  return { pipeline, path, base: sha(9), paused: false, held: false, provenance: noProvenance };
}

function status(changes: Partial<BranchStatus> = {}): BranchStatus {
  return {
    branch: 'develop',
    workspace: 'PIN QA',
    last: undefined,
    pending: [],
    drift: new Map(),
    holds: [],
    frozen: undefined,
    ...changes,
  };
}

describe('the status', () => {
  test('reads like this', () => {
    const last = {
      deployment: deployment({
        status: 'partly failed',
        by: 'omar',
        finishedAt: Date.UTC(2026, 10, 24, 6, 58, 59),
      }),
      items: [updated('fine'), blocked('by hand'), failed('away'), failed('deployed since')],
    };
    const report = statusReport(project, [
      status({ last, pending: [pendingOf('by hand'), pendingOf('away')] }),
      status({ branch: 'nowhere', workspace: undefined }),
    ]);
    expect(report.mood).toBe('held');
    expect(toMailText(report)).toMatchInlineSnapshot(`
      "2 pipelines are pending

      - develop – PIN QA – partly failed, 2026-11-24 06:58 UTC, commit ccccccc1 (https://gitlab.example/data/pipelines/-/commit/ccccccc100000000000000000000000000000000), by "omar", deployment 12 – "by hand", "away"
      - nowhere – none – none yet

      What to do:
      - "develop", "by hand": It was changed or created in AIC by hand since the last deployment; deploying would overwrite that. Bring the change from AIC into Git with "/aic adopt "PIPELINE" branch=BRANCH", or undo it in AIC: the bot looks again by itself. To overwrite it once, comment "/aic deploy force" with the pipeline's name; to always overwrite such changes, set "drift: overwrite" for the workspace in "branch_to_workspace.yaml".
      - "develop", "away": AIC answered "503 Service Unavailable" to "GET /projects". Just wait; the bot tries again by itself, at growing intervals of up to 15 minutes.
      "
    `);
  });

  test('names what waits for a review, and whose, and what nobody can review', () => {
    const from = (pipeline: string, provenance: Partial<Provenance>): Pending => ({
      ...pendingOf(pipeline),
      held: true,
      provenance: { ...noProvenance, ...provenance },
    });
    const pending = [
      from('a', { mergeRequests: [iid(3), iid(5)] }),
      from('b', { directPushes: [sha(7)] }),
      from('c', { isUnknown: true }),
    ];
    const text = toMailText(statusReport(project, [status({ pending })]));
    expect(text).toContain('"develop": "a" held, and waits for a review of !3; a review of !5.');
    expect(text).toContain(
      '"b" held, and waits for force, since "ccccccc7" was pushed without a merge request.',
    );
    expect(text).toContain(
      '"c" held, and waits for force, since GitLab does not tell what its content came from.',
    );
  });

  test.each<readonly [readonly Pending[], string]>([
    [[], 'Nothing is pending'],
    [[pendingOf('a')], '1 pipeline is pending'],
    [[pendingOf('a'), pendingOf('a', 'config/A.json')], '1 pipeline is pending'],
    [[pendingOf('a'), pendingOf('b')], '2 pipelines are pending'],
  ])('counts pipelines, not files', (pending, outcome) => {
    expect(toMailText(statusReport(project, [status({ pending })]))).toContain(outcome);
  });

  test('tells how the workspace compares with the branch, and how to get out of what was changed by hand', () => {
    const drift = new Map<string, DriftState>([
      ['a', 'in-sync'],
      ['b', 'ahead'],
      ['c', 'in-sync'],
      ['d', 'renamed'],
    ]);
    const by = { start: '0 23 * * 5', end: '0 7 * * 1', zone: 'UTC' };
    const frozen = { until: Date.UTC(2026, 10, 30, 7), zone: 'UTC', by };
    const text = toMailText(statusReport(project, [status({ drift, frozen })]));
    expect(text).toContain('2 in sync, 1 ahead, 1 renamed');
    expect(text).toContain('"b", "d" changed by hand in AIC: "/aic adopt branch=develop"');
    expect(text).toContain(
      '"develop": nothing is deployed by itself until Mon 30 Nov 2026, 07:00 UTC, because of GitLab',
    );
  });

  test('counts a pipeline that is pending on two branches twice', () => {
    const pending = [pendingOf('a')];
    const report = statusReport(project, [status({ pending }), status({ branch: 'main', pending })]);
    expect(toMailText(report)).toContain('2 pipelines are pending');
  });

  test('tells the reasons of ten pipelines of a branch at most', () => {
    const names = Array.from({ length: 30 }, (_, index) => `p${index}`);
    const last = { deployment: deployment(), items: names.map((name) => blocked(name)) };
    const report = statusReport(project, [status({ last, pending: names.map((name) => pendingOf(name)) })]);
    expect(report.remedies).toHaveLength(10);
    expect(toMailText(report)).toContain('and 25 more');
  });

  test('has a row for each branch, whatever stands in it', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(hostile, hostile), { maxLength: 4 }), (some) => {
        const branches = some.map(([branch, name]) =>
          status({
            branch,
            workspace: name,
            last: { deployment: deployment({ by: name, branch }), items: [blocked(name)] },
            pending: [pendingOf(name)],
          }),
        );
        const report = statusReport(project, branches);
        expect(report.table?.rows).toHaveLength(branches.length);
        expect(toComment(report)).not.toMatch(/^\/(?:merge|close)/m);
      }),
    );
  });
});
