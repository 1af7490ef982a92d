import type { WorkspaceName } from '../aic/aic.ts';
import type { Alerts } from './alert-store.ts';
import type { AuditEntry } from '../audit/audit-log.ts';
import type { Askers } from './asker-store.ts';
import type { Drifts } from './drift-store.ts';
import type { Hold, Holds } from '../deployment/rollback/hold.ts';
import type { History } from './deployment-history.ts';
import type { Deployment, EndedItem, Item } from '../deployment/deployment.ts';
import type { Fingerprint } from '../pipeline/fingerprint.ts';
import type { CommitSha, DeploymentId, ProjectId } from '../shared/ids.ts';
import type { Candidate } from '../deployment/decide-deployment.ts';
import type { Place } from '../gitlab/comment-location.ts';
import type { PushItem } from '../push/push-plan.ts';
import type { RecordIds } from './deployment-records.ts';
import type { Report } from '../report/report.ts';
import type { Requests } from './command-store.ts';
import type { Retention } from './retention.ts';
import type { DueJob } from '../jobs/job.ts';
import type { KnownProjects } from './known-projects.ts';
import type { Notices } from './notices.ts';
import type { OwnCommits } from './own-commit-store.ts';
import type { Plans } from './shown-plans.ts';
import type {
  Baseline,
  BranchKey,
  BranchState,
  Pending,
  Snapshot,
  WaitingDelivery,
  WorkspaceKey,
} from './state.ts';

/** What a deployment is about, settled when it begins: one that was cut off is brought to the end with it, and with nothing that came since. */
export interface Scope {
  readonly from: CommitSha;
  readonly candidates: readonly Candidate[];
  /** What waits for a review beside it. */
  readonly held: readonly Pending[];
  /** Whether changes made outside Git are overwritten. */
  readonly force: boolean;
  /** How the branch stands once it has ended. */
  readonly state: BranchState;
}

/** What a push ended with: a run that was cut off behind it tells the same. */
export interface SavedPush {
  readonly items: readonly PushItem[];
  readonly report: Report;
}

/** How a run over a branch ends. All of it is written in one transaction. */
export interface Closing {
  readonly key: BranchKey;
  readonly deliveries: readonly string[];
  /** Undefined: what is remembered of the branch stays as it is. */
  readonly state: BranchState | undefined;
  /** Of a run without a deployment: what the next run has to look at again. Undefined: that stays as it is. */
  readonly pending?: readonly Pending[];
  readonly deployment:
    | {
        readonly id: DeploymentId;
        /** All of them: its status follows from them. */
        readonly items: readonly EndedItem[];
        readonly finishedAt: number;
        /** The outcome, as `outcomeOf`: with this the jobs tell of it, if they have to. */
        readonly told: string;
        /** The items that the next run has to look at again. */
        readonly pending: readonly Pending[];
        /** The pipelines that are held back from now on, and those that are no longer. */
        readonly holds?: readonly Hold[];
        readonly released?: readonly string[];
      }
    | undefined;
  readonly jobs: readonly DueJob[];
  readonly audit: readonly AuditEntry[];
}

/**
 * What the bot remembers. Each method is one transaction; when its promise resolves, the change is on disk.
 * A store that can't be read or written throws: there is nothing sensible to do but to try the job again later.
 *
 * On behalf of a lane, whatever writes rejects once the lane's lease is lost, and writes nothing. That is thrown and not returned, since no
 * run can answer it: another process does the work now, and whatever runs here still, in whichever of its steps, must end at once.
 */
export interface Store
  extends
    Askers,
    OwnCommits,
    Notices,
    Alerts,
    KnownProjects,
    Retention,
    Plans,
    RecordIds,
    Drifts,
    Holds,
    History,
    Requests {
  branch(key: BranchKey): Promise<BranchState | undefined>;
  /** Oldest first. */
  waiting(key: BranchKey): Promise<readonly WaitingDelivery[]>;
  pending(key: BranchKey): Promise<readonly Pending[]>;
  /** What is remembered of the project's branches, by name. */
  states(projectId: ProjectId): Promise<ReadonlyMap<string, BranchState>>;
  /** Branches of the project whose changes wait for a valid mapping. */
  held(projectId: ProjectId): Promise<readonly string[]>;
  /** The newest deployment of the branch, with its items. */
  lastDeployment(key: BranchKey): Promise<
    | {
        readonly deployment: Deployment;
        readonly items: readonly Item[];
        /** Undefined for a rollback, and for what was begun by a version that did not note it. */
        readonly scope: Scope | undefined;
      }
    | undefined
  >;
  /** What these pipelines were after the last deployment or push. */
  baselines(key: WorkspaceKey, pipelines: readonly string[]): Promise<ReadonlyMap<string, Baseline>>;
  /** Begins a deployment, or with an `id` takes one up again under its old number. One that was cut off stays cancelled if it was. */
  begin(run: {
    readonly id: DeploymentId | undefined;
    readonly key: BranchKey;
    readonly workspace: WorkspaceName;
    readonly head: CommitSha;
    readonly places: readonly Place[];
    readonly by: string | undefined;
    readonly reason: string | undefined;
    /** The order that it is run for; one that is taken up keeps its own. */
    readonly request: string | undefined;
    readonly scope?: Scope;
    /** The deployment that it undoes. */
    readonly rollsBack?: DeploymentId;
    readonly startedAt: number;
  }): Promise<Deployment>;
  /** The deployment that ended for an order, with its items. */
  deploymentFor(
    request: string,
  ): Promise<{ readonly deployment: Deployment; readonly items: readonly Item[] } | undefined>;
  /** Asks the running deployment of the branch to begin nothing more; undefined when none is running. */
  cancel(key: BranchKey, by: string): Promise<Deployment | undefined>;
  /** Who asked the deployment to begin nothing more. */
  cancelledBy(id: DeploymentId): Promise<string | undefined>;
  /** Writes down what is about to be done: the items, and what they will overwrite. */
  plan(id: DeploymentId, items: readonly Item[], snapshots: readonly Snapshot[]): Promise<void>;
  /** Writes down how an item stands; with a fingerprint also what the workspace now holds. */
  saveItem(
    id: DeploymentId,
    item: Item,
    holds?: { readonly key: WorkspaceKey; readonly fingerprint: Fingerprint },
  ): Promise<void>;
  /** Rejects, and writes nothing, while an item of the deployment is written down as planned or being written. */
  close(closing: Closing): Promise<void>;
  /** Remembers what a workspace held when it was pushed, and how its branch now stands. */
  savePush(push: {
    readonly workspace: WorkspaceKey;
    readonly baselines: ReadonlyMap<string, Baseline>;
    readonly branch: { readonly key: BranchKey; readonly state: BranchState } | undefined;
    readonly jobs: readonly DueJob[];
    readonly audit: readonly AuditEntry[];
    readonly request: string;
    readonly to: string;
    readonly outcome: SavedPush;
  }): Promise<void>;
  /** What a push for this request wrote to the branch, if it was saved. It is remembered as long as the bodies of deliveries. */
  pushed(request: string, branch: string): Promise<SavedPush | undefined>;
  /** Whether the audit log has the entry of this key: then what it tells of has ended, and what follows from it was added. */
  isRecorded(key: string): Promise<boolean>;
  /** Adds entries to the audit log, and the jobs that follow from what they tell of. */
  record(audit: readonly AuditEntry[], jobs: readonly DueJob[]): Promise<void>;
  /** What the workspace held of the pipelines that the deployment overwrote, by their names. */
  overwritten(id: DeploymentId): Promise<ReadonlyMap<string, Fingerprint>>;
}
