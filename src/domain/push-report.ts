import type { BranchView } from './branch-view.ts';
import type { Job } from './job.ts';
import { link, phrase, words, type Phrase } from './phrase.ts';
import { deploymentMail, type MailSettings } from './report-mail.ts';
import { toComment } from './report-markdown.ts';
import type { Report } from './report.ts';

/** What ends the waiting; `is-unknown`: force too, where GitLab does not tell how some of it came. */
type WaitsFor = 'next-merge' | 'needs-force' | 'is-unknown';

/** What is sent when configs came to a deployed branch without a merge request: a comment on the commit, and a mail. */
export function pushReport(
  view: BranchView,
  pipelines: readonly string[],
  mail: MailSettings,
  waitsFor: WaitsFor = 'next-merge',
): readonly Job[] {
  const report = reportOf(view, pipelines, waitsFor);
  const comment: Job = {
    kind: 'comment',
    projectId: view.project.id,
    place: { kind: 'commit', commit: view.head },
    marker: 'aic-bot:direct-push',
    body: toComment(report),
  };
  return [comment, ...deploymentMail(`push-${view.project.id}-${view.head}`, view.key.branch, report, mail)];
}

function reportOf(view: BranchView, pipelines: readonly string[], waitsFor: WaitsFor): Report {
  const { branch } = view.key;
  const one = pipelines.length === 1;
  return {
    mood: 'held',
    outcome:
      waitsFor === 'is-unknown'
        ? [
            `Nothing was deployed: ${one ? 'a config' : `${pipelines.length} configs`} came to `,
            ...phrase`${branch}, and GitLab does not tell by which merge request.`,
          ]
        : [
            `Nothing was deployed: ${one ? 'a config was' : `${pipelines.length} configs were`} pushed `,
            ...phrase`to ${branch} without a merge request.`,
          ],
    table: {
      head: ['Pipeline', 'Result'],
      rows: pipelines.map((pipeline) => [
        phrase`${pipeline}`,
        words(waitsFor === 'next-merge' ? 'waits for the next merge' : 'held: nobody can review it'),
      ]),
    },
    remedies: [remedyOf(waitsFor, branch, one)],
    facts: [
      phrase`branch ${branch}`,
      ['commit ', ...link(view.head.slice(0, 8), `${view.project.webUrl}/-/commit/${view.head}`)],
    ],
  };
}

function remedyOf(waitsFor: WaitsFor, branch: string, one: boolean): Phrase {
  const force = `/aic deploy PIPELINE force reason="…" branch=${branch}`;
  switch (waitsFor) {
    case 'next-merge':
      return phrase`The next merge into ${branch} deploys ${words(one ? 'it' : 'them')} too, and so does the comment ${`/aic deploy branch=${branch}`} in an issue. To deploy such pushes at once, set ${'direct_push: deploy'} in ${'branch_to_workspace.yaml'}.`;
    case 'needs-force':
      return phrase`The mapping file requires a review for this branch's workspace, and a push cannot get one. To deploy it all the same, comment ${force} in an issue; or revert the push, and bring it by a merge request.`;
    case 'is-unknown':
      return phrase`The mapping file requires a review for this branch's workspace, which this cannot get. To deploy it all the same, comment ${force} in an issue.`;
  }
}
