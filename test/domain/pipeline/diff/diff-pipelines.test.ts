import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { differencesBetween as comparison } from '../../../../src/domain/pipeline/diff/diff-pipelines.ts';
import type { Difference } from '../../../../src/domain/pipeline/diff/difference.ts';
import { summaryOf } from '../../../../src/domain/pipeline/diff/format-differences.ts';
import { fingerprintOf } from '../../../../src/domain/pipeline/fingerprint.ts';
import type { Json, JsonObject } from '../../../../src/domain/shared/json.ts';
import type { Content } from '../../../../src/domain/pipeline/config.ts';
import { plain } from '../../../../src/domain/report/text.ts';
import { finished } from '../../finished.ts';
import { hostile } from '../../hostile.ts';

const differencesBetween = (before: Content, after: Content) => finished(comparison(before, after));

function task(id: string, text: string, type = 'SQL'): JsonObject {
  const config = type === 'SQL' ? { query: text } : { script: text };
  return { id, type, description: `Task ${id}`, config };
}

function stage(stageId: string, ...tasks: readonly JsonObject[]): JsonObject {
  return { stageId, description: `Stage ${stageId}`, tasks };
}

function content(stages: readonly JsonObject[], variables: Content['variables'] = []): Content {
  return { variables, sourceStage: {}, stages, sinkStage: {} };
}

const lines = Array.from({ length: 40 }, (_, index) => `select ${index} from t`).join('\n');
const kinds = (differences: readonly Difference[]) => differences.map(({ kind }) => kind);

