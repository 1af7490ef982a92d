import type { Deployment } from '../deployment/deployment.ts';
import { phrase, words, type Phrase } from '../report/phrase.ts';
import type { Report } from '../report/report.ts';

interface Broken {
  /** By which it is found in the log. */
  readonly id: string;
  readonly isRetried: boolean;
  readonly now: number;
}

/** The answer to a command that breaks off each time. @param left commands of the comment that follow it */
export function brokenCommand(broken: Broken, left: number): Report {
  const rest = `The ${left === 1 ? 'command' : `${left} commands`} after it ${left === 1 ? 'was' : 'were'} not carried out.`;
  return reportOf(broken, [
    ...phrase`The command broke off by an internal error (${words(broken.id)})`,
    broken.isRetried
      ? ', and what it began is not finished: its deployment stays running.'
      : ', and was given up.',
    ...(left === 0 || broken.isRetried ? [] : [` ${rest}`]),
  ]);
}

/** What stands in the place of a plan that can't be made. */
export function brokenPlan(broken: Broken): Report {
  return reportOf(
    broken,
    phrase`There is no plan: making it breaks off by an internal error (${words(broken.id)}).`,
  );
}

/** What a merge request is told whose hotfix is not brought to the other branches. */
export function brokenBackMerge(broken: Broken): Report {
  return reportOf(
    broken,
    phrase`This is not brought to the other branches yet: that breaks off by an internal error (${words(broken.id)}).`,
  );
}

/** What merge requests are told that wait for the deployment of a branch. @param running the deployment that is cut off, if one was begun */
export function brokenDeployment(broken: Broken, branch: string, running: Deployment | undefined): Report {
  const id = words(broken.id);
  return reportOf(
    broken,
    running === undefined
      ? phrase`What was merged into ${branch} is not deployed yet: that breaks off by an internal error (${id}).`
      : phrase`Deployment ${words(String(running.id))} to ${running.workspace.workspace} broke off by an internal error (${id}). It stays running.`,
  );
}

function reportOf({ isRetried, id, now }: Broken, outcome: Phrase): Report {
  const next = isRetried
    ? 'The bot tries again, at growing intervals of up to 15 minutes.'
    : 'Give the command again once the error is corrected.';
  return {
    mood: 'failed',
    outcome,
    table: undefined,
    remedies: [words(`${next} The bot's operator is told of ${id}, and finds it in the log.`)],
    facts: [words(`as of ${new Date(now).toISOString()}`)],
  };
}
