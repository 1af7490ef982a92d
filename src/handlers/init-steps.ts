import type { Administration } from '../domain/administration.ts';
import type { GitLabResult } from '../domain/gitlab.ts';
import { lacksOf, type Hook, type WantedHook } from '../domain/hook.ts';
import type { ProjectId } from '../domain/ids.ts';
import type { Entry, Step } from '../domain/init-plan.ts';
import { failedStep, foundWords, labelOf, task, warning, type StepOutcome } from '../domain/init-report.ts';
import { phrase, words } from '../domain/phrase.ts';
import { ok } from '../domain/result.ts';

export interface StepPorts {
  readonly administration: Administration;
  readonly progress: (what: string) => void;
}

/** Does the steps one after the other and begins no more after one that failed. */
export async function carryOutSteps(
  ports: StepPorts,
  existing: ProjectId | undefined,
  entries: readonly Entry[],
): Promise<readonly StepOutcome[]> {
  const outcomes: StepOutcome[] = [];
  const done = ports.administration.mode === 'real' ? 'done' : 'would';
  let project = existing;
  let hasFailed = false;
  for (const entry of entries) {
    if ('found' in entry) {
      const { found } = entry;
      outcomes.push({ label: labelOf(found), status: 'there', what: foundWords(found), remedy: undefined });
      continue;
    }
    const { step } = entry;
    const label = labelOf(step);
    const what = task(step);
    if (hasFailed) {
      outcomes.push({
        label,
        status: 'not-begun',
        what: [...words('not begun: '), ...what],
        remedy: undefined,
      });
      continue;
    }
    ports.progress(`${label} …`);
    const result = await doStep(ports.administration, project, step);
    if (!result.ok) {
      hasFailed = true;
      outcomes.push(failedStep(step, result.failure));
      continue;
    }
    project = result.value.project ?? project;
    const status = result.value.wasThere ? 'there' : done;
    outcomes.push({ label, status, what, remedy: undefined }, ...(result.value.warnings ?? []));
  }
  return outcomes;
}

interface StepResult {
  /** The project that was made. */
  readonly project?: ProjectId;
  /** Whether somebody was faster, or GitLab does it by itself. */
  readonly wasThere?: boolean;
  readonly warnings?: readonly StepOutcome[];
}

async function doStep(
  administration: Administration,
  project: ProjectId | undefined,
  step: Step,
): Promise<GitLabResult<StepResult>> {
  if (step.kind === 'create-project') {
    const made = await administration.createProject(step.group, step.name);
    return made.ok ? ok({ project: made.value.id }) : made;
  }
  if (project === undefined) throw new Error('a step without a project');
  switch (step.kind) {
    case 'add-files': {
      const message = 'Set up the repository for aic-bot';
      const added = await administration.addFiles(project, {
        branch: step.branch,
        message,
        files: step.files,
      });
      return added.ok ? ok({}) : added;
    }
    case 'create-branch': {
      const made = await administration.createBranch(project, step.branch, step.from);
      return made.ok ? ok({ wasThere: made.value === 'there' }) : made;
    }
    case 'protect': {
      const made = await administration.protect(project, step.protection);
      return made.ok ? ok({ wasThere: made.value === 'there' }) : made;
    }
    case 'add-hook': {
      const hook = await administration.addHook(project, step.wanted);
      return hook.ok ? ok({ warnings: unsigned(hook.value, step.wanted) }) : hook;
    }
    case 'complete-hook': {
      const hook = await administration.completeHook(project, step.hook, step.wanted);
      return hook.ok ? ok({ warnings: unsigned(hook.value, step.wanted) }) : hook;
    }
  }
}

/** A GitLab that cannot sign takes the token silently, and the bot would refuse everything that it sends. */
function unsigned(hook: Hook, wanted: WantedHook): readonly StepOutcome[] {
  const isUnsigned = wanted.signingToken !== undefined && hook.hasSigningToken !== true;
  const lacking = lacksOf(hook, wanted).length > 0;
  if (!isUnsigned && !lacking) return [];
  return [
    warning('webhook', {
      what: isUnsigned
        ? words('This GitLab does not sign webhooks (that needs 19.0), so the bot would refuse them all.')
        : words('GitLab did not take over all settings of the webhook.'),
      remedy: isUnsigned
        ? phrase`Remove ${'GITLAB_SIGNING_TOKEN'} and use ${'GITLAB_WEBHOOK_SECRET'} alone.`
        : words('Compare them in GitLab: Settings, Webhooks.'),
    }),
  ];
}
