import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import * as fc from 'fast-check';

import { pathPart, configPath, isConfigPath, pipelineName } from '../../src/domain/pipeline/config-path.ts';
import { codeFiles, codeFolder } from '../../src/domain/pipeline/code-files.ts';
import { commandLines } from '../../src/domain/commands/find-commands.ts';
import { parseCommand } from '../../src/domain/commands/parse-command.ts';
import { misunderstoodReport } from '../../src/domain/commands/help-report.ts';
import { differencesBetween } from '../../src/domain/pipeline/diff/diff-pipelines.ts';
import { embed } from '../../src/domain/pipeline/embed-code.ts';
import { fingerprintOf } from '../../src/domain/pipeline/fingerprint.ts';
import { parseJson, writeJson } from '../../src/domain/shared/json.ts';
import { parseMapping } from '../../src/domain/mapping/parse-mapping.ts';
import { contentOf, emptyContent, parseConfig, writeConfig } from '../../src/domain/pipeline/config.ts';
import { placeholdersIn } from '../../src/domain/pipeline/table-placeholders.ts';
import { mask } from '../../src/domain/secrets/mask.ts';
import { textDiff } from '../../src/domain/pipeline/diff/text-diff.ts';
import { toComment } from '../../src/domain/report/markdown.ts';
import { finished } from '../domain/finished.ts';
import { answersTarget } from './answers.ts';
import { deepJson, hostileText, jsonText, mutated, withField } from './hostile-json.ts';
import { createRoutes } from './routes.ts';
import type { Target } from './target.ts';

/** The longest that one input may take, of the time of the processor: on a busy machine others take theirs. */
const mostMs = 1_000;

/** A property of inputs none of which may take long. */
function within<Input>(
  input: fc.Arbitrary<Input>,
  check: (value: Input) => Promise<void> | void,
): fc.IAsyncProperty<unknown> {
  return fc.asyncProperty(input, async (value) => {
    const before = process.cpuUsage();
    await check(value);
    const { user, system } = process.cpuUsage(before);
    if ((user + system) / 1_000 > mostMs) throw new Error(`took ${(user + system) / 1_000} ms`);
  });
}

