import type { Administration } from './administration.ts';
import { hookEvents, lacksOf } from '../gitlab/webhook.ts';
import type { Found, Step } from './init-plan.ts';
import { explainToOperator } from '../commands/operator-remedies.ts';
import { joined, names, phrase, words, type Phrase } from '../report/phrase.ts';
import type { Mark, PrintedLine, Printout } from '../report/printout.ts';
import type { Explanation } from '../report/reason.ts';
import { plain } from '../report/text.ts';
import type { UpstreamFailure } from '../shared/upstream-failure.ts';

/** What became of one part of the setup. */
export type StepOutcome = {
  readonly label: string;
  readonly status: 'done' | 'would' | 'there' | 'warning' | 'failed' | 'not-begun';
} & { readonly what: Phrase; readonly remedy: Phrase | undefined };

export function labelOf(step: Step | Found): string {
  switch (step.kind) {
    case 'create-project':
    case 'project':
      return 'project';
    case 'add-files':
    case 'files':
      return 'files';
    case 'create-branch':
    case 'branch':
      return 'branch';
    case 'protect':
    case 'protection':
      return 'protection';
    case 'add-hook':
    case 'complete-hook':
    case 'hook':
      return 'webhook';
  }
}

/** A step as something to do, "create the branch …", or that was done, "created the branch …". */
function task(step: Step, verb: 'do' | 'did' = 'do'): Phrase {
  const verbs = (present: string, past: string) => (verb === 'do' ? present : past);
  switch (step.kind) {
    case 'create-project': {
      const path = `${step.group.path}/${step.name}`;
      return [verbs('create', 'created'), ...phrase` the private project ${path}`];
    }
    case 'add-files': {
      const files = names([...step.files.keys()]);
      return [verbs('add ', 'added '), ...files, ...phrase` to ${step.branch} in one commit`];
    }
    case 'create-branch':
      return [verbs('create', 'created'), ...phrase` the branch ${step.branch} from ${step.from}`];
    case 'protect': {
      const { branch, merge } = step.protection;
      const who = merge === 'developer' ? 'developers and maintainers merge' : 'only maintainers merge';
      const rule = `: only maintainers push, ${who}, nobody pushes by force`;
      return [verbs('protect', 'protected'), ...phrase` ${branch}`, rule];
    }
    case 'add-hook': {
      const events = listed(Object.values(hookEvents));
      return [verbs('add', 'added'), ...phrase` the webhook ${step.wanted.url} for `, ...events];
    }
    case 'complete-hook': {
      const lacks = listed(lacksOf(step.hook, step.wanted).map(lackWords));
      return [verbs('complete', 'completed'), ...phrase` the webhook ${step.hook.url} with `, ...lacks];
    }
  }
}

function lackWords(lack: ReturnType<typeof lacksOf>[number]): string {
  if (lack === 'secret') return 'the secret';
  return lack === 'signing-token' ? 'the signing token' : hookEvents[lack];
}

function listed(parts: readonly string[]): Phrase {
  return joined(parts.map(words), ', ');
}

/** What was there before. */
function foundWords(found: Found): Phrase {
  switch (found.kind) {
    case 'project':
      return phrase`${found.path} was there already`;
    case 'files':
      return words('all were there already');
    case 'branch':
      return phrase`${found.branch} was there already`;
    case 'protection':
      return phrase`${found.branch} was protected already; its rules are left as they are`;
    case 'hook':
      return phrase`${found.url} was there already, with all its events`;
  }
}

export function done(step: Step, mode: Administration['mode']): StepOutcome {
  return mode === 'real'
    ? { label: labelOf(step), status: 'done', what: task(step, 'did'), remedy: undefined }
    : { label: labelOf(step), status: 'would', what: task(step), remedy: undefined };
}

export function wasThere(found: Found): StepOutcome {
  return { label: labelOf(found), status: 'there', what: foundWords(found), remedy: undefined };
}

export function notBegun(step: Step): StepOutcome {
  return {
    label: labelOf(step),
    status: 'not-begun',
    what: ['not begun: ', ...task(step)],
    remedy: undefined,
  };
}

/** Something that keeps nothing from being done, and that somebody should know. */
export function warning(label: string, { what, remedy }: Explanation): StepOutcome {
  return { label, status: 'warning', what, remedy };
}

/** A step that failed, told by what was to be done. */
export function failedStep(step: Step, failure: UpstreamFailure): StepOutcome {
  const { what, remedy } = explainToOperator({ kind: 'upstream', failure });
  return {
    label: labelOf(step),
    status: 'failed',
    what: ['could not ', ...task(step), '. ', ...what],
    remedy: remedyOf(step, failure) ?? remedy,
  };
}

/** What helps where GitLab's words do not: it tells a missing right as something else. */
function remedyOf(step: Step, { reason }: UpstreamFailure): Phrase | undefined {
  const isAboutRights = reason === 'denied' || reason === 'refused';
  if (step.kind === 'create-project' && isAboutRights)
    return phrase`Give the token's account the role Maintainer in the group ${step.group.path}. If the path is taken, the project exists and the token may not see it: make the account a Maintainer of it.`;
  if (step.kind === 'add-files' && isAboutRights)
    return phrase`Give the token's account the role Maintainer, and let maintainers push to ${step.branch} (Settings, Repository, Protected branches).`;
  return undefined;
}

const marks: Readonly<Record<StepOutcome['status'], Mark>> = {
  done: 'well',
  would: 'plain',
  there: 'well',
  warning: 'warning',
  failed: 'failed',
  'not-begun': 'plain',
};

/** What `init` tells at its end. */
export function initPrintout(
  project: string,
  mode: Administration['mode'],
  outcomes: readonly StepOutcome[],
): Printout {
  const count = (status: StepOutcome['status']) =>
    outcomes.filter((outcome) => outcome.status === status).length;
  const isWell = count('failed') === 0;
  return {
    isWell,
    outcome: outcomeOf(project, mode, { failed: count('failed'), changes: count('done') + count('would') }),
    sections: [{ title: undefined, lines: outcomes.map(lineOf) }],
    data: {
      project,
      dryRun: mode === 'rehearsal',
      steps: outcomes.map(({ label, status, what, remedy }) => ({
        step: label,
        status,
        text: plain(what),
        ...(remedy === undefined ? {} : { remedy: plain(remedy) }),
      })),
    },
  };
}

function outcomeOf(
  project: string,
  mode: Administration['mode'],
  { failed, changes }: { readonly failed: number; readonly changes: number },
): Phrase {
  if (failed > 0)
    return phrase`${project} is not set up: a step failed. What was done before it stays; run the command again to go on.`;
  if (changes === 0) return phrase`${project} needs nothing: all is there already.`;
  const steps = changes === 1 ? '1 change' : `${changes} changes`;
  return mode === 'rehearsal'
    ? [...phrase`Nothing was changed. ${project} needs `, `${steps}:`]
    : [...phrase`${project} is set up, with `, `${steps}.`];
}

function lineOf({ label, status, what, remedy }: StepOutcome): PrintedLine {
  return { mark: marks[status], label, text: what, remedy };
}
