import type { WorkspaceName } from '../aic/aic.ts';
import type { Event } from '../jobs/webhook-event.ts';
import type { Fingerprint } from '../pipeline/fingerprint.ts';
import type { BlobId } from '../pipeline/blob-id.ts';
import type { CommitSha, ProjectId } from '../shared/ids.ts';
import type { Provenance } from '../deployment/gate/provenance.ts';

/** A branch of a GitLab project. */
export interface BranchKey {
  readonly projectId: ProjectId;
  readonly branch: string;
}

/** What is remembered of a branch. */
export interface BranchState {
  /** The last deployed commit, or the commit from which changes wait to be deployed. */
  readonly deployed: CommitSha;
  /** Where the record of this branch began: a delivery that reaches further back moves it there. */
  readonly origin: CommitSha;
  /** Whether changes wait because the mapping was missing or invalid. */
  readonly held: boolean;
  /** The head that was last reported instead of deployed: a push past review, or a merge without a valid mapping. */
  readonly reported: CommitSha | undefined;
  /** Runs in a row that left something pending and were woken by nobody. */
  readonly tries: number;
  /** Whether merge requests were told that their deployment waits, for the end of a freeze or for a review. */
  readonly gated?: boolean;
}

/** A delivery that no finished run has taken into account yet. */
export interface WaitingDelivery {
  readonly id: string;
  readonly event: Event;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
}

/** A pipeline that a deployment could not bring into the workspace, and the file that holds it. */
export interface Pending {
  readonly pipeline: string;
  readonly path: string;
  /** The commit at which the file is what the workspace should hold if nobody touched it: where the changes began that are pending. */
  readonly base: CommitSha;
  /** Whether somebody cancelled it: then it waits for a merge or a command, and is not tried again by itself. */
  readonly paused: boolean;
  /** Whether it waits for a review, and was not tried. */
  readonly held: boolean;
  /** What its content came from; it is kept for as long as it is pending. */
  readonly provenance: Provenance;
}

/** What a workspace held when it was last deployed to or pushed from. */
export interface Baseline {
  readonly fingerprint: Fingerprint;
  /** The file that was pushed from it; undefined after a deployment. */
  readonly blob: BlobId | undefined;
}

/** A config as the workspace held it before the bot overwrote it. */
export interface Snapshot {
  readonly pipeline: string;
  readonly fingerprint: Fingerprint;
  /** As `writeConfig` writes it. */
  readonly config: string;
}

/** A workspace as seen from one GitLab project: two projects that share one do not share their records. */
export interface WorkspaceKey extends WorkspaceName {
  readonly projectId: ProjectId;
}
