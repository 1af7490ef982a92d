import { styleText } from 'node:util';

import { z } from 'zod';

import { startBotProcess } from './bot-process.ts';
import { freePort } from './free-port.ts';
import { personAt, until } from './person.ts';
import { pipelinesAfter } from './pipelines.ts';
import { addTeam, aicProject, filesOf, workspaces, type Team } from './team.ts';
import { startWorld, type World } from './world.ts';

const notes = z.array(z.object({ body: z.string(), author: z.object({ username: z.string() }) }));
const mergeRequest = z.object({ iid: z.number(), web_url: z.string() });

const serving = process.argv.includes('--serve');
const patienceMs = 8_000;

const world = await startWorld();
const people = await addTeam(world);
const port = await freePort();
// Before the bot looks whether there is a webhook.
await addHook(world, people, `http://127.0.0.1:${port}`);
const bot = await startBotProcess({ ...world.settings, PORT: String(port) }, world.folder);
try {
  const failures = await story(world, people);
  heading('What was checked');
  for (const { fact, holds } of failures)
    console.log(`${holds ? styleText('green', '✓') : styleText('red', '✗')} ${fact}`);
  process.exitCode = failures.every(({ holds }) => holds) ? 0 : 1;
  if (serving) await serve(world, people, bot.url);
} catch (error) {
  console.log(
    `\n${error instanceof Error ? error.message : String(error)}. The bot's log:\n${bot.log.join('\n')}`,
  );
  process.exitCode = 1;
} finally {
  await bot.end('SIGTERM');
  await world.close();
}

/** The main job, as the people in it would see it. Returns the facts that were checked. */
async function story(
  { gitlab, aic, mail }: World,
  team: Team,
): Promise<readonly { fact: string; holds: boolean }[]> {
  const jane = personAt(gitlab.url, team.developer.token);
  const omar = personAt(gitlab.url, team.maintainer.token);
  const project = `/projects/${team.projectId}`;
  const before = aicTable(world);

  heading('A merge request');
  const source = 'feature/PINOPS-1831';
  await jane.call('POST', `${project}/repository/branches?branch=${encodeURIComponent(source)}&ref=develop`);
  await gitlab.commitFiles(
    team.projectId,
    source,
    'Count each vehicle once; add the lead funnel',
    changedFiles(),
  );
  const opened = mergeRequest.parse(
    await jane.call('POST', `${project}/merge_requests`, {
      source_branch: source,
      target_branch: 'develop',
      title: 'Demographics module',
    }),
  );
  console.log(`Jane opens !${opened.iid}, ${source} into develop: it changes two pipelines and adds one.`);
  const commentWith = (marker: string) =>
    until(
      `the comment ${marker}`,
      async () => {
        const all = notes.parse(await omar.call('GET', `${project}/merge_requests/${opened.iid}/notes`));
        return all.find(
          ({ author, body }) =>
            author.username === 'aic-bot' && body.includes(marker) && !body.includes('⏳'),
        )?.body;
      },
      patienceMs,
    );
  const plan = await commentWith('aic-bot:plan');
  heading(`The plan on !${opened.iid}, before anything happens`);
  console.log(
    textOf(plan).replace(/<details>[^]*<\/details>/, '(what changes in each pipeline is folded here)'),
  );

  heading('The merge');
  await omar.call('PUT', `${project}/merge_requests/${opened.iid}/merge`);
  console.log('Omar merges it. GitLab calls the bot; nobody does anything more.');
  const comment = await commentWith('aic-bot:deployment:');
  heading(`The comment on !${opened.iid}`);
  console.log(textOf(comment));

  const received = await mail.waitForMail(({ subject }) => subject.startsWith('[Deploy]'), patienceMs);
  heading('The email');
  console.log(`To: ${received.to.join(', ')}\nSubject: ${received.subject}\n\n${received.text}`);

  heading(`AIC, workspace ${workspaces.develop}`);
  const after = aicTable(world);
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const [old, now] = [before.get(name), after.get(name)];
    const change = old === now ? 'as it was' : old === undefined ? 'new' : 'changed';
    console.log(`${name.padEnd(18)} ${(old ?? '–').padEnd(11)} → ${(now ?? '–').padEnd(11)} ${change}`);
  }

  const writes = aic.writes
    .map(({ kind, title, workspace }) => `${kind} ${title} in ${workspace}`)
    .toSorted();
  const own = (text: string) => text.split('aic-bot:deployment:').length - 1;
  const comments = notes.parse(await omar.call('GET', `${project}/merge_requests/${opened.iid}/notes`));
  return [
    {
      fact: 'the plan told before the merge what it would do',
      holds: plan.includes('Merging deploys 3 pipelines') && plan.includes('1 new, 2 changed'),
    },
    {
      fact: 'AIC holds what was merged',
      holds: Object.entries(pipelinesAfter).every(([name, content]) => hasInAic(world, name, content)),
    },
    {
      fact: 'two pipelines were updated and one created, each once, in one workspace only',
      holds:
        JSON.stringify(writes) ===
        JSON.stringify([
          `create Lead Funnel in ${workspaces.develop}`,
          `update Daily Sales in ${workspaces.develop}`,
          `update Vehicle Scores in ${workspaces.develop}`,
        ]),
    },
    {
      fact: 'there is one comment, and it names all three',
      holds:
        comments.filter(({ body }) => own(body) > 0).length === 1 &&
        Object.keys(pipelinesAfter).every((name) => comment.includes(name)),
    },
    {
      fact: 'there is one mail, to the team and to the QA leads',
      holds: mail.mails.length === 1 && received.to.length === 2,
    },
  ];
}

