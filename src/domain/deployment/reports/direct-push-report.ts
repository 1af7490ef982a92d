import type { BranchView } from '../decide-deployment.ts';
import type { Job } from '../../jobs/job.ts';
import { link, phrase, words, type Phrase } from '../../report/phrase.ts';
import { deploymentMail, type MailSettings } from '../../report/mail.ts';
import { toComment } from '../../report/markdown.ts';
import type { Report } from '../../report/report.ts';

/** Pipelines whose configs came without a merge request: some were pushed, of others GitLab does not tell how they came. */
export interface Unreviewed {
  readonly pushed: readonly string[];
  readonly unknown: readonly string[];
}

/** What ends the waiting. */
type WaitsFor = 'next-merge' | 'force';

/** What is sent when configs came to a deployed branch without a merge request: a comment on the commit, and a mail. */
export function pushReport(
  view: BranchView,
  unreviewed: Unreviewed,
  mail: MailSettings,
  waitsFor: WaitsFor,
): readonly Job[] {
  const report = reportOf(view, unreviewed, waitsFor);
  const comment: Job = {
    kind: 'comment',
    projectId: view.project.id,
    place: { kind: 'commit', commit: view.head },
    marker: 'aic-bot:direct-push',
    body: toComment(report),
  };
  return [comment, ...deploymentMail(`push-${view.project.id}-${view.head}`, view.key.branch, report, mail)];
}

function reportOf(view: BranchView, { pushed, unknown }: Unreviewed, waitsFor: WaitsFor): Report {
  const { branch } = view.key;
  const all = [...pushed, ...unknown];
  const one = all.length === 1;
  const row = (pipeline: string, held: string) => [
    phrase`${pipeline}`,
    words(waitsFor === 'next-merge' ? 'waits for the next merge' : held),
  ];
  return {
    mood: 'held',
    outcome: [
      `Nothing was deployed: ${one ? 'a config' : `${all.length} configs`} `,
      ...howTheyCame({ pushed, unknown }, branch),
    ],
    table: {
      head: ['Pipeline', 'Result'],
      rows: [
        ...pushed.map((pipeline) => row(pipeline, 'held: nobody can review a push')),
        ...unknown.map((pipeline) => row(pipeline, 'held: no merge request is known')),
      ],
    },
    remedies: [remedyOf(waitsFor, { pushed, unknown }, branch)],
    facts: [
      phrase`branch ${branch}`,
      ['commit ', ...link(view.head.slice(0, 8), `${view.project.webUrl}/-/commit/${view.head}`)],
    ],
  };
}

function howTheyCame({ pushed, unknown }: Unreviewed, branch: string): Phrase {
  if (unknown.length === 0)
    return phrase`${words(pushed.length === 1 ? 'was' : 'were')} pushed to ${branch} without a merge request.`;
  return pushed.length === 0
    ? phrase`came to ${branch}, and GitLab does not tell by which merge request.`
    : phrase`came to ${branch} without a merge request, or without one that GitLab tells of.`;
}

function remedyOf(waitsFor: WaitsFor, { pushed, unknown }: Unreviewed, branch: string): Phrase {
  if (waitsFor === 'next-merge') {
    const them = words(pushed.length + unknown.length === 1 ? 'it' : 'them');
    return phrase`The next merge into ${branch} deploys ${them} too, and so does the comment ${`/aic deploy branch=${branch}`} in an issue. To deploy such pushes at once, set ${'direct_push: deploy'} in ${'branch_to_workspace.yaml'}.`;
  }
  const force = `/aic deploy PIPELINE force reason="…" branch=${branch}`;
  const revert = pushed.length === 0 ? '' : '; or revert the push, and bring it by a merge request';
  return phrase`The mapping file requires a review for this branch's workspace, which ${words(pushed.length === 0 ? 'this' : 'a push')} cannot get. To deploy it all the same, comment ${force} in an issue${words(revert)}.`;
}
