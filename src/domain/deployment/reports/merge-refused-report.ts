import { mappingPath, type BranchView, type MappingProblem, type Refusal } from '../decide-deployment.ts';
import type { Job } from '../../jobs/job.ts';
import { link, phrase, words, type Phrase } from '../../report/phrase.ts';
import { explain } from '../../report/reason.ts';
import { deploymentMail, type MailSettings } from '../../report/mail.ts';
import { toComment } from '../../report/markdown.ts';
import type { Report } from '../../report/report.ts';

/**
 * What is sent when a merge or a push can't be deployed at all: a comment on each merge request, else on the commit, and a mail unless the
 * branch is simply not one that is deployed. The operator has a mail of their own about a workspace that is not granted.
 */
export function refusalReport(view: BranchView, refusal: Refusal, mail: MailSettings): readonly Job[] {
  const report = reportOf(view, refusal);
  const requests = view.mergeRequests.map(({ iid }) => ({ kind: 'merge-request', iid }) as const);
  const places = requests.length > 0 ? requests : [{ kind: 'commit', commit: view.head } as const];
  const comments = places.map((place): Job => ({
    kind: 'comment',
    projectId: view.project.id,
    place,
    marker: 'aic-bot:refused',
    body: toComment(report),
  }));
  if (refusal.kind === 'unmapped' || refusal.kind === 'unclaimed') return comments;
  return [
    ...comments,
    ...deploymentMail(`refused-${view.project.id}-${view.head}`, view.key.branch, report, mail),
  ];
}

/** The answer to a command that needs a mapping where none can be followed. */
export function mappingRefusal(problem: MappingProblem): Report {
  return {
    mood: 'failed',
    outcome: ['Nothing was done: ', ...because(problem, '')],
    table: tableOf(problem),
    remedies: [remedyForCommand(problem)],
    facts: [],
  };
}

function remedyForCommand(problem: MappingProblem): Phrase {
  switch (problem.kind) {
    case 'missing':
      return phrase`Add ${mappingPath} to ${problem.defaultBranch}, with a line for each branch such as ${'mapping: { develop: WORKSPACE NAME }'}, and write the command again.`;
    case 'invalid':
      return phrase`Correct the file on ${problem.defaultBranch}, and write the command again.`;
    case 'unclaimed':
      return explain(problem).remedy;
  }
}

function reportOf(view: BranchView, refusal: Refusal): Report {
  const { branch } = view.key;
  return {
    mood: refusal.kind === 'unmapped' ? 'note' : 'failed',
    outcome: ['Nothing was deployed: ', ...because(refusal, branch)],
    table: tableOf(refusal),
    remedies: [remedyFor(refusal, branch)],
    facts: [
      phrase`branch ${branch}`,
      ['commit ', ...link(view.head.slice(0, 8), `${view.project.webUrl}/-/commit/${view.head}`)],
    ],
  };
}

function because(refusal: Refusal, branch: string): Phrase {
  switch (refusal.kind) {
    case 'missing':
      return phrase`there is no ${mappingPath} on ${refusal.defaultBranch}.`;
    case 'invalid': {
      const count = refusal.mistakes.length;
      return [...phrase`${mappingPath}`, ` has ${count === 1 ? 'a mistake' : `${count} mistakes`}.`];
    }
    case 'unclaimed':
      return phrase`this project may not use the workspace ${refusal.workspace}.`;
    case 'unmapped':
      return refusal.builtIn === undefined
        ? phrase`${mappingPath} does not name ${branch}.`
        : phrase`${mappingPath} does not name ${branch}, and branches under ${refusal.builtIn} are not deployed automatically.`;
  }
}

function tableOf(refusal: Refusal): Report['table'] {
  if (refusal.kind !== 'invalid') return undefined;
  return {
    head: ['Where', 'Mistake', 'What to do'],
    rows: refusal.mistakes.map(({ line, problem, remedy }) => [words(`line ${line}`), problem, remedy]),
  };
}

function remedyFor(refusal: Refusal, branch: string): Phrase {
  switch (refusal.kind) {
    case 'missing':
      return phrase`Add ${mappingPath} to ${refusal.defaultBranch} with a line for the branch, such as ${`mapping: { ${branch}: WORKSPACE NAME }`}. The bot then deploys what was merged in the meantime.`;
    case 'invalid':
      return phrase`Correct the file on ${refusal.defaultBranch}. The bot then deploys what was merged in the meantime.`;
    case 'unclaimed':
      return [
        ...explain(refusal).remedy,
        ' Once it is granted, the bot deploys what was merged in the meantime.',
      ];
    case 'unmapped':
      return phrase`If merges into ${branch} should be deployed, add it to ${'mapping:'} in ${mappingPath}; otherwise there is nothing to do.`;
  }
}