/** A comment without the mark that the bot knows it by. */
function textOf(comment: string): string {
  return comment.replace(/^<!--.*?-->\s*/, '');
}

function changedFiles(): Readonly<Record<string, string>> {
  return Object.assign(
    {},
    ...Object.entries(pipelinesAfter).map(([name, content]) => filesOf(name, content)),
  );
}

/** Each pipeline of the QA workspace with its version there. */
function aicTable({ aic }: World): ReadonlyMap<string, string> {
  const names = aic.pipelines(aicProject, workspaces.develop);
  return new Map(
    names.map((name) => [name, `version ${aic.pipeline(aicProject, workspaces.develop, name)?.version}`]),
  );
}

function hasInAic({ aic }: World, name: string, content: object): boolean {
  const stored: Readonly<Record<string, unknown>> = { ...aic.pipeline(aicProject, workspaces.develop, name) };
  return Object.entries(content).every(
    ([field, value]) => JSON.stringify(stored[field]) === JSON.stringify(value),
  );
}

async function addHook({ gitlab, webhookSecret }: World, team: Team, botUrl: string): Promise<void> {
  await personAt(gitlab.url, team.maintainer.token).call('POST', `/projects/${team.projectId}/hooks`, {
    url: `${botUrl}/webhooks/gitlab`,
    token: webhookSecret,
    push_events: true,
    merge_requests_events: true,
    note_events: true,
  });
}

async function serve({ gitlab, aic, mail, settings }: World, team: Team, botUrl: string): Promise<void> {
  heading('Left running; Ctrl+C ends it');
  console.log(`GitLab   ${gitlab.url}/api/v4   project ${team.projectPath} (id ${team.projectId})`);
  console.log(`         PRIVATE-TOKEN of Jane, a developer:  ${team.developer.token}`);
  console.log(`         PRIVATE-TOKEN of Omar, a maintainer: ${team.maintainer.token}`);
  console.log(`AIC      ${aic.url}/apis/core/v1   api-key: ${aic.apiKey}`);
  console.log(`SMTP     ${mail.url}`);
  console.log(`the bot  ${botUrl}`);
  const call = (path: string, more: string) =>
    `curl -s -H 'PRIVATE-TOKEN: ${team.maintainer.token}' ${more}${gitlab.url}/api/v4/projects/${team.projectId}${path}`;
  const json = (body: object) => `-H 'Content-Type: application/json' -d '${JSON.stringify(body)}' `;
  const content = '{ "stages": [] }';
  const actions = [{ action: 'update', file_path: 'config/Dealer Inventory.json', content }];
  const commit = { branch: 'feature/two', start_branch: 'develop', commit_message: 'Try', actions };
  const request = { source_branch: 'feature/two', target_branch: 'develop', title: 'Try' };
  const issue = { title: 'Commands' };
  const note = { body: '/aic status branch=develop' };
  heading('To give the bot a command, in another terminal');
  console.log(call('/issues', json(issue)));
  console.log(call('/issues/1/notes', json(note)));
  console.log(call('/issues/1/notes', ''));
  heading('To use the command line there');
  for (const [name, value] of Object.entries(settings)) console.log(`export ${name}='${value}'`);
  console.log(`npm run cli -- status ${team.projectPath}`);
  heading('To merge once more');
  console.log(call('/repository/commits', json(commit)));
  console.log(call('/merge_requests', json(request)));
  console.log(call('/merge_requests/2/merge', '-X PUT '));
  console.log(call('/merge_requests/2/notes', ''));
  await new Promise((resolve) => process.once('SIGINT', resolve));
}

function heading(text: string): void {
  console.log(`\n${styleText('bold', text)}\n${'─'.repeat(text.length)}`);
}
