import type { ProjectId } from '../shared/ids.ts';

/** What the operator has to know. Those of one kind share a mail, of which there is one an hour at most; the log has each at once. */
export type Alert = RejectedAlert | DelayedAlert | BrokenAlert | UnclaimedAlert;

/** A delivery of a served project that could not be read. */
interface RejectedAlert {
  readonly about: 'rejected';
  readonly delivery: string;
  readonly eventName: string;
  readonly reason: string;
}

/** A branch that can't be looked at for the time being. */
interface DelayedAlert {
  readonly about: 'delayed';
  readonly projectId: ProjectId;
  readonly branch: string;
  readonly reason: string;
}

/** A job that breaks off again and again, by a bug or by what the store does not take. */
interface BrokenAlert {
  readonly about: 'broken';
  /** By which it is found in the log. */
  readonly id: string;
  readonly lane: string;
  /** Whether it is tried again. */
  readonly isRetried: boolean;
}

/** A project was refused a workspace. */
interface UnclaimedAlert {
  readonly about: 'unclaimed';
  readonly projectPath: string;
  readonly aicProject: string;
  readonly workspace: string;
  /** What of `AIC_WORKSPACES` lets the project use it. */
  readonly entries: readonly string[];
}

export type AlertKind = Alert['about'];

/** So long no second mail of a kind follows, in milliseconds. */
export const betweenAlertsMs = 60 * 60_000;

/** What tells an alert from others of its kind: the same one that comes again before it is mailed is mailed once. */
export function alertId(alert: Alert): string {
  switch (alert.about) {
    case 'rejected':
      return alert.delivery;
    case 'delayed':
      return `${alert.projectId}:${alert.branch}`;
    case 'broken':
      return alert.id;
    case 'unclaimed':
      return JSON.stringify([alert.projectPath, alert.aicProject, alert.workspace]);
  }
}
