import type { Aic, Environment, Workspace } from '../../domain/aic/aic.ts';
import type { Clock } from '../../domain/shared/clock.ts';
import type { Log } from '../../domain/shared/log.ts';
import { fail, ok, type Result } from '../../domain/shared/result.ts';
import type { UpstreamFailure } from '../../domain/shared/upstream-failure.ts';
import { createBound, type OuterBound } from '../http/concurrency-limit.ts';
import { createBreaker, type Breaking } from '../http/circuit-breaker.ts';
import type { RetryPolicy } from '../http/client.ts';
import { createCalls, type AicHost, type Calls } from './calls.ts';
import { datasetsAt } from './datasets.ts';
import { drivesAt } from './drives.ts';
import { branchesAt } from './interactive-branches.ts';
import { Names } from './names.ts';
import { pipelinesAt } from './pipelines.ts';

export interface AicDeps {
  /** The hosts that the bot has a key for. */
  readonly hosts: ReadonlyMap<Environment, AicHost>;
  /** Calls under way at once, to each host. */
  readonly concurrency: number;
  /** What bounds them beyond this process. */
  readonly outer?: OuterBound;
  readonly clock: Clock;
  readonly stop: AbortSignal;
  readonly mask: (text: string) => string;
  readonly retry: RetryPolicy;
  readonly breaking: Breaking;
  readonly timeoutMs: number;
}

/**
 * AIC's REST API. The result is made once; called with a log it gives the port whose calls are logged there, and which begins none
 * once the second signal fires. Remembered names and the bound on calls are shared by all of them.
 */
export function createAic(
  deps: AicDeps,
): (
  log: Log,
  stop?: AbortSignal,
  beforeCall?: () => void,
) => Aic & { reachable(): Promise<Result<void, UpstreamFailure>> } {
  const installations = new Map(
    [...deps.hosts].map(([environment, host]) => [
      environment,
      {
        host,
        bound: createBound(`AIC ${environment}`, deps.concurrency, deps.outer),
        breaker: createBreaker('AIC', deps.breaking),
        names: new Names(deps.clock),
      },
    ]),
  );
  return (log, stop = deps.stop, beforeCall = () => {}) => {
    const connected = new Map(
      [...installations].map(([environment, { names, ...installation }]) => [
        environment,
        { names, calls: createCalls({ ...deps, ...installation, log, stop, beforeCall }) },
      ]),
    );
    const noKey = (environment: Environment) => fail({ kind: 'no-key', environment } as const);
    return {
      projects: async (environment) => {
        const host = connected.get(environment);
        return host === undefined ? noKey(environment) : host.names.projects(host.calls);
      },
      workspaces: async ({ environment, aicProject }) => {
        const host = connected.get(environment);
        return host === undefined ? noKey(environment) : host.names.workspaces(host.calls, aicProject);
      },
      workspace: async (name, mayTell) => {
        const host = connected.get(name.environment);
        if (host === undefined) return noKey(name.environment);
        const path = await host.names.resolve(host.calls, name, mayTell);
        return path.ok ? ok(workspaceAt(host.calls, path.value, () => host.names.forget())) : path;
      },
      reachable: async () => {
        for (const { calls } of connected.values()) {
          const answered = await calls.ask({ method: 'GET', path: '/projects' }, () => undefined);
          if (!answered.ok) return answered;
        }
        return ok(undefined);
      },
    };
  };
}

function workspaceAt(calls: Calls, path: string, forgetNames: () => void): Workspace {
  return {
    ...pipelinesAt(calls, path, forgetNames),
    ...branchesAt(calls, path),
    ...datasetsAt(calls, path),
    ...drivesAt(calls, path),
  };
}
