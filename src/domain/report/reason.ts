import type { ReadFailure, WorkspaceFailure } from '../aic/aic.ts';
import type { DeploymentId, MergeRequestIid } from '../shared/ids.ts';
import { waitsRemedy, waitsText } from '../deployment/gate/explain-waits.ts';
import type { Wait } from '../deployment/gate/held.ts';
import { names, phrase, words, type Phrase } from './phrase.ts';
import { fail, type Result } from '../shared/result.ts';
import type { UpstreamFailure } from '../shared/upstream-failure.ts';

/** Why an item was not deployed. What to do about it hangs on the tag (`explain`), never on words. */
export type Reason =
  | { readonly kind: 'drift' }
  | {
      readonly kind: 'unreadable-config';
      readonly path: string;
      readonly line?: number;
      readonly problem: string;
    }
  | { readonly kind: 'large-config'; readonly path: string; readonly mostBytes: number }
  | { readonly kind: 'two-files'; readonly paths: readonly string[] }
  | { readonly kind: 'ambiguous-title'; readonly count: number }
  | { readonly kind: 'no-aic-project' }
  | { readonly kind: 'unclaimed'; readonly workspace: string }
  | { readonly kind: 'cancelled'; readonly by: string }
  | {
      readonly kind: 'rolled-back';
      readonly deployment: DeploymentId;
      readonly request: MergeRequestIid | undefined;
    }
  | { readonly kind: 'held'; readonly waits: readonly Wait[] }
  /** The deployment was cut off, and meanwhile the branch got another workspace, or none, or is gone. */
  | {
      readonly kind: 'moved-on';
      readonly workspace: string;
      readonly why: 'other-workspace' | 'unmapped' | 'unclaimed' | 'branch-gone';
    }
  | { readonly kind: 'deployed-since'; readonly by: DeploymentId }
  | { readonly kind: 'no-snapshot' }
  | { readonly kind: 'empty-repository' }
  | { readonly kind: 'no-branch'; readonly branch: string }
  | { readonly kind: 'not-text'; readonly path: string }
  /** The branch of a merge request of the bot's holds more than that is to bring. */
  | { readonly kind: 'more-on-branch'; readonly branch: string; readonly paths: readonly string[] }
  | WorkspaceFailure
  | ReadFailure;

/** A call's result with its failure as a reason among others. */
export function asReason<Value>(result: Result<Value, UpstreamFailure>): Result<Value, Reason> {
  return result.ok ? result : fail({ kind: 'upstream', failure: result.failure });
}

/** Whether the bot is shutting down, which says nothing about the pipeline. */
export function isStop(reason: Reason): boolean {
  return reason.kind === 'upstream' && reason.failure.reason === 'stopped';
}

/** What happened, and what to do next: one or two plain sentences each. */
export interface Explanation {
  readonly what: Phrase;
  readonly remedy: Phrase;
}

