import type { ProjectId } from '../shared/ids.ts';
import type { DueJob } from '../jobs/job.ts';

/** A project that the bot has heard of or looked at. */
export interface KnownProject {
  readonly id: ProjectId;
  /** When its first delivery came; undefined where none ever did. Milliseconds since 1970. */
  readonly heardAt: number | undefined;
  /** Up to when everything that no webhook told of is known. */
  readonly caughtUpAt: number | undefined;
  /** What keeps its webhook from working, as `HookProblem.id`. */
  readonly hookProblem: string | undefined;
}

/** The projects, and what was looked for in them. Each method is one transaction. */
export interface KnownProjects {
  projects(): Promise<readonly KnownProject[]>;
  knownProject(id: ProjectId): Promise<KnownProject | undefined>;
  /** Forgets a project that was never looked at: that a delivery named it does not make it one. */
  forgetUnseen(id: ProjectId): Promise<void>;
  /** Those of the deliveries that the inbox has. */
  accepted(deliveries: readonly string[]): Promise<ReadonlySet<string>>;
  /** Remembers what a project was like. The jobs, which tell of the problem, are added only if it is not known yet; then it is true. */
  saveCatchUp(
    id: ProjectId,
    found: { readonly caughtUpAt: number; readonly hookProblem: string | undefined },
    jobs: readonly DueJob[],
  ): Promise<boolean>;
}
