import type { WorkspaceName } from '../aic/aic.ts';
import type { Claims, GrantedName } from './claims.ts';
import { entryFor, entryOf } from './parse-grants.ts';
import { names, phrase } from '../report/phrase.ts';
import type { Explanation } from '../report/reason.ts';

/** What keeps a project from workspaces that it names, for the operator. They are all of one AIC project. */
export function explainUnclaimed(
  claims: Claims,
  projectPath: string,
  refused: readonly WorkspaceName[],
): Explanation {
  const what = names(refused.map(({ workspace }) => workspace));
  const entries = entriesFor(claims, projectPath, refused).join('; ');
  return {
    what: phrase`No grant lets ${projectPath} use ${what} of the AIC project ${refused[0]?.aicProject ?? ''}.`,
    remedy:
      claims.byDefault.length > 0
        ? phrase`If it is to use them, set ${'AIC_WORKSPACES'} to ${entries}.`
        : phrase`If it is to use them, add to ${'AIC_WORKSPACES'}, after a semicolon: ${entries}.`,
  };
}

/** The entries of `AIC_WORKSPACES` that let a project use these. What is granted by default is granted only while nothing is written. */
export function entriesFor(
  claims: Claims,
  projectPath: string,
  refused: readonly GrantedName[],
): readonly string[] {
  const before = claims.byDefault.flatMap((grant) => entryOf(grant) ?? []);
  return [...new Set([...before, ...refused.map((name) => entryFor(projectPath, name))])];
}
