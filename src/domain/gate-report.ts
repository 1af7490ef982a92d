import type { BranchView } from './branch-view.ts';
import { freezeName, momentIn } from './freeze.ts';
import type { Discount, Discounted } from './approvals.ts';
import type { Gate, Lacking, Missing } from './gate.ts';
import type { MergeRequest } from './gitlab.ts';
import type { Job } from './job.ts';
import type { Requirement, WorkspaceTarget } from './mapping.ts';
import { joined, link, phrase, words, type Phrase } from './phrase.ts';
import type { Explanation } from './reason.ts';
import { toComment } from './report-markdown.ts';
import type { Report } from './report.ts';

type Closed = Exclude<Gate, { kind: 'open' }>;

/** What each merge request of a branch is told while its deployment waits. The same again changes nothing. */
export function gateComments(view: BranchView, target: WorkspaceTarget, gate: Closed): readonly Job[] {
  return view.mergeRequests.map((request) => commentOn(view, request, waitingReport(request, target, gate)));
}

/** What they are told once it goes on. */
export function releasedComments(view: BranchView, target: WorkspaceTarget): readonly Job[] {
  const report: Report = {
    mood: 'done',
    outcome: phrase`Nothing keeps the deployment to ${target.name} any more`,
    table: undefined,
    remedies: [],
    facts: [],
  };
  return view.mergeRequests.map((request) => commentOn(view, request, report));
}

function commentOn({ project }: BranchView, { iid }: MergeRequest, report: Report): Job {
  return {
    kind: 'comment',
    projectId: project.id,
    place: { kind: 'merge-request', iid },
    marker: 'aic-bot:gate',
    body: toComment(report),
  };
}

function waitingReport(request: MergeRequest, target: WorkspaceTarget, gate: Closed): Report {
  switch (gate.kind) {
    case 'frozen':
      return {
        mood: 'held',
        outcome: [
          ...phrase`Merged, and deployed to ${target.name} by itself after `,
          ...momentIn(gate.frozen),
          ': until then ',
          ...freezeName(gate.frozen.by),
          ' freezes deployments',
        ],
        table: undefined,
        remedies: [
          phrase`To deploy all the same, comment ${'/aic deploy PIPELINE force reason="…"'}: it needs a reason, and overwrites changes made by hand in AIC.`,
        ],
        facts: [],
      };
    case 'unclear':
      return {
        mood: 'held',
        outcome: [
          ...phrase`Merged, but not deployed to ${target.name} yet: it is unclear when `,
          ...freezeName(gate.period),
          ' is in force',
        ],
        table: undefined,
        remedies: [
          unclearRemedy,
          phrase`To deploy all the same, comment ${'/aic deploy PIPELINE force reason="…"'}: it needs a reason, and overwrites changes made outside Git.`,
        ],
        facts: [],
      };
    case 'held': {
      const own = gate.lacking.find((one) => one.request.iid === request.iid);
      const others = gate.lacking.filter((one) => one !== own);
      return {
        mood: 'held',
        outcome:
          own === undefined
            ? [...phrase`Merged, but not deployed to ${target.name} yet: `, ...held(others)]
            : [...phrase`Merged, but not deployed to ${target.name} yet: it lacks `, ...missing(own.missing)],
        table: undefined,
        remedies: [
          words('It is deployed by itself some minutes after that is there.'),
          phrase`To deploy without, comment ${'/aic deploy PIPELINE force reason="…"'}, which also overwrites changes made by hand in AIC.`,
        ],
        facts: own === undefined || others.length === 0 ? [] : [held(others)],
      };
    }
  }
}

/** Why an order without force is not carried out, and which one would be. */
export function gateRefusal(
  gate: Closed,
  branch: string,
  { kind, force }: { readonly kind: 'deploy' | 'retry'; readonly force: boolean },
): Explanation {
  const forced = phrase`${`/aic deploy PIPELINE force reason="…"${kind === 'retry' ? ` branch=${branch}` : ''}`}`;
  switch (gate.kind) {
    case 'frozen':
      return {
        what: [
          ...phrase`Nothing was deployed from ${branch}: ${freezeName(gate.frozen.by)} freezes deployments until `,
          ...momentIn(gate.frozen),
          '.',
        ],
        remedy: force
          ? phrase`In a freeze, force needs a reason: ${forced}.`
          : phrase`Wait until then, when it is deployed by itself; or give a reason for doing it now: ${forced}.`,
      };
    case 'unclear':
      return {
        what: phrase`Nothing was deployed from ${branch}: it is unclear when ${freezeName(gate.period)} is in force.`,
        remedy: phrase`${unclearRemedy} To deploy now: ${forced}.`,
      };
    case 'held':
      return {
        what: [...phrase`Nothing was deployed from ${branch}: `, ...held(gate.lacking), '.'],
        remedy: phrase`It is deployed by itself once that is there. To do without: ${forced}.`,
      };
  }
}

const unclearRemedy = words(
  'Write it as five cron fields and a time zone such as America/Toronto, in the project under Settings, CI/CD, Deploy freezes.',
);

function held(lacking: readonly Lacking[]): Phrase {
  return joined(
    lacking
      .slice(0, 5)
      .map(({ request, missing: its }) => [
        ...link(`!${request.iid}`, request.webUrl),
        ' lacks ',
        ...missing(its),
      ]),
    '; ',
  );
}

function missing(its: readonly Missing[]): Phrase {
  return joined(
    its.map(({ requirement, discounted }) => [
      ...words(texts[requirement]),
      ...(discounted.length === 0
        ? []
        : [' (', ...joined(discounted.slice(0, 5).map(discountedText), '; '), ')']),
    ]),
    ', ',
  );
}

function discountedText({ username, why }: Discounted): Phrase {
  return [...phrase`${username}: `, ...words(discounts[why])];
}

const texts: Readonly<Record<Requirement, string>> = {
  approved: 'an approval that counts, by somebody else than those who made it',
  pipeline: 'a successful pipeline with a job of its own',
  no_unresolved: 'an end of its unresolved threads',
};

const discounts: Readonly<Record<Discount, string>> = {
  bot: 'is the bot',
  author: 'opened the merge request',
  asker: 'asked the bot for what is in it',
  'unknown-asker': 'may have asked the bot for it, which is not on record: only force deploys it',
  'no-developer': 'has not the role Developer in the project',
  pushed: 'pushed commits of it',
  'in-commits': 'is named in its commits',
  earlier: 'approved before its last change; revoke the approval, and approve again',
  'unknown-time': 'approved at a time that GitLab does not tell',
};
