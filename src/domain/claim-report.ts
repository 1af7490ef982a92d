import type { WorkspaceName } from './aic.ts';
import type { Claims } from './claims.ts';
import type { Project } from './gitlab.ts';
import { entryFor, entryOf } from './grants.ts';
import type { Job } from './job.ts';
import { joined, link, names, phrase, type Phrase } from './phrase.ts';
import type { Explanation } from './reason.ts';
import { summaryMail, type MailSettings } from './report-mail.ts';

/** A workspace that a project was refused. */
export interface Unclaimed {
  readonly project: Pick<Project, 'path' | 'webUrl'>;
  readonly name: WorkspaceName;
  readonly claims: Claims;
}

/** The mail by which the operator can let a project use a workspace, if that is meant. */
export function unclaimedMail(id: string, refused: Unclaimed, mail: MailSettings): readonly Job[] {
  const { project, name } = refused;
  const report = {
    mood: 'held',
    outcome: phrase`${project.path} was refused the workspace ${name.workspace} of the AIC project ${name.aicProject}: no grant covers it. Nothing was read or written.`,
    table: undefined,
    remedies: [
      phrase`If the project is to use it, ${grantThem(refused.claims, project.path, [name])}, and start the bot again.`,
      phrase`If not, there is nothing to do. Who can change the default branch of ${project.path} names workspaces in its ${'branch_to_workspace.yaml'}.`,
    ],
    facts: [['project ', ...link(project.path, project.webUrl)]],
  } as const;
  return summaryMail(id, `[aic-bot] ${project.path} was refused an AIC workspace`, report, mail);
}

/** What keeps a project from workspaces that it names, for the operator. */
export function explainUnclaimed(
  claims: Claims,
  projectPath: string,
  refused: readonly WorkspaceName[],
): Explanation {
  const what = names(refused.map(({ workspace }) => workspace));
  return {
    what: phrase`No grant lets ${projectPath} use ${what} of the AIC project ${refused[0]?.aicProject ?? ''}.`,
    remedy: phrase`If it is to use them, ${grantThem(claims, projectPath, refused)}.`,
  };
}

/** What to write, in the midst of a sentence. The default grant holds only while nothing is written. */
function grantThem(claims: Claims, projectPath: string, refused: readonly WorkspaceName[]): Phrase {
  const before = claims.byDefault.flatMap((grant) => entryOf(grant) ?? []);
  const written = [...new Set([...before, ...refused.map((name) => entryFor(projectPath, name))])];
  const entries = joined(
    written.map((entry) => phrase`${entry}`),
    '; ',
  );
  return claims.byDefault.length > 0
    ? phrase`set ${'AIC_WORKSPACES'} to ${entries}`
    : phrase`add to ${'AIC_WORKSPACES'}: ${entries}`;
}