function pure<Input>(
  name: string,
  input: fc.Arbitrary<Input>,
  check: (value: Input) => Promise<void> | void,
): Target {
  return { name, open: async () => ({ property: within(input, check), close: async () => {} }) };
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

const project = { id: 7, path_with_namespace: 'a/b' };
const ownBodies: readonly object[] = [
  {
    object_kind: 'push',
    project,
    ref: 'refs/heads/main',
    before: '1'.repeat(40),
    after: '2'.repeat(40),
    commits: [{ id: 'x', message: 'm' }],
  },
  {
    object_kind: 'merge_request',
    project,
    object_attributes: { iid: 3, target_branch: 'main', action: 'merge' },
  },
  {
    object_kind: 'note',
    event_type: 'note',
    project,
    object_attributes: {
      id: 5,
      note: '/aic deploy',
      noteable_type: 'MergeRequest',
      author_id: 9,
      action: 'create',
      created_at: '2026-11-25 06:00:00 UTC',
      updated_at: '2026-11-25 06:00:00 UTC',
      discussion_id: 'd',
    },
    merge_request: { iid: 3 },
  },
  {
    object_kind: 'access_token',
    event_name: 'expiring_access_token',
    project,
    object_attributes: { user_id: 3 },
  },
];

/** The bodies that GitLab documents, where they lie beside the project. */
function documentedBodies(): readonly object[] {
  const folder = join(import.meta.dirname, '../../../shared/gitlab/payloads');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json') && name !== 'headers.json')
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
}

const bodies: Target = {
  name: 'bodies',
  open: async () => {
    const routes = await createRoutes();
    const all = [...ownBodies, ...documentedBodies()];
    const texts = all.map((body) => JSON.stringify(body));
    const field = fc
      .tuple(
        fc.constantFrom(...all),
        fc.nat(60),
        fc.oneof(fc.constant(undefined), fc.jsonValue(), hostileText),
      )
      .map(([body, index, to]) => JSON.stringify(withField(body, index, to === undefined ? {} : { to })));
    const input = fc.oneof(
      { weight: 4, arbitrary: field },
      { weight: 3, arbitrary: mutated(texts, fc.oneof(hostileText, jsonText)) },
      { weight: 2, arbitrary: jsonText },
      { weight: 1, arbitrary: fc.constantFrom(...deepJson, '', ' ', 'null', '[]', '"x"', '\u0000') },
    );
    const property = within(input, async (text) => {
      const { status } = await routes.post(text, { 'x-gitlab-event': 'Push Hook' });
      must([202, 400].includes(status), `answered ${status}`);
    });
    return { property, close: () => routes.close() };
  },
};

const headers: Target = {
  name: 'headers',
  open: async () => {
    const routes = await createRoutes('whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=');
    // What a header can carry; the rest is refused before the bot sees it.
    const value = fc.oneof(
      fc.string({ unit: 'grapheme-ascii', maxLength: 60 }),
      fc.constantFrom('', '0', '-1', '1e9', 'v1,', 'v1,x v1,y', `v1,${'A'.repeat(44)}`, 'x'.repeat(9_000)),
      fc.bigInt().map(String),
    );
    const names = [
      'x-gitlab-token',
      'x-gitlab-event',
      'webhook-id',
      'webhook-timestamp',
      'webhook-signature',
      'idempotency-key',
      'content-type',
      'content-encoding',
      'x-gitlab-event-uuid',
    ];
    const input = fc.dictionary(fc.constantFrom(...names), value);
    const property = within(input, async (given) => {
      const { status } = await routes.post(JSON.stringify(ownBodies[0]), given, given['x-gitlab-token']);
      must(status === 401, `answered ${status}`);
    });
    return { property, close: () => routes.close() };
  },
};

const commentSeeds = [
  '/aic deploy "daily load" force reason="it \\"is\\" so"',
  'Please:\n\n/aic push branch=develop\n/aic status\n\n```\n/aic cancel\n```\n> /aic retry\n',
  '- /aic plan\n  1. /aic help deploy\n<div>\n/aic retry\n</div>\n',
];

const comments = pure(
  'comments',
  fc.oneof(
    mutated(commentSeeds, hostileText),
    hostileText,
    fc.constantFrom(
      '`'.repeat(50_000),
      '>'.repeat(50_000),
      '[('.repeat(20_000),
      '/aic '.repeat(20_000),
      '*_'.repeat(20_000),
    ),
  ),
  (text) => {
    for (const line of commandLines(text)) {
      const command = parseCommand(line);
      if (!command.ok) toComment(misunderstoodReport(command.failure));
    }
  },
);

const mappingSeeds = [
  'mapping:\n  main: A\n  develop: B\n  team-a/*: C\naic: { project: P }\nroles: { production: main }\npermissions: { deploy: maintainer }\ndirect_push: report\n',
  'mapping: { main: A }\nworkspaces:\n  A:\n    environment: qa\n    drift: overwrite\n    variables: { QA: "True" }\n    notify: [a@example.com]\n',
];
const yamlBombs = [
  `a: &a ["x","x","x","x","x","x","x","x","x"]\n${'bcdefghi'
    .split('')
    .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(',')}]`)
    .join('\n')}\nmapping: *i\n`,
  '['.repeat(100_000),
  `${'{a: '.repeat(10_000)}1`,
  '- '.repeat(100_000),
  'mapping:\n  <<: &x { main: A, <<: *x }\n',
  '!!js/function "function(){}": 1\nmapping: { main: !!binary aGk= }\n',
  `mapping: { ${'k'.repeat(100_000)}: A }`,
  '? [a]\n: b\nmapping: { __proto__: A, constructor: B }\n',
];

const mappings = pure(
  'mappings',
  fc.oneof(
    { weight: 8, arbitrary: mutated(mappingSeeds, hostileText) },
    { weight: 2, arbitrary: jsonText.map((text) => `mapping: ${text}`) },
    { weight: 1, arbitrary: fc.constantFrom(...yamlBombs) },
  ),
  (text) => {
    const mapping = parseMapping(text);
    must(mapping.ok || mapping.failure.length > 0, 'a mistake without words');
  },
);

const configSeeds = [
  '{"title":"A","variables":[{"id":"QA","value":"True"}],"sourceStage":{},"stages":[{"stageId":"s","tasks":[{"id":"t","type":"SQL","config":{"query":"select 1"}}]}],"sinkStage":{}}',
  '{"$id":"x","stages":[{"tasks":[{"id":"p","type":"PYSPARK","config":{"script":"q = \\"\\"\\"select 1\\"\\"\\""}}]}]}',
];

const configs = pure(
  'configs',
  fc.oneof(
    { weight: 4, arbitrary: mutated(configSeeds, fc.oneof(hostileText, jsonText)) },
    { weight: 4, arbitrary: jsonText.map((value) => `{"stages":[{"a":${value}}],"variables":[]}`) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(...deepJson.map((value) => `{"stages":[{"a":${value}}]}`), ...deepJson),
    },
  ),
  async (text) => {
    const parsed = parseConfig(text);
    if (!parsed.ok) return must(parsed.failure.problem !== '', 'a mistake without words');
    const fingerprint = await fingerprintOf(parsed.value);
    const written = writeConfig('A', parsed.value);
    const again = parseConfig(written);
    must(again.ok, 'what was written can’t be read');
    if (!again.ok) return;
    must((await fingerprintOf(again.value)) === fingerprint, 'the fingerprint changed');
    must(writeConfig('A', again.value) === written, 'written twice, it differs');
    // To AIC and back: as the adapter sends it, to the last digit.
    const sent = parseJson(writeJson({ title: 'A', ...again.value }));
    const back = sent.ok ? contentOf(sent.value) : undefined;
    must(back?.ok === true && writeConfig('A', back.value) === written, 'AIC would get something else');
    const code = new Map(codeFiles('A', again.value).map((file) => [file.path, file.text]));
    const embedded = embed('A', text, code);
    must(embedded.ok && embedded.value.text === text, 'embedding what is not edited changes the config');
    const differences = finished(differencesBetween(emptyContent, again.value));
    must(
      (differences.length === 0) === (fingerprint === (await fingerprintOf(emptyContent))),
      'no difference',
    );
    placeholdersIn('A', again.value);
  },
);

const names = pure('names', fc.oneof(hostileText, fc.string({ unit: 'binary' })), (given) => {
  // A pipeline without a title has no name.
  const name = given === '' ? 'x' : given;
  const path = configPath(name);
  must(/^config\/[^/]+\.json$/.test(path), `${path} is not in config/`);
  must(!['..', '.'].includes(pathPart(name)), 'a folder of its own');
  must(isConfigPath(path), 'not taken for a config');
  // No path can hold half a character.
  if (name.isWellFormed()) must(pipelineName(path) === name, `${path} means ${pipelineName(path)}`);
  must(/^code\/[^/]+$/.test(codeFolder(name)), `${codeFolder(name)} is not in code/`);
  pipelineName(name);
});

/** What a mask looks at closely, in any order: names, signs, brackets and quotation marks that never close. */
const pieces = fc.constantFrom(
  'password',
  'token',
  'key',
  'auth',
  'id',
  'value',
  'Bearer',
  'identified by',
  'connect a/b',
  '-----BEGIN PRIVATE KEY-----',

  '=',
  ':',
  ':=',
  ' is ',
  ',',
  '(',
  ')',
  '[',
  '{',
  '"',
  "'",
  '"""',
  '\\',
  '\\"',
  '\n',
  '  ',
  '|\n',
  '- ',
  '#',
  '--',
  'https://',
  '@',
  '/',
  'glpat-',
  'eyJ',
  'AKIA',
  'x',
  '7',
  '[hidden]',
  '\uE000',
  '\uD800',
);
const hostileCode = fc.oneof(
  { weight: 8, arbitrary: fc.array(pieces, { maxLength: 60 }).map((all) => all.join('')) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.array(pieces, { minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 100_000 }))
      .map(([all, length]) => all.join('').repeat(Math.ceil(length / all.join('').length))),
  },
  { weight: 1, arbitrary: hostileText },
);

const masks = pure('masks', hostileCode, (text) => {
  const masked = mask(text);
  must(masked.split('\n').length === text.split('\n').length, 'lines were lost');
});

const diffs = pure('diffs', fc.tuple(hostileCode, hostileCode), ([before, after]) => {
  for (const [one, other] of [
    [before, after],
    ['', after],
    [`${before}\n${after}`, `${after}\n${before}`],
  ] as const) {
    const diff = finished(textDiff(one, other));
    must(
      diff.split('\n').every((line) => /^[-+ @\\]/.test(line) || line === ''),
      'a line without a sign',
    );
    must((diff === '') === (one === other), 'a change that is not seen');
    must(diff.length < 500_000, 'a diff that is too long');
  }
});

/** All that takes input from outside. */
export const targets: readonly Target[] = [
  bodies,
  headers,
  comments,
  mappings,
  configs,
  masks,
  diffs,
  names,
  answersTarget(within),
];
