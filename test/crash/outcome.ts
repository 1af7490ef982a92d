import { execFileSync } from 'node:child_process';

import { z } from 'zod';

import { aicProject } from '../../demo/team.ts';
import type { Stage } from './stage.ts';

/** All that is left behind after a scenario, with what differs from run to run masked: numbers of commits and comments, times, ports. */
export interface Outcome {
  /** The pipelines of each workspace, with their content. */
  readonly workspaces: Readonly<Record<string, readonly string[]>>;
  /** What AIC was told to write, sorted. */
  readonly writes: readonly string[];
  /** The bot's comments: place, marker, text. */
  readonly comments: readonly { readonly place: string; readonly marker: string; readonly body: string }[];
  /** The plans that open merge requests show. */
  readonly plans: readonly { readonly place: string; readonly marker: string; readonly body: string }[];
  /** Where something is told as if it were still being done: comments, mails, GitLab's deployments and commit statuses. */
  readonly halfFinished: readonly string[];
  /** The emoji on people's comments. */
  readonly emoji: readonly string[];
  /** The commits of each branch, newest first. */
  readonly commits: Readonly<Record<string, readonly string[]>>;
  readonly mergeRequests: readonly string[];
  /** Mails by their message id: addresses and subject, and how often each came. */
  readonly mails: readonly { readonly mail: string; readonly times: number }[];
  readonly deployments: readonly string[];
  readonly pending: readonly string[];
  /** Jobs that nobody does any more. */
  readonly givenUp: readonly string[];
  /** Internal errors in the log. */
  readonly errors: readonly string[];
}

const thread = z.object({ iid: z.number() });
const request = thread.extend({
  source_branch: z.string(),
  target_branch: z.string(),
  state: z.string(),
  title: z.string(),
  description: z.string().nullish(),
});
const note = z.object({
  id: z.number(),
  body: z.string(),
  system: z.boolean(),
  author: z.object({ username: z.string() }),
});
const commitNote = z.object({ note: z.string(), author: z.object({ username: z.string() }) });
const record = z.object({ id: z.number(), status: z.string() });
const award = z.object({ name: z.string(), user: z.object({ username: z.string() }) });
const marked = /^<!-- (\S+) -->\s*/;