describe('the differences of two versions of a pipeline', () => {
  test('show a changed query as code, with the lines around it', () => {
    const after = lines.replace('select 20 ', 'select twenty ');
    const found = differencesBetween(
      content([stage('a', task('t', lines))]),
      content([stage('a', task('t', after))]),
    );
    expect(found).toEqual([
      {
        kind: 'text',
        where: 'Stage a › Task t › query',
        language: 'sql',
        diff: [
          '@@ -18,7 +18,7 @@',
          ' select 17 from t',
          ' select 18 from t',
          ' select 19 from t',
          '-select 20 from t',
          '+select twenty from t',
          ' select 21 from t',
          ' select 22 from t',
          ' select 23 from t',
        ].join('\n'),
      },
    ]);
  });

  test.each<readonly [string, readonly JsonObject[], readonly JsonObject[], readonly string[], string]>([
    [
      'an added stage',
      [stage('a')],
      [stage('a'), stage('b', task('t', 'x'))],
      ['stage-added', 'task-added'],
      '1 stage added, 1 task added',
    ],
    [
      'a removed stage',
      [stage('a'), stage('b', task('t', 'x'))],
      [stage('a')],
      ['stage-removed', 'task-removed'],
      '1 stage removed, 1 task removed',
    ],
    [
      'an added task',
      [stage('a', task('t', 'x'))],
      [stage('a', task('n', 'y'), task('t', 'x'))],
      ['task-added'],
      '1 task added',
    ],
    [
      'a task that moved to another stage',
      [stage('a', task('t', 'x')), stage('b')],
      [stage('a'), stage('b', task('t', 'x'))],
      ['task-moved'],
      '1 task moved',
    ],
    [
      'a stage that moved past two others',
      [stage('a'), stage('b'), stage('c')],
      [stage('b'), stage('c'), stage('a')],
      ['stage-moved'],
      '1 stage moved',
    ],
    [
      'a task with a new id and the same content',
      [stage('a', task('t', 'x'))],
      [stage('a', { ...task('t', 'x'), id: 'u' })],
      ['json'],
      'other settings changed',
    ],
    [
      'a renamed stage',
      [stage('a')],
      [{ ...stage('a'), description: 'Other' }],
      ['stage-renamed'],
      '1 stage renamed',
    ],
    [
      'a renamed task whose code changed, too',
      [stage('a', task('t', 'x\ny'))],
      [stage('a', { ...task('t', 'x\nz'), description: 'Other' })],
      ['task-renamed', 'text'],
      '1 task renamed, SQL changed',
    ],
    [
      'a task with another id and nearly the same script',
      [stage('a', task('t', lines, 'PYSPARK'))],
      [stage('a', { ...task('u', `${lines}\nmore`, 'PYSPARK'), description: 'Task t' })],
      ['text', 'json'],
      'PySpark changed, other settings changed',
    ],
  ])('tell of %s', (_what, before, after, expected, summary) => {
    const found = differencesBetween(content(before), content(after));
    expect(kinds(found)).toEqual(expected);
    expect(plain(summaryOf(found))).toBe(summary);
  });

  test('tell a changed variable with both values, and of one that looks secret only that it changed', () => {
    const before = [
      { id: 'QA', value: 'True' },
      { id: 'db_password', value: 'hunter22' },
      { id: 'old', value: 1 },
    ];
    const after = [
      { id: 'QA', value: 'False' },
      { id: 'db_password', value: 'hunter33' },
      { id: 'api_token', value: 'abcdefgh' },
    ];
    const found = differencesBetween(content([], before), content([], after));
    expect(found).toEqual([
      { kind: 'variable', id: 'QA', before: 'True', after: 'False' },
      { kind: 'variable', id: 'db_password', before: '[hidden]', after: '[hidden, changed]' },
      { kind: 'variable', id: 'old', before: '1', after: undefined },
      { kind: 'variable', id: 'api_token', before: undefined, after: '[hidden]' },
    ]);
  });

  test('hide secrets in settings and in code', () => {
    const config = (secret: string) => ({
      connection: { user: 'u', password: secret },
      options: { id: 'apiKey', value: secret },
    });
    const script = (secret: string) =>
      `a = 1\npassword = "${secret}"\nurl = "postgres://u:${secret}@host/db"\n`;
    const version = (secret: string) =>
      content([
        stage('a', { id: 't', type: 'PYSPARK', config: { ...config(secret), script: script(secret) } }),
      ]);
    const shown = JSON.stringify(differencesBetween(version('s3cretOne'), version('s3cretTwo')));
    expect(shown).not.toMatch(/s3cret/);
    expect(shown).toContain('[hidden, changed]');
  });

  test('stay small where a large text is replaced by another', () => {
    const many = (word: string) =>
      Array.from({ length: 20_000 }, (_, index) => `${word} ${index} ${'x'.repeat(900)}`).join('\n');
    const before = content([stage('a', task('t', many('one')))]);
    const [found] = differencesBetween(before, content([stage('a', task('t', many('two')))]));
    expect(found?.kind === 'text' ? found.diff.split('\n').length : 0).toBeLessThanOrEqual(401);
    expect(found?.kind === 'text' ? found.diff.length : 0).toBeLessThan(250_000);
  });

  test.each<readonly [string, Content, string]>([
    [
      'many tasks',
      content([stage('a', ...Array.from({ length: 20_000 }, (_, index) => task(`t${index}`, 'x')))]),
      '20001 stages and tasks are too many to be compared',
    ],
    [
      'many texts',
      content([stage('a', { id: 't', x: Array.from({ length: 100_000 }, (_, index) => `a\n${index}`) })]),
      'more texts, which are not shown',
    ],
    [
      'many changed texts',
      content([
        stage('a', ...Array.from({ length: 400 }, (_, index) => task(`t${index}`, `${index}\n`.repeat(50)))),
      ]),
      'there are more than these',
    ],
    [
      'many settings',
      content([{ stageId: 'a', x: Array.from({ length: 100_000 }, (_, index) => index) }]),
      'more than 20000 values',
    ],
    [
      'a long setting',
      content([{ stageId: 'a', x: 'A'.repeat(50_000) }]),
      'a text of 50000 characters is not shown',
    ],
    ['a long variable', content([], [{ id: 'x', value: 'A'.repeat(50_000) }]), '(50000 characters)'],
  ])('say what they leave out: %s', (_, after, told) => {
    const before = content([
      stage('a', ...Array.from({ length: 3 }, (_one, index) => task(`t${index}`, 'y'))),
    ]);
    const found = differencesBetween(before, after);
    expect(JSON.stringify(found)).toContain(told);
    expect(found.length).toBeLessThanOrEqual(301);
    expect(JSON.stringify(found).length).toBeLessThan(500_000);
  });

  test('tell a variable of which only what is hidden changed', () => {
    const url = (secret: string) => [{ id: 'url', value: `postgres://u:${secret}@host/db` }];
    const [found] = differencesBetween(content([], url('one1')), content([], url('two2')));
    expect(found).toMatchObject({
      before: 'postgres://[hidden]@host/db',
      after: 'postgres://[hidden]@host/db (changed)',
    });
  });

  test('hide settings by the names that stand beside them', () => {
    const settings = (secret: string) => ({
      a: { id: 'DB_PASS', value: { nested: secret } },
      b: { name: 'x', description: 'the password of etl', value: secret },
      c: { key: secret, auth: secret, jwt: secret, pw: secret, pass: [secret] },
      d: { key: 'customer', value: 'shown' },
    });
    const found = differencesBetween(
      content([{ stageId: 'a', ...settings('s3cretOne') }]),
      content([{ stageId: 'a', ...settings('s3cretTwo'), e: 1 }]),
    );
    expect(JSON.stringify(found)).not.toContain('s3cret');
    expect(JSON.stringify(found)).toContain('shown');
  });

  const key = fc.constantFrom(
    'id',
    'type',
    'tasks',
    'config',
    'query',
    'script',
    'description',
    'value',
    '__proto__',
    'stageId',
  );
  const { json } = fc.letrec<{ json: Json }>((tie) => ({
    json: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      hostile,
      fc.constantFrom('SQL', 'PYSPARK', 'a', 'b', 'select\n1', 'a\r\nb', ''),
      fc.integer({ min: 0, max: 3 }),
      fc.constant(null),
      fc.array(tie('json'), { maxLength: 3 }),
      fc.dictionary(key, tie('json'), { maxKeys: 4 }),
    ),
  }));
  const object = fc.dictionary(key, json, { maxKeys: 5 });
  const anyContent: fc.Arbitrary<Content> = fc.record({
    variables: fc.oneof(fc.array(json, { maxLength: 3 }), object),
    sourceStage: object,
    stages: fc.array(object, { maxLength: 4 }),
    sinkStage: object,
  });

  test('are empty exactly where the fingerprints are equal, and no line of a diff can be taken for several', async () => {
    await fc.assert(
      fc.asyncProperty(anyContent, anyContent, fc.boolean(), async (one, other, same) => {
        const after = same ? structuredClone(one) : other;
        const found = differencesBetween(one, after);
        const isEqual = (await fingerprintOf(one)) === (await fingerprintOf(after));
        expect(found.length === 0).toBe(isEqual);
        for (const each of found)
          if (each.kind === 'text' || each.kind === 'json')
            for (const line of each.diff.split('\n')) expect(line).toMatch(/^[-+ @\\]|^$/);
      }),
      { numRuns: 500 },
    );
  });

  test('of stages and tasks in another order are moves alone, and no more than there were', () => {
    const ids = fc.uniqueArray(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(ids, fc.nat(), fc.nat(), (all, from, to) => {
        const moved = all.toSpliced(from % all.length, 1);
        moved.splice(to % all.length, 0, all[from % all.length] ?? 0);
        const tasks = (order: readonly number[]) => order.map((id) => task(`t${id}`, `select ${id}`));
        const stages = (order: readonly number[]) =>
          order.map((id) => stage(`s${id}`, task(`t${id}`, `select ${id}`)));
        const isSame = all.every((id, index) => id === moved[index]);
        for (const found of [
          differencesBetween(content([stage('a', ...tasks(all))]), content([stage('a', ...tasks(moved))])),
          differencesBetween(content(stages(all)), content(stages(moved))),
        ]) {
          expect(kinds(found).every((kind) => kind === 'stage-moved' || kind === 'task-moved')).toBe(true);
          expect(found).toHaveLength(isSame ? 0 : 1);
        }
      }),
    );
  });
});
