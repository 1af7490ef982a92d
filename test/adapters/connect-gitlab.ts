import { neverBreaking } from '../../src/adapters/http/circuit-breaker.ts';
import { createGitLab } from '../../src/adapters/gitlab/gitlab.ts';
import { createLog } from '../../src/adapters/log.ts';
import type { GitLab } from '../../src/domain/gitlab/gitlab.ts';
import type { GitLabResult } from '../../src/domain/gitlab/project.ts';

/** The adapter for a GitLab at this address, with short pauses between tries. */
export function connectGitLab(url: string, token: string): GitLab {
  const clock = { now: () => Date.now() };
  const mask = (text: string) => text;
  return createGitLab({
    url: new URL(url),
    token,
    clock,
    stop: new AbortController().signal,
    mask,
    retry: { firstPauseMs: 1, longestPauseMs: 5, totalMs: 1_500 },
    breaking: neverBreaking,
    timeoutMs: 5_000,
  })(createLog({ level: 'silent', clock, mask, write: () => {} }));
}

/** What a call brought; throws when it failed. */
export function valueOf<Value>(result: GitLabResult<Value>): Value {
  if (!result.ok) throw new Error(JSON.stringify(result.failure));
  return result.value;
}
