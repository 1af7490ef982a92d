import { accessLevelOf, type Mapping, type Right } from '../mapping/mapping.ts';
import { phrase } from '../report/phrase.ts';
import type { Explanation } from '../report/reason.ts';

/**
 * What keeps somebody from a command; undefined when nothing does.
 * @param level GitLab's number of the asker's access level
 * @param right undefined for what every member may do
 */
export function lacks(
  level: number,
  { right, wanted }: { readonly right: Right | undefined; readonly wanted: string },
  permissions: Mapping['permissions'],
): Explanation | undefined {
  if (right === undefined || level >= accessLevelOf(permissions[right])) return undefined;
  return {
    what: phrase`Nothing was done: ${wanted} needs the access level ${permissions[right]} in this project, and yours is lower.`,
    remedy: phrase`Ask somebody with that level to write the command, or a maintainer to change ${`permissions: { ${right}: … }`} in ${'branch_to_workspace.yaml'}.`,
  };
}
