import { counted } from '../../report/count.ts';
import { detailOf, summaryOf } from '../../pipeline/diff/format-differences.ts';
import type { Difference } from '../../pipeline/diff/difference.ts';
import type { Drift } from './classify-drift.ts';
import type { Project } from '../../gitlab/project.ts';
import type { Job } from '../../jobs/job.ts';
import { phrase, words, type Phrase } from '../../report/phrase.ts';
import { summaryMail, type MailSettings } from '../../report/mail.ts';
import type { Report } from '../../report/report.ts';

/** A pipeline that was changed by hand, and how it differs from Git. */
export interface Found extends Drift {
  /** From the branch to AIC. */
  readonly differences: readonly Difference[];
}

interface DriftFacts {
  readonly project: Project;
  readonly branch: string;
  readonly workspace: string;
  readonly found: readonly Found[];
}

/** The mail about pipelines that somebody changed in AIC. */
export function driftMail(facts: DriftFacts, at: number, mail: MailSettings): readonly Job[] {
  const { project, branch, workspace, found } = facts;
  const subject = `[Drift] ${counted(found.length, 'pipeline')} changed by hand in ${workspace}`;
  return summaryMail(
    `drift-${project.id}-${branch.replaceAll(/[^\w-]+/g, '-')}-${at}`,
    subject,
    driftReport(facts),
    mail,
  );
}

/** What was changed by hand, and the two ways out. */
function driftReport({ project, branch, workspace, found }: DriftFacts): Report {
  return {
    mood: 'held',
    outcome: phrase`${words(counted(found.length, 'pipeline'))} changed by hand in ${workspace}: Git does not have that`,
    table: {
      head: ['Pipeline', 'State', 'Details'],
      rows: found.map((one) => [phrase`${one.name}`, words(one.state), tellOf(one)]),
    },
    remedies: [
      phrase`To bring it into Git, comment ${`/aic adopt branch=${branch}`} in an issue: it opens a merge request.`,
      phrase`To overwrite it with what Git has, comment ${`/aic deploy "PIPELINE" force branch=${branch}`}. What is there now is kept as a snapshot.`,
    ],
    details: found.flatMap(({ name, differences }) =>
      differences.length === 0 ? [] : [detailOf(phrase`${name}`, differences)],
    ),
    facts: [phrase`project ${project.path}`, phrase`branch ${branch}`, words('− is Git, + is AIC')],
  };
}

function tellOf({ renamedTo, differences }: Found): Phrase {
  return renamedTo === undefined
    ? summaryOf(differences)
    : phrase`It has the title ${renamedTo} in AIC now. Renamed there, it is another pipeline to Git.`;
}