export function explain(reason: Reason): Explanation {
  switch (reason.kind) {
    case 'drift':
      return {
        what: phrase`It was changed or created in AIC by hand since the last deployment; deploying would overwrite that.`,
        remedy: phrase`Bring the change from AIC into Git with ${'/aic adopt "PIPELINE" branch=BRANCH'}, or undo it in AIC: the bot looks again by itself. To overwrite it once, comment ${'/aic deploy force'} with the pipeline's name; to always overwrite such changes, set ${'drift: overwrite'} for the workspace in ${'branch_to_workspace.yaml'}.`,
      };
    case 'unreadable-config':
      return {
        what: [...place(reason), ...phrase`: ${reason.problem}`],
        remedy: phrase`Correct the file and merge the correction.`,
      };
    case 'large-config':
      return {
        what: [
          ...phrase`${reason.path}`,
          ` is larger than ${reason.mostBytes / 1024 / 1024} MiB, more than the bot reads.`,
        ],
        remedy: phrase`Move large data out of the config, or split the pipeline.`,
      };
    case 'two-files':
      return {
        what: [...phrase`Several files hold this pipeline: `, ...names(reason.paths), '.'],
        remedy: phrase`Keep one of the files and merge that.`,
      };
    case 'ambiguous-title':
      return {
        what: words(
          `The workspace has ${reason.count} pipelines with this title, so it is unclear which one is meant.`,
        ),
        remedy: phrase`Rename or remove all but one of them in AIC; the bot looks again by itself.`,
      };
    case 'strange-live-config':
      return {
        what: phrase`The config that AIC has now can't be understood: ${reason.problem}`,
        remedy: phrase`Open the pipeline in AIC and save it again; the bot looks again by itself.`,
      };
    case 'no-aic-project':
      return {
        what: phrase`No AIC project is named.`,
        remedy: phrase`Add ${'aic: { project: NAME }'} to ${'branch_to_workspace.yaml'}, or set ${'AIC_PROJECT'} for the bot.`,
      };
    case 'unclaimed':
      return {
        what: phrase`This project may not use the workspace ${reason.workspace}.`,
        remedy: phrase`Correct the name in ${'branch_to_workspace.yaml'}; or ask the operator of the bot to grant it: ${'doctor'} and a mail show them how.`,
      };
    case 'cancelled':
      return {
        what: phrase`Not begun: ${reason.by} cancelled the deployment.`,
        remedy: phrase`Comment ${'/aic retry'} to deploy it after all; the next merge into the branch does so, too.`,
      };
    case 'rolled-back': {
      const { deployment, request } = reason;
      return {
        what: [
          `It was rolled back by deployment ${deployment}, and is held back until the branch follows`,
          request === undefined ? '.' : `: !${request} is not merged.`,
        ],
        remedy:
          request === undefined
            ? phrase`Bring what AIC has into the branch with ${'/aic adopt "PIPELINE" branch=BRANCH'}, or mend the pipeline on the branch and comment ${'/aic deploy "PIPELINE" force'}.`
            : phrase`Merge !${words(String(request))}; or mend the pipeline on the branch, and comment ${'/aic deploy "PIPELINE" force'}.`,
      };
    }
    case 'held':
      return {
        what: [...words('It is held: '), ...waitsText(reason.waits), '.'],
        remedy: waitsRemedy(reason.waits),
      };
    case 'moved-on':
      return {
        what: ['The deployment was cut off, and ', ...movedText(reason)],
        remedy: [
          ...phrase`Look in AIC what ${reason.workspace} has of it. The bot deploys it by itself `,
          ...movedRemedy(reason),
        ],
      };
    case 'deployed-since':
      return {
        what: words(`Deployment ${reason.by} wrote it again since; going back would undo that as well.`),
        remedy: phrase`Roll that one back first: ${`/aic rollback deployment=${reason.by}`}. To go back all the same, add ${'force'}.`,
      };
    case 'no-snapshot':
      return {
        what: words('What it was before is not kept any more.'),
        remedy: phrase`Take it from Git: revert the merge request there, and merge that.`,
      };
    case 'empty-repository':
      return {
        what: words('The project has no commit yet, so there is nothing to begin a branch from.'),
        remedy: phrase`Add ${'branch_to_workspace.yaml'} to the default branch, and write the command again.`,
      };
    case 'no-branch':
      return {
        what: phrase`The branch ${reason.branch} does not exist.`,
        remedy: phrase`Create it, such as with ${`/aic push branch=${reason.branch}`}, and write the command again.`,
      };
    case 'not-text':
      return {
        what: phrase`${reason.path} is not a text in UTF-8, and could not be copied whole.`,
        remedy: phrase`Save the file as UTF-8 or remove it, and write the command again.`,
      };
    case 'more-on-branch':
      return {
        what: phrase`${reason.branch} changes more than the chosen pipelines: ${names(reason.paths, 5)}.`,
        remedy: phrase`Take that off the branch, or delete the branch ${reason.branch}; where it is another pipeline, name that as well. Then write the command again.`,
      };
    case 'no-key':
      return {
        what: phrase`The bot has no key for the ${reason.environment} environment of AIC.`,
        remedy: phrase`Set ${reason.environment === 'qa' ? 'AIC_QA_API_KEY' : 'AIC_API_KEY'} for the bot.`,
      };
    case 'unknown-project':
      return {
        what: [...phrase`AIC shows the bot no project named ${reason.wanted}.`, ...meant(reason.nearest)],
        remedy: phrase`Correct ${'aic: { project: … }'} in ${'branch_to_workspace.yaml'} or the setting ${'AIC_PROJECT'}, or give the bot's key access.`,
      };
    case 'unknown-workspace':
      return {
        what: [
          ...phrase`The AIC project ${reason.aicProject} has no workspace named ${reason.wanted}.`,
          ...meant(reason.nearest),
        ],
        remedy: phrase`Correct the name where it is written, in the command or in ${'branch_to_workspace.yaml'}, or create the workspace in AIC.`,
      };
    case 'upstream':
      return explainUpstream(reason.failure);
  }
}

