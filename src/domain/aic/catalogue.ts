import type { Environment } from './aic.ts';
import type { Result } from '../shared/result.ts';
import type { UpstreamFailure } from '../shared/upstream-failure.ts';

/** The names that AIC shows to the bot's keys. */
export interface AicCatalogue {
  /** Those that there is a key for. */
  readonly environments: readonly Environment[];
  projects(environment: Environment): Promise<Result<readonly string[], UpstreamFailure>>;
  /** Undefined where there is no project of this name. */
  workspaces(
    environment: Environment,
    aicProject: string,
  ): Promise<Result<readonly string[] | undefined, UpstreamFailure>>;
}