/** Looks at everything that the bot could have left anywhere. */
export async function lookAt(stage: Stage): Promise<Outcome> {
  const { scene } = stage;
  const { world, projectId, maintainer } = scene;
  const list = async <Item>(path: string, item: z.ZodType<Item>) =>
    z.array(item).parse(await maintainer.call('GET', `/projects/${projectId}/${path}`));
  // Before anything else: what is pending is tried again every now and then, and is no deployment that was left running.
  const stored = {
    deployments: rows(
      stage,
      `
      select d.id || ' ' || branch || ' ' || status || ' ' || coalesce(ordered_by, '') || ': ' || coalesce(
        (select group_concat(pipeline || ' ' || state_json, ', ' order by pipeline) from items where deployment_id = d.id), '') as text
      from deployments d order by id`,
    ),
    pending: rows(stage, `select branch || ' ' || pipeline || ' ' || paused as text from pending order by 1`),
    givenUp: rows(
      stage,
      `select key || ' ' || coalesce(reason, '') as text from jobs where status = 'given-up'`,
    ),
  };
  const requests = await list('merge_requests?sort=asc&per_page=100', request);
  const issues = await list('issues?sort=asc&per_page=100', thread);
  const places = [
    ...requests.map(({ iid }) => ({ path: `merge_requests/${iid}`, name: `!${iid}` })),
    ...issues.map(({ iid }) => ({ path: `issues/${iid}`, name: `#${iid}` })),
  ];
  const comments: ReturnType<typeof commentAt>[] = [];
  const emoji = [];
  for (const { path, name } of places) {
    for (const { id, body, system, author } of await list(`${path}/notes?sort=asc&per_page=100`, note)) {
      if (system) continue;
      if (author.username === 'aic-bot') comments.push(commentAt(name, body));
      const awards = await list(`${path}/notes/${id}/award_emoji`, award);
      emoji.push(
        ...awards.map((one) => `${name} ${masked(body).slice(0, 40)} ${one.name} by ${one.user.username}`),
      );
    }
  }
  const branches = git(
    world.gitlab.directoryOf(projectId),
    'for-each-ref',
    '--format=%(refname:short)',
    'refs/heads',
  );
  const commits = branches.map((branch) => [
    branch,
    git(world.gitlab.directoryOf(projectId), 'log', '--format=%s', branch).map((subject) => masked(subject)),
  ]);
  for (const commit of git(world.gitlab.directoryOf(projectId), 'log', '--all', '--format=%H')) {
    for (const one of await list(`repository/commits/${commit}/comments`, commitNote))
      if (one.author.username === 'aic-bot') comments.push(commentAt('a commit', one.note));
  }
  const records = await list('deployments?per_page=100', record);
  const open = new Set(requests.filter(({ state }) => state === 'opened').map(({ iid }) => `!${iid}`));
  const isPlan = ({ marker }: { readonly marker: string }) => marker.startsWith('aic-bot:plan');
  const sorted = (some: typeof comments) =>
    some.toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
  return {
    workspaces: Object.fromEntries(
      ['PIN PROD', 'PIN QA', 'PIN DEV'].map((workspace) => [
        workspace,
        world.aic
          .pipelines(aicProject, workspace)
          .map((title) => {
            const { stages } = world.aic.pipeline(aicProject, workspace, title) ?? {};
            return `${title}: ${JSON.stringify(stages)}`;
          })
          .toSorted(),
      ]),
    ),
    writes: world.aic.writes
      .map(({ kind, workspace, title }) => `${kind} ${title} in ${workspace}`)
      .toSorted(),
    comments: sorted(comments.filter((one) => !isPlan(one))),
    // A plan is made where there is the time before the merge, and tells of that moment: only those of open ones are to be up to date.
    plans: sorted(comments.filter((one) => isPlan(one) && open.has(one.place))),
    halfFinished: [
      ...comments.filter(({ body }) => isHalfFinished(body)).map(({ place, body }) => `${place}: ${body}`),
      ...world.mail.mails
        .filter(({ text, html }) => isHalfFinished(text) || isHalfFinished(html))
        .map(({ subject, text }) => `mail ${subject}: ${text}`),
      ...records
        .filter(({ status }) => status === 'created' || status === 'running')
        .map(({ id, status }) => `GitLab's deployment ${id} is ${status}`),
    ],
    emoji: emoji.toSorted(),
    commits: Object.fromEntries(commits),
    mergeRequests: requests.map(
      ({ title, description, ...one }) =>
        `${one.source_branch} → ${one.target_branch}, ${one.state}: ${title}\n${masked(description ?? '')}`,
    ),
    mails: mailsAt(world.mail.mails),
    ...stored,
    errors: stage.log().filter((line) => line.includes('"level":"error"')),
  };
}

function rows({ scene }: Stage, query: string): readonly string[] {
  return z
    .array(z.object({ text: z.string() }))
    .parse(scene.rows(query))
    .map(({ text }) => masked(text));
}

/** Whether a report, as a comment or a mail has it, tells of work that is still to be done. */
function isHalfFinished(text: string): boolean {
  return /⏳|(?:\||–|<td[^>]*>)\s*(?:to create|to update|creating|updating)\b/.test(text);
}

function commentAt(place: string, body: string) {
  const marker = marked.exec(body)?.[1] ?? '';
  return { place, marker: masked(marker), body: masked(body.replace(marked, '')) };
}

function mailsAt(mails: Stage['scene']['world']['mail']['mails']) {
  const byId = Map.groupBy(mails, ({ messageId }) => messageId);
  const all = [...byId.values()].map(([mail, ...others]) => ({
    mail: `${mail?.to.join(', ')}: ${mail?.subject}`,
    times: 1 + others.length,
  }));
  return all.toSorted((one, other) => (one.mail < other.mail ? -1 : 1));
}

function git(directory: string, ...given: readonly string[]): readonly string[] {
  const out = execFileSync('git', ['-C', directory, ...given], { encoding: 'utf8' });
  return out.split('\n').filter((line) => line !== '');
}

function masked(text: string): string {
  return text
    .replaceAll(/\b[0-9a-f]{7,64}\b/g, '<sha>')
    .replaceAll(/127\.0\.0\.1:\d+/g, '<host>')
    .replaceAll(/answer:\d+/g, 'answer:<note>')
    .replaceAll(/(deployment:\d+):\d+/g, '$1:<time>')
    .replaceAll(/\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?/g, '<time>')
    .replaceAll(/\b\d+(?:\.\d+)? (?:ms|s|min)\b/g, '<duration>');
}
