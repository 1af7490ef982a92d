import type { BranchView } from '../../src/domain/deployment/decide-deployment.ts';
import type { Deployment, EndedItem } from '../../src/domain/deployment/deployment.ts';
import type { Fingerprint } from '../../src/domain/pipeline/fingerprint.ts';
import type { Commit, MergeRequest } from '../../src/domain/gitlab/merge-request.ts';
import type { Project } from '../../src/domain/gitlab/project.ts';
import {
  commitSha,
  type CommitSha,
  type DeploymentId,
  type MergeRequestIid,
  type ProjectId,
} from '../../src/domain/shared/ids.ts';
import { fail } from '../../src/domain/shared/result.ts';
import type { Reason } from '../../src/domain/report/reason.ts';
import type { UpstreamFailure } from '../../src/domain/shared/upstream-failure.ts';

export const projectId = 7 as ProjectId;

export const project: Project = {
  id: projectId,
  path: 'data/pipelines',
  webUrl: 'https://gitlab.example/data/pipelines',
  defaultBranch: 'main',
};

/** A SHA that differs for each number and shows it at its beginning. */
export function sha(number: number): CommitSha {
  const found = commitSha(number.toString(16).padStart(8, 'c').padEnd(40, '0'));
  if (found === undefined) throw new Error(`${number} makes no SHA`);
  return found;
}

/** A commit on top of others. */
export function commit(number: number, ...parents: readonly number[]): Commit {
  return { id: sha(number), parents: parents.map((parent) => sha(parent)) };
}

export function iid(number: number): MergeRequestIid {
  return number as MergeRequestIid;
}

export function fingerprint(text: string): Fingerprint {
  return text as Fingerprint;
}

export function deployment(changes: Partial<Deployment> = {}): Deployment {
  return {
    id: 12 as DeploymentId,
    projectId,
    branch: 'develop',
    workspace: { environment: 'prod', aicProject: 'PIN ANALYTICS', workspace: 'PIN FUSION 2.0 QA' },
    head: sha(1),
    places: [{ kind: 'merge-request', iid: iid(3) }],
    by: undefined,
    reason: undefined,
    status: 'running',
    startedAt: 1_000_000,
    finishedAt: undefined,
    ...changes,
  };
}

export function created(pipeline: string): EndedItem {
  return { pipeline, state: { kind: 'created', desired: fingerprint('f') } };
}

export function updated(pipeline: string): EndedItem {
  return { pipeline, state: { kind: 'updated', desired: fingerprint('f') } };
}

export function unchanged(pipeline: string): EndedItem {
  return { pipeline, state: { kind: 'unchanged' } };
}

export function blocked(pipeline: string, reason: Reason = { kind: 'drift' }): EndedItem {
  return { pipeline, state: { kind: 'blocked', reason } };
}

export function failed(pipeline: string, reason: Reason = { kind: 'upstream', failure: down }): EndedItem {
  return { pipeline, state: { kind: 'failed', reason } };
}

export const down: UpstreamFailure = {
  system: 'AIC',
  reason: 'passing',
  status: 503,
  asked: 'GET /projects',
  said: 'Service Unavailable',
};

export const mail = { mailTo: ['team@example.com'], mailHost: 'bot.example' };

export function mergeRequest(number: number): MergeRequest {
  return {
    iid: iid(number),
    title: 'Change a pipeline',
    webUrl: `${project.webUrl}/-/merge_requests/${number}`,
    state: 'merged',
    source: 'topic',
    target: 'develop',
    mergedBy: 'omar',
    mergeCommit: sha(1),
    squashCommit: undefined,
    head: sha(2),
    base: sha(0),
    description: '',
    fromFork: false,
    isDraft: false,
  };
}

/** A branch without a mapping, from `sha(0)` to `sha(1)`, that no merge request changed. */
export function branchView({
  branch = 'develop',
  ...changes
}: Partial<BranchView> & { branch?: string }): BranchView {
  return {
    key: { projectId, branch },
    project,
    mapping: fail({ kind: 'missing', defaultBranch: 'main' }),
    state: undefined,
    pending: [],
    head: sha(1),
    from: sha(0),
    origin: sha(0),
    changes: { paths: [], commits: [commit(1, 0)] },
    mergeRequests: [],
    provenance: new Map(),
    deliveries: ['d-1'],
    ...changes,
  };
}
