import { join } from 'node:path';

import type { Page } from 'playwright-core';
import { z } from 'zod';

import { startBotProcess } from '../demo/bot-process.ts';
import { openBrowser, widths } from '../demo/browser.ts';
import { aicProject } from '../demo/team.ts';
import { personAt, until } from '../demo/person.ts';
import { startWorld } from '../demo/world.ts';

// Takes the pictures of the README anew: `npm run screenshots`.
const images = join(import.meta.dirname, 'images');
const patienceMs = 60_000;

interface Change {
  readonly name: string;
  readonly before: string | undefined;
  readonly after: string;
}

const orders = (condition: string) =>
  [
    'with paid as (',
    '  select order_id, sum(amount) as paid',
    '  from ${SALES.PAYMENTS}',
    `  where ${condition}`,
    '  group by order_id',
    ')',
    'select o.*, p.paid',
    'from ${SALES.ORDERS} o',
    'left join paid p using (order_id)',
  ].join('\n');

const changes: readonly Change[] = [
  {
    name: 'Daily sales load',
    before: orders("status = 'paid'"),
    after: orders("status in ('paid', 'partly paid')"),
  },
  {
    name: 'Customer scores',
    before: 'select id, score from ${SALES.SCORES}',
    after: 'select id, score, model from ${SALES.SCORES}',
  },
  { name: 'Returns', before: undefined, after: 'select * from ${SALES.RETURNS}' },
];

function config(query: string) {
  return {
    variables: [{ id: 'QA', value: 'False' }],
    sourceStage: {},
    stages: [
      {
        stageId: 'load',
        description: 'Load',
        tasks: [{ id: 'load', type: 'SQL', description: 'Load orders', config: { query } }],
      },
    ],
    sinkStage: {},
  };
}

function fileOf(name: string, query: string): Readonly<Record<string, string>> {
  return { [`config/${name}.json`]: `${JSON.stringify({ title: name, ...config(query) }, null, 2)}\n` };
}

async function take(page: Page, name: string): Promise<void> {
  await page
    .locator('section')
    .first()
    .screenshot({ path: join(images, `${name}.png`) });
  process.stdout.write(`docs/images/${name}.png\n`);
}

const world = await startWorld();
const { gitlab, aic } = world;
const user = gitlab.addUser({ username: 'omar', name: 'Omar Reyes' });
const project = await gitlab.addProject('pin/pipelines', { defaultBranch: 'main' });
gitlab.addMember(project.id, user.id, 40);
gitlab.addMember(project.id, world.bot.id, 40);
aic.addProject(aicProject);
const workspace = 'PIN FUSION 2.0 QA';
aic.addWorkspace(aicProject, workspace);
aic.addDataset(aicProject, workspace, 'SALES');
for (const table of ['ORDERS', 'PAYMENTS', 'SCORES']) aic.addTable(aicProject, workspace, 'SALES', table);
await gitlab.commitFiles(project.id, 'main', 'Begin', {
  'branch_to_workspace.yaml': `mapping:\n  develop: ${workspace}\naic: { project: ${aicProject} }\n`,
});
const old = changes.flatMap(({ name, before }) => (before === undefined ? [] : [{ name, before }]));
await gitlab.commitFiles(
  project.id,
  'develop',
  'Pipelines',
  Object.assign({}, ...old.map(({ name, before }) => fileOf(name, before))),
);
for (const { name, before } of old) aic.putPipeline(aicProject, workspace, name, config(before));
aic.putPipeline(
  aicProject,
  workspace,
  'Customer scores',
  config('select id, score, region from ${SALES.SCORES}'),
);
const bot = await startBotProcess({ ...world.settings, DRIFT_MINUTES: '0' }, world.folder);
const omar = personAt(gitlab.url, user.token);
await omar.call('POST', `/projects/${project.id}/hooks`, {
  url: `${bot.url}/webhooks/gitlab`,
  token: world.webhookSecret,
  push_events: true,
  merge_requests_events: true,
  note_events: true,
});
await gitlab.commitFiles(
  project.id,
  'feature/partly-paid',
  'Count partly paid orders',
  Object.assign({}, ...changes.map(({ name, after }) => fileOf(name, after))),
  { startBranch: 'develop' },
);
const opened = await omar.call('POST', `/projects/${project.id}/merge_requests`, {
  source_branch: 'feature/partly-paid',
  target_branch: 'develop',
  title: 'Count partly paid orders',
});
const { iid } = z.object({ iid: z.number() }).parse(opened);
await until(
  'the plan',
  async () =>
    JSON.stringify(await omar.call('GET', `/projects/${project.id}/merge_requests/${iid}/notes`)).includes(
      'aic-bot:plan',
    ) || undefined,
  patienceMs,
);
const browser = await openBrowser();
for (const [name, width] of Object.entries(widths)) {
  const page = await browser.newPage({ viewport: { width, height: 900 }, deviceScaleFactor: 2 });
  await page.goto(`${gitlab.url}/pin/pipelines/-/merge_requests/${iid}`);
  await page.locator('details').filter({ hasText: 'Daily sales load' }).last().locator('summary').click();
  await take(page, `plan-${name}`);
}
await browser.close();
await bot.end('SIGTERM');
await world.close();