function explainUpstream(failure: UpstreamFailure): Explanation {
  const { system, status, asked, said } = failure;
  const what =
    status === undefined
      ? [`${system} gave no usable answer to `, ...phrase`${asked}: ${said}`]
      : [
          `${system} answered `,
          ...phrase`${said.startsWith(`${status} `) ? said : `${status} ${said}`} to ${asked}.`,
        ];
  switch (failure.reason) {
    case 'passing':
    case 'stopped':
      return {
        what,
        remedy: phrase`Just wait; the bot tries again by itself, at growing intervals of up to 15 minutes.`,
      };
    case 'denied':
      return { what, remedy: denied[system] };
    case 'missing':
      return {
        what,
        remedy: words(
          `Check that it still exists in ${system} and that the bot may see it; the bot tries again by itself.`,
        ),
      };
    case 'conflict':
      return {
        what,
        remedy: words(
          `Look in ${system} whether somebody else is changing it; the bot tries again by itself.`,
        ),
      };
    case 'refused':
      return { what, remedy: phrase`Correct the config as the answer says, and merge the correction.` };
    case 'too-large':
      return { what, remedy: phrase`Move large data out of the config, or split the pipeline.` };
  }
}

const denied: Readonly<Record<UpstreamFailure['system'], Phrase>> = {
  AIC: phrase`Check that the bot's AIC key is valid and may change this workspace; the bot tries again by itself.`,
  GitLab: phrase`Check that the bot's GitLab token is valid and may read the project; the bot tries again by itself.`,
};

function place(at: { readonly path: string; readonly line?: number }): Phrase {
  return at.line === undefined ? phrase`${at.path}` : [...phrase`${at.path}`, `, line ${at.line}`];
}

function meant(nearest: readonly string[]): Phrase {
  return nearest.length === 0 ? [] : [' Did you mean ', ...names(nearest), '?'];
}

type MovedOn = Extract<Reason, { kind: 'moved-on' }>;

function movedText({ why, workspace }: MovedOn): Phrase {
  switch (why) {
    case 'unclaimed':
      return phrase`the project may not use ${workspace} any more.`;
    case 'branch-gone':
      return words('its branch was deleted since.');
    case 'other-workspace':
    case 'unmapped':
      return phrase`${workspace} is not the branch's workspace any more.`;
  }
}

/** Goes on from "The bot deploys it by itself". */
function movedRemedy({ why }: MovedOn): Phrase {
  switch (why) {
    case 'other-workspace':
      return words('to the workspace that the branch has now.');
    case 'unmapped':
      return phrase`once ${'branch_to_workspace.yaml'} gives the branch a workspace.`;
    case 'unclaimed':
      return phrase`once the operator of the bot grants the workspace in ${'AIC_WORKSPACES'}.`;
    case 'branch-gone':
      return words('once the branch is there again and holds it.');
  }
}
