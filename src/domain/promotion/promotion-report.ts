import { refusal } from '../commands/refusals.ts';
import { quoted } from '../commands/tokenize.ts';
import type { MergeRequest } from '../gitlab/merge-request.ts';
import type { Project } from '../gitlab/project.ts';
import { inert } from '../report/escape-markdown.ts';
import { link, names, phrase, words, type Phrase } from '../report/phrase.ts';
import type { Brought } from './promoted-files.ts';
import { nameOf, type Promotion, type PromotionKind } from './promotion.ts';
import type { Report } from '../report/report.ts';

/** The title of a promotion's merge request, where nobody gave another. */
export function usualTitle(promotion: Promotion): string {
  return inert(`${titles[promotion.kind]} ${nameOf(promotion)}`);
}

const titles: Readonly<Record<PromotionKind, string>> = {
  feature: 'Feature',
  release: 'Release',
  hotfix: 'Hotfix',
};

/** What stands in the description of a promotion's merge request. */
export function promotionSection(
  project: Project,
  promotion: Promotion,
  { brought, by }: { readonly brought: readonly Brought[]; readonly by: string },
): Report {
  const { branch, target } = promotion;
  return {
    mood: 'note',
    outcome: phrase`Brings ${words(countOf(brought))} from ${fromOf(promotion)} to ${target}`,
    table: tableOf(project, branch, brought),
    remedies: [
      phrase`Merging deploys them to the workspace of ${target}. Every other pipeline stays as it is there.`,
    ],
    facts: [phrase`branch ${branch}`, phrase`asked for by ${by}`],
  };
}

/** The answer to a promotion that stands. */
export function promotedReport(
  project: Project,
  promotion: Promotion,
  done: {
    readonly brought: readonly Brought[];
    /** What the target changed as well since the branch was cut. */
    readonly clashes: readonly string[];
    readonly request: MergeRequest;
    readonly by: string;
  },
): Report {
  const { branch, target } = promotion;
  const { brought, clashes, request, by } = done;
  const reference = link(`!${request.iid}`, request.webUrl);
  return {
    mood: clashes.length === 0 ? 'done' : 'held',
    outcome: phrase`${reference} brings ${words(countOf(brought))} to ${target}`,
    table: tableOf(project, branch, brought),
    remedies: [
      ...(clashes.length === 0
        ? []
        : [
            phrase`Since the branch was cut, ${target} changed ${names(clashes)} as well, and GitLab may show a conflict. To begin anew from ${target}, delete the branch ${branch} and write the command again.`,
          ]),
      phrase`Review and merge ${reference}. Written again with the same name, the command brings it up to date.`,
    ],
    facts: [phrase`branch ${branch}`, phrase`from ${fromOf(promotion)}`, phrase`by ${by}`],
  };
}

/** The answer to a hotfix that is to be made on its branch. */
export function cutReport(promotion: Promotion): Report {
  const { branch, target, pipelines } = promotion;
  return {
    mood: 'done',
    outcome: phrase`${branch} is cut from ${target} and holds nothing new yet`,
    table: undefined,
    remedies: [
      phrase`Change ${names(pipelines)} on the branch, or push what the workspace holds: ${`/aic push ${pipelines.map(quoted).join(' ')} branch=${branch}`}. Then write ${`/aic hotfix ${nameOf(promotion)} … no-push`} again to open the merge request.`,
    ],
    facts: [phrase`branch ${branch}`],
  };
}

/** Where the pipelines come from. */
function fromOf({ kind, source, workspace }: Promotion): Phrase {
  return kind === 'hotfix' ? phrase`the workspace ${workspace.name}` : phrase`${source}`;
}

function countOf(brought: readonly Brought[]): string {
  return brought.length === 1 ? '1 pipeline' : `${brought.length} pipelines`;
}

function tableOf(project: Project, branch: string, brought: readonly Brought[]): Report['table'] {
  return {
    head: ['Pipeline', 'Change', 'Details'],
    rows: brought.map(({ pipeline, kind, config, code }) => [
      config === undefined ? phrase`${pipeline}` : link(pipeline, fileUrl(project, branch, config)),
      words(kind),
      words(code === 0 ? '' : code === 1 ? '1 code file' : `${code} code files`),
    ]),
  };
}

function fileUrl({ webUrl }: Project, branch: string, path: string): string {
  const encoded = [...branch.split('/'), ...path.split('/')].map((part) => encodeURIComponent(part));
  return `${webUrl}/-/blob/${encoded.join('/')}`;
}

const nothing = words('Nothing was promoted: ');

/** Why a promotion stopped, and what to do. */
export const promotionRefusals = {
  /** @param wasPushed whether the workspace was pushed to the source first */
  nothingDiffers: (promotion: Promotion, wasPushed: boolean): Report => {
    const { kind, source, target, pipelines } = promotion;
    const what =
      pipelines.length === 0
        ? words('no pipeline differs between ')
        : [...names(pipelines), pipelines.length === 1 ? ' is the same in ' : ' are the same in '];
    return refusal({
      what: phrase`${nothing}${what}${fromOf(promotion)} and ${target}.`,
      remedy:
        kind === 'hotfix'
          ? phrase`Make the fix in the workspace first, then write the command again.`
          : wasPushed
            ? phrase`Make the change in the workspace of ${source} first, or merge it into ${source}, then write the command again.`
            : phrase`If the change is in the workspace, leave ${'no-push'} out; if it is on another branch, merge it into ${source} first.`,
    });
  },
  ahead: (
    promotion: Promotion,
    { branch, pipelines }: { readonly branch: string; readonly pipelines: readonly string[] },
  ): Report => {
    const { kind, source } = promotion;
    return refusal({
      what: phrase`${nothing}${branch} has changes of ${names(pipelines)} that ${source} never had, such as a hotfix, and this would undo them.`,
      remedy: phrase`Bring them to ${source} first, by the back-merge request or by hand, then write the command again. To promote all the same, add ${'force'}: ${`/aic ${kind} ${nameOf(promotion)} … force`}.`,
    });
  },
  notDeployed: ({ kind, source, workspace }: Promotion, pipelines: readonly string[]): Report =>
    refusal({
      what: phrase`${nothing}${source} has changes of ${names(pipelines)} that the workspace ${workspace.name} never had, and what the workspace holds would undo them.`,
      remedy:
        kind === 'hotfix'
          ? phrase`Deploy them first: ${`/aic status branch=${source}`} tells why they are not. Who may force can add ${'force'}.`
          : phrase`Deploy them first (${`/aic status branch=${source}`} tells why they are not), or promote what the branch holds: add ${'no-push'}. Who may force can add ${'force'}.`,
    }),
  merged: ({ branch }: Promotion, request: MergeRequest): Report =>
    refusal({
      what: phrase`${nothing}${branch} was merged already, by ${link(`!${request.iid}`, request.webUrl)}.`,
      remedy: phrase`Take another name, or delete the branch ${branch} and write the command again.`,
    }),
  moved: ({ branch }: Promotion): Report =>
    refusal({
      what: phrase`${nothing}${branch} changed again and again meanwhile.`,
      remedy: phrase`Write the command again when nobody else commits to ${branch}.`,
    }),
  unread: (pushed: Report, pipelines: readonly string[]): Report => ({
    ...pushed,
    mood: 'failed',
    outcome: phrase`${nothing}${names(pipelines)} could not be read from the workspace.`,
    remedies: [
      ...pushed.remedies,
      phrase`To promote without them, name the pipelines that are to be promoted.`,
    ],
  }),
} as const;
