import type { Administration } from '../../domain/setup/administration.ts';
import type { GitLabResult } from '../../domain/gitlab/project.ts';
import { lacksOf, type Hook, type WantedHook } from '../../domain/gitlab/webhook.ts';
import type { ProjectId } from '../../domain/shared/ids.ts';
import type { Entry, Found, Step } from '../../domain/setup/init-plan.ts';
import {
  done,
  failedStep,
  labelOf,
  notBegun,
  warning,
  wasThere,
  type StepOutcome,
} from '../../domain/setup/init-report.ts';
import { phrase, words } from '../../domain/report/phrase.ts';
import { ok } from '../../domain/shared/result.ts';

export interface StepPorts {
  readonly administration: Administration;
  readonly progress: (what: string) => void;
}

/** Does the steps one after the other and begins no more after one that failed. */
export async function carryOutSteps(
  { administration, progress }: StepPorts,
  existing: ProjectId | undefined,
  entries: readonly Entry[],
): Promise<readonly StepOutcome[]> {
  const outcomes: StepOutcome[] = [];
  let project = existing;
  let hasFailed = false;
  for (const entry of entries) {
    if ('found' in entry) outcomes.push(wasThere(entry.found));
    else if (hasFailed) outcomes.push(notBegun(entry.step));
    else {
      const { step } = entry;
      progress(labelOf(step));
      const result = await doStep(administration, project, step);
      hasFailed = !result.ok;
      if (!result.ok) outcomes.push(failedStep(step, result.failure));
      else {
        const { made, found, warnings = [] } = result.value;
        project = made ?? project;
        outcomes.push(found === undefined ? done(step, administration.mode) : wasThere(found), ...warnings);
      }
    }
  }
  return outcomes;
}

interface StepResult {
  /** The project that was made. */
  readonly made?: ProjectId;
  /** What was there after all: somebody was faster, or GitLab does it by itself. */
  readonly found?: Found;
  readonly warnings?: readonly StepOutcome[];
}

async function doStep(
  administration: Administration,
  project: ProjectId | undefined,
  step: Step,
): Promise<GitLabResult<StepResult>> {
  if (step.kind === 'create-project') {
    const made = await administration.createProject(step.group, step.name);
    return made.ok ? ok({ made: made.value.id }) : made;
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
      const { branch, from } = step;
      const made = await administration.createBranch(project, branch, from);
      if (!made.ok) return made;
      return ok(made.value === 'there' ? { found: { kind: 'branch', branch } } : {});
    }
    case 'protect': {
      const { branch } = step.protection;
      const made = await administration.protect(project, step.protection);
      if (!made.ok) return made;
      return ok(made.value === 'there' ? { found: { kind: 'protection', branch } } : {});
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
