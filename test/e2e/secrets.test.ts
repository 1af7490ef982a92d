import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';

import { startBotProcess } from '../../demo/bot-process.ts';
import { until } from '../../demo/person.ts';
import { configPath } from '../../src/domain/pipeline/config-path.ts';
import { runCli } from './cli.ts';
import { aicProject, mapping, setScene, sqlContent, type Scene } from './scene.ts';

let scene: Scene;
afterEach(() => scene.close());

const patienceMs = 20_000;

/** Secrets of a pipeline, as people write them into variables, queries and connections. Each is found again by its own text. */
const inConfigs = {
  password: 'Planted-password-1',
  token: 'Planted-token-2',
  apiKey: 'Planted-api-key-3',
  connection: 'Planted-connection-4',
  jdbc: 'Planted-jdbc-5',
  pwd: 'Planted-pwd-6',
  account: 'Planted-account-7',
  variable: 'Planted-variable-8',
  broken: 'Planted-broken-9',
  mapped: 'Planted-mapped-10',
};

/** The forms in which an upstream may repeat what it was sent. */
const echoes = [
  `password=${inConfigs.password}`,
  `"token": "${inConfigs.token}"`,
  `api-key: ${inConfigs.apiKey}`,
  `postgresql://loader:${inConfigs.connection}@db.example.com/sales`,
  `jdbc:oracle:thin:loader/${inConfigs.jdbc}@db.example.com:1521/sales`,
  `Server=db;Uid=loader;Pwd=${inConfigs.pwd};`,
  `AccountName=a;AccountKey=${inConfigs.account};`,
  `{"id":"db_password","value":"${inConfigs.variable}"}`,
];

function configWith(query: string): string {
  const content = sqlContent(query);
  const variables = [
    { id: 'db_password', value: inConfigs.variable },
    { id: 'password', value: inConfigs.password },
    { id: 'connection', value: echoes.join('\n') },
  ];
  const sinkStage = { token: inConfigs.token, 'api-key': inConfigs.apiKey };
  return `${JSON.stringify({ title: 'Sales', ...content, variables, sinkStage }, null, 2)}\n`;
}

