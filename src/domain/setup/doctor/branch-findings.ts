import type { Branch } from '../administration.ts';
import { failed, fine, warned, type Finding } from './finding.ts';
import { names, phrase } from '../../report/phrase.ts';

/** Whether the branches of the mapping exist and are protected. `undefined` is a branch that does not exist. */
export function judgeBranches(
  branches: ReadonlyMap<string, Branch | undefined>,
  production: string,
): readonly Finding[] {
  const good: string[] = [];
  const findings: Finding[] = [];
  for (const [name, branch] of branches) {
    if (branch === undefined)
      findings.push(
        failed('branches', {
          what: phrase`The mapping names ${name}, and there is no such branch.`,
          remedy: phrase`Create it, or correct ${'branch_to_workspace.yaml'}.`,
        }),
      );
    else if (!branch.isProtected) {
      const isProduction = name === production;
      const what = isProduction
        ? phrase`${name} is not protected: every developer deploys to production by merging or pushing.`
        : phrase`${name} is not protected: every developer may push to it past the merge requests.`;
      const remedy = phrase`Protect it with ${'aic-bot init'} and the project's name, or in GitLab: Settings, Repository, Protected branches.`;
      findings.push(
        isProduction ? failed('branches', { what, remedy }) : warned('branches', { what, remedy }),
      );
    } else good.push(name);
  }
  if (good.length === 0) return findings;
  const there = fine('branches', [
    ...names(good),
    good.length === 1 ? ' is there and protected' : ' are there and protected',
  ]);
  return [there, ...findings];
}
