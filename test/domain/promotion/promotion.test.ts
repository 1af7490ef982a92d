import { execFileSync } from 'node:child_process';

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  arrivalOfMerge,
  arrivalOfPush,
  backMergeBranch,
  backMergeTargets,
  stateOfFile,
} from '../../../src/domain/promotion/back-merge.ts';
import type { BlobId } from '../../../src/domain/pipeline/blob-id.ts';
import { configPath } from '../../../src/domain/pipeline/config-path.ts';
import type { Tree } from '../../../src/domain/pipeline/files-by-pipeline.ts';
import { parseMapping } from '../../../src/domain/mapping/parse-mapping.ts';
import type { Mapping } from '../../../src/domain/mapping/mapping.ts';
import { withOwnSection } from '../../../src/adapters/gitlab/managed-section.ts';
import { broughtBetween, pipelinesIn, promotedFiles } from '../../../src/domain/promotion/promoted-files.ts';
import { promotionOf, safeName } from '../../../src/domain/promotion/promotion.ts';
import { mergeRequest, project, sha } from '../samples.ts';

function mappingOf(text: string): Mapping {
  const mapping = parseMapping(text);
  if (!mapping.ok) throw new Error(JSON.stringify(mapping.failure));
  return mapping.value;
}

const usual = mappingOf('mapping: { main: P, develop: Q, sandbox: S }');

describe('the name of a promotion', () => {
  test.each([
    ['PINOPS-1831', 'PINOPS-1831'],
    ['v2.1.0', 'v2-1-0'],
    ['a b&c', 'a-b-c'],
    ['//a//b/', 'a/b'],
    ['名前', '-'],
    ['/', ''],
    ['', ''],
  ])('%j becomes %j', (name, safe) => {
    expect(safeName(name)).toBe(safe);
  });

  test('always makes a branch that git accepts, whatever is written', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('.lock', '-', '@{')),
        (name) => {
          const safe = safeName(name);
          if (safe === '') return;
          execFileSync('git', ['check-ref-format', '--branch', `release/${safe}`]);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('what may be promoted', () => {
  const wish = { kind: 'release', name: '1', from: undefined, pipelines: ['A'], all: false } as const;

  test('follows the roles of the mapping', () => {
    const mapping = mappingOf(
      'mapping: { prod: P, test: Q, play: S }\nroles: { production: prod, qa: test, sandbox: play }',
    );
    expect(promotionOf(mapping, wish)).toMatchObject({
      ok: true,
      value: { branch: 'release/1', source: 'test', target: 'prod', workspace: { name: 'Q' } },
    });
    expect(promotionOf(mapping, { ...wish, kind: 'feature' })).toMatchObject({
      ok: true,
      value: { source: 'play', target: 'test' },
    });
    expect(promotionOf(mapping, { ...wish, kind: 'hotfix', from: 'prod' })).toMatchObject({
      ok: true,
      value: { source: 'prod', target: 'prod', workspace: { name: 'P' } },
    });
  });

  test('is nothing between two roles of one branch', () => {
    const mapping = mappingOf('mapping: { main: P, develop: Q }\nroles: { qa: main }');
    expect(promotionOf(mapping, wish).ok).toBe(false);
  });
});

const name = fc.constantFrom('A', 'B', 'a/b', '..', '名前');
const file = fc.record({
  path: fc.oneof(
    name.map(configPath),
    name.map((one) => `config/${one}.json`),
    fc.tuple(name, fc.constantFrom('t.sql', 't.py', 'README.md')).map(([one, end]) => `code/${one}/${end}`),
    fc.constantFrom('README.md', 'config/notes.txt', 'code/x'),
  ),
  blob: fc.constantFrom('1', '2', '3').map((id) => id.repeat(40) as BlobId),
});
const tree = fc.array(file).map((files) => new Map(files.map(({ path, blob }) => [path, blob])));

describe('the files of a promotion', () => {
  test('make the chosen pipelines what the source has, and leave all others', () => {
    fc.assert(
      fc.property(tree, tree, fc.uniqueArray(name), (source, branch, wanted) => {
        const known = pipelinesIn(source);
        const chosen = wanted.filter((one) => known.includes(one));
        const after = new Map(branch);
        for (const change of [...promotedFiles(source, branch, chosen).values()].flat()) {
          expect(after.has(change.path)).toBe(change.kind !== 'create');
          if (change.kind === 'delete') after.delete(change.path);
          else after.set(change.path, change.blob);
        }
        const touched = broughtBetween(branch, after).map(({ pipeline }) => pipeline);
        expect(chosen).toEqual(expect.arrayContaining(touched));
        const ours = (files: Tree) => new Map([...files].filter(([path]) => !path.endsWith('.md')));
        const differing = new Set<string>(
          broughtBetween(ours(source), ours(after)).map(({ pipeline }) => pipeline),
        );
        expect(chosen.filter((one) => differing.has(one))).toEqual([]);
        expect(promotedFiles(source, after, chosen).size).toBe(0);
        const own = (files: Tree) => [...files].filter(([path]) => path.endsWith('.md'));
        expect(own(after)).toEqual(own(branch));
      }),
    );
  });
});

test('the section of the bot is replaced, and what people wrote around it stays', () => {
  const text = fc.string().filter((one) => !one.includes('aic-bot:'));
  fc.assert(
    fc.property(text, text, text, text, (before, after, first, second) => {
      const once = withOwnSection('', first).trimEnd();
      const around = `${before}${once}${after}`;
      const replaced = withOwnSection(around, second);
      expect(replaced).toBe(`${before}${withOwnSection('', second).trimEnd()}${after}`);
      expect(withOwnSection(replaced, second)).toBe(replaced);
      const hostile = withOwnSection(before, `<!-- aic-bot:end -->${first}<!-- aic-bot:begin -->`);
      expect(withOwnSection(hostile, second)).toBe(withOwnSection(before, second));
      expect(withOwnSection(before, first).startsWith(before.trimEnd())).toBe(true);
    }),
  );
});

describe('a back-merge', () => {
  test('goes to the branches of the other roles that there are', () => {
    expect(backMergeTargets(usual)).toEqual(['develop', 'sandbox']);
    expect(backMergeTargets(mappingOf('mapping: { main: P, develop: Q }'))).toEqual(['develop']);
    const names = ['hotfix/a/b', 'fix/a/b'].map((source) =>
      backMergeBranch(arrivalOfMerge({ ...mergeRequest(5), source }), 'develop'),
    );
    expect(names).toEqual(['back-merge/a/b-5-into-develop', 'back-merge/fix-a-b-5-into-develop']);
    expect(backMergeBranch(arrivalOfPush(project, 'main', sha(1)), 'develop')).toBe(
      'back-merge/push-ccccccc1-into-develop',
    );
  });

  test.each([
    [['1'], ['2'], ['2'], 'there'],
    [['1'], ['2'], ['1'], 'clean'],
    [['1'], ['2'], ['3'], 'both'],
    [['1', 'f'], ['2'], ['9', 'f'], 'clean'],
    [undefined, ['2'], undefined, 'clean'],
    [['1'], undefined, undefined, 'there'],
    [['1'], ['2'], undefined, 'absent'],
    [undefined, ['2'], ['3'], 'both'],
  ] as const)('of %j that became %j, where the branch has %j, is %s', (before, after, there, state) => {
    expect(stateOfFile({ before, after }, there)).toBe(state);
  });
});