it(
  'no secret of the settings, of a config or of an upstream error leaves the bot',
  { timeout: 120_000 },
  async () => {
    const extended = `${mapping}workspaces:\n  PIN QA:\n    variables: { password: ${inConfigs.mapped} }\n`;
    scene = await setScene({ mapping: extended });
    const { world } = scene;
    const { gitlab, aic, mail, folder } = world;
    const signingToken = `whsec_${Buffer.alloc(32, 'planted-signing').toString('base64')}`;
    const smtp = new URL(mail.url);
    smtp.username = 'mailer';
    smtp.password = 'Planted%2Fsmtp pass';
    const settings = {
      ...world.settings,
      LOG_LEVEL: 'debug',
      GITLAB_WEBHOOK_SECRET: 'Planted-webhook-old,Planted-webhook-new',
      GITLAB_SIGNING_TOKEN: signingToken,
      AIC_QA_API_KEY: 'Planted-qa-key',
      SMTP_URL: smtp.href,
    };
    const secrets = [
      ...Object.values(inConfigs),
      world.bot.token,
      aic.apiKey,
      'Planted-webhook-old',
      'Planted-webhook-new',
      signingToken,
      signingToken.slice('whsec_'.length),
      'Planted-qa-key',
      'Planted/smtp pass',
      'Planted%2Fsmtp%20pass',
      btoa('Planted/smtp pass'),
    ];
    const bot = await startBotProcess(settings, folder);
    const project = `/projects/${scene.projectId}`;
    await scene.maintainer.call('POST', `${project}/hooks`, {
      url: `${bot.url}/webhooks/gitlab`,
      token: 'Planted-webhook-new',
      signing_token: signingToken,
      push_events: true,
      merge_requests_events: true,
      note_events: true,
    });

    const headers = `PRIVATE-TOKEN: ${world.bot.token}, Authorization: Bearer ${aic.apiKey}, api-key=${aic.apiKey}`;
    const message = `you sent ${headers}; ${echoes.join(' ')}`;
    const merge = async (files: Record<string, string>) => {
      const iid = await scene.open('develop', files);
      await scene.merge(iid);
      return iid;
    };
    const comment = (iid: number, part: string) => scene.comment(iid, (body) => body.includes(part));

    // AIC refuses a write and repeats all that it was sent, in JSON and as a proxy's page; then it takes it.
    for (const body of [
      JSON.stringify({ message }),
      JSON.stringify({ error: { message, headers } }),
      message,
    ]) {
      aic.inject({ method: 'POST', times: 1, fault: { kind: 'status', status: 400, body } });
    }
    const first = await merge({
      [configPath('Sales')]: configWith('select 1'),
      [configPath('Broken')]:
        `{ "password": "${inConfigs.broken}", "stages": [ nonsense ${inConfigs.broken} }`,
    });
    await comment(first, 'you sent');

    // GitLab repeats it as well.
    const issue = z
      .object({ iid: z.number() })
      .parse(await scene.maintainer.call('POST', `${project}/issues`, { title: 'Commands' }));
    const thread = `${project}/issues/${issue.iid}`;
    const say = async (body: string) => {
      const { id } = z
        .object({ id: z.number() })
        .parse(await scene.maintainer.call('POST', `${thread}/notes`, { body }));
      const look = async () => {
        const all = await scene.maintainer.call('GET', `${thread}/notes/${id}/award_emoji`);
        const names = z.array(z.object({ name: z.string() })).parse(all);
        return names.find(({ name }) => name !== 'eyes');
      };
      await until(`the end of ${body}`, look, patienceMs);
    };
    gitlab.inject({
      path: /\/compare$/,
      times: 1,
      fault: { kind: 'status', status: 400, body: JSON.stringify({ message }) },
    });
    await say('/aic plan branch=develop');
    await say('/aic deploy branch=develop');
    await say(`/aic deploy branch=develop force reason="as it was"`);
    // Somebody's hand in AIC: drift is told of, its content is not.
    aic.putPipeline(aicProject, 'PIN QA', 'Sales', sqlContent(`-- ${echoes[4]}\nselect 1`));
    const second = await merge({ [configPath('Sales')]: configWith('select 2') });
    await comment(second, 'blocked');
    aic.inject({ method: 'GET', times: 1, fault: { kind: 'status', status: 400, body: message } });
    for (const command of [
      '/aic status',
      '/aic plan branch=develop',
      '/aic push branch=develop',
      '/aic datasets branch=develop',
      '/aic release one all no-push',
    ]) {
      await say(command);
    }
    await gitlab.deliveriesSettled();

    const answers: string[] = [];
    const ask = async (path: string, init: RequestInit = {}) => {
      const response = await fetch(`${bot.url}${path}`, init);
      answers.push(JSON.stringify([...response.headers]), await response.text());
    };
    gitlab.inject({ path: /version|user$/, times: 1, fault: { kind: 'status', status: 400, body: message } });
    for (const path of ['/', '/healthz', '/readyz', '/metrics', '/webhooks/gitlab']) await ask(path);
    for (const given of ['', 'Planted-webhook-new', 'wrong'])
      await ask('/webhooks/gitlab', { method: 'POST', headers: { 'x-gitlab-token': given }, body: '{' });

    const printed: string[] = [];
    for (const args of [
      ['doctor'],
      ['doctor', '--json'],
      ['status', '--project', 'pin/pipelines', '--json'],
      ['plan', '--project', 'pin/pipelines', '--branch', 'develop', '--json'],
      ['deploy', '--nonsense', aic.apiKey],
    ]) {
      const { stdout, stderr } = await runCli(settings, folder, args);
      printed.push(stdout, stderr);
    }
    const wrong = {
      ...settings,
      GITLAB_URL: `https://bot:${world.bot.token}@x`,
      SMTP_URL: 'Planted-qa-key',
      PORT: aic.apiKey,
    };
    printed.push((await runCli(wrong, folder, ['doctor'])).stdout);
    await startBotProcess(wrong, folder).catch((error: unknown) => printed.push(String(error)));
    await bot.end('SIGTERM');

    const list = async (path: string) =>
      JSON.stringify(await scene.maintainer.call('GET', `${project}${path}`));
    const written = [await list('/merge_requests?state=all')];
    const requests = z
      .array(z.object({ iid: z.number() }))
      .parse(JSON.parse(await list('/merge_requests?state=all')));
    const threads = [`/issues/${issue.iid}`, ...requests.map(({ iid }) => `/merge_requests/${iid}`)];
    const said: string[] = [];
    const note = z.object({ body: z.string(), author: z.object({ username: z.string() }) });
    for (const where of threads) {
      const notes = z.array(note).parse(JSON.parse(await list(`${where}/notes?per_page=100`)));
      said.push(...notes.flatMap(({ author, body }) => (author.username === 'aic-bot' ? [body] : [])));
    }
    const mails = mail.mails.map((each) => JSON.stringify(each));
    const kept = scene
      .rows('select reason from deliveries union all select state_json from items')
      .map((row) => JSON.stringify(row));

    expect(bot.log.length).toBeGreaterThan(100);
    expect(mails.length).toBeGreaterThan(1);
    expect(said.length).toBeGreaterThan(8);
    const places = { log: bot.log, errors: [bot.errors()], said, mails, answers, printed, written, kept };
    const leaks = Object.entries(places).flatMap(([place, texts]) =>
      texts.flatMap((text) =>
        secrets.flatMap((secret) => {
          const at = text.indexOf(secret);
          return at === -1 ? [] : [`${place}: ${text.slice(Math.max(0, at - 100), at + secret.length + 20)}`];
        }),
      ),
    );
    expect(leaks).toEqual([]);
    expect(said.join()).toContain('[hidden]');
    // What a config holds is the pipeline's: it goes to Git as it is in AIC.
    const pushed = await gitlab.readFile(scene.projectId, 'develop', configPath('Sales'));
    expect(pushed).toContain(inConfigs.jdbc);
  },
);
