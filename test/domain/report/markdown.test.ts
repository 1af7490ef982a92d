import * as fc from 'fast-check';
import type { Nodes, Root, Table } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import { describe, expect, test } from 'vitest';

import { phrase, type Phrase } from '../../../src/domain/report/phrase.ts';
import { toComment, toComments } from '../../../src/domain/report/markdown.ts';
import type { Block, Detail, Report } from '../../../src/domain/report/report.ts';
import { commentIn, hostile, hostileTexts, samples, samplesWithNames, tamed } from '../hostile.ts';
import { project } from '../samples.ts';

function parse(markdown: string): Root {
  return fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
}

function walk(node: Nodes): readonly Nodes[] {
  return 'children' in node ? [node, ...node.children.flatMap((child) => walk(child))] : [node];
}

/** What the Markdown is without what stands in code: the marks, our own words, the addresses. */
function skeleton(markdown: string): unknown {
  return JSON.parse(
    JSON.stringify(parse(markdown), (key, value: unknown) => {
      if (key === 'position') return undefined;
      const isCode =
        typeof value === 'object' && value !== null && 'type' in value && value.type === 'inlineCode';
      return isCode ? 'code' : value;
    }),
  );
}

function tablesIn(markdown: string): readonly Table[] {
  return walk(parse(markdown)).filter((node) => node.type === 'table');
}

/** The first cell of each row below the head: the code in it, if there is nothing else. */
function namesIn(markdown: string): readonly string[] {
  const rows = tablesIn(markdown).flatMap((table) => table.children.slice(1));
  return rows.map((row) => {
    const parts = row.children[0]?.children ?? [];
    const [only] = parts;
    return parts.length === 1 && only?.type === 'inlineCode' ? only.value : JSON.stringify(parts);
  });
}

function codeIn(given: Phrase): string {
  return given.map((part) => (typeof part === 'object' && 'code' in part ? part.code : '')).join('');
}

/** In a table cell Markdown has no form for an odd number of backslashes before a pipe: one of them is lost. */
function inCell(code: string): string {
  return code.replaceAll(/\\+\|/g, (run) => (run.length % 2 === 0 ? run.slice(1) : run));
}

function reportOf(rows: readonly string[]): Report {
  return {
    mood: 'done',
    outcome: phrase`Done.`,
    table: { head: ['Pipeline'], rows: rows.map((row) => [phrase`${row}`]) },
    remedies: [],
    facts: [phrase`branch ${'main'}`],
  };
}

describe('a comment about anything', () => {
  test('has the same structure and the same words whatever the data is', () => {
    fc.assert(
      fc.property(fc.constantFrom(...samples), hostileTexts, (sample, texts) => {
        const body = commentIn(sample(texts));
        const tame = commentIn(sample(tamed(texts)));
        expect(body === undefined).toBe(tame === undefined);
        if (body === undefined || tame === undefined) return;
        expect(skeleton(body)).toStrictEqual(skeleton(tame));
      }),
      { numRuns: 500 },
    );
  });

  test('has one table with a row for each pipeline, that holds its name and nothing else in the first cell', () => {
    fc.assert(
      fc.property(fc.constantFrom(...samplesWithNames), hostileTexts, (sample, texts) => {
        const body = commentIn(sample(texts)) ?? '';
        expect(tablesIn(body)).toHaveLength(1);
        const names = texts.names.map((name) => inCell(codeIn(phrase`${name}`)));
        expect(new Set(namesIn(body))).toStrictEqual(new Set(names));
        expect(namesIn(body)).toHaveLength(names.length);
      }),
      { numRuns: 500 },
    );
  });

  test('has no line that GitLab could run, no mark-up of its own and no link but to the project', () => {
    fc.assert(
      fc.property(fc.constantFrom(...samples), hostileTexts, (sample, texts) => {
        const body = commentIn(sample(texts)) ?? '';
        expect(body).not.toMatch(/^\s*\//m);
        const nodes = walk(parse(body));
        const foreign = new Set(['html', 'image', 'imageReference', 'linkReference', 'definition', 'code']);
        expect(nodes.filter(({ type }) => foreign.has(type))).toStrictEqual([]);
        const addresses = nodes.flatMap((node) => (node.type === 'link' ? [node.url] : []));
        expect(addresses.filter((url) => !url.startsWith(`${project.webUrl}/-/`))).toStrictEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test('puts no table, no list and no words where there is nothing to tell', () => {
    expect(toComment(reportOf([]))).toMatchInlineSnapshot(`
      "✅ **Done.**

      branch \`main\`
      "
    `);
  });
});

describe('a comment about many pipelines', () => {
  const names = (count: number) => Array.from({ length: count }, (_, index) => `p${index}`);

  test.each([
    [100, [100], 0],
    [101, [100, 1], 0],
    [2_000, [100, 1_900], 0],
    [2_001, [100, 1_900], 1],
  ])('shows %i of them in tables of %j', (count, sizes, left) => {
    const body = toComment(reportOf(names(count)));
    expect(tablesIn(body).map((table) => table.children.length - 1)).toStrictEqual(sizes);
    expect(body.includes('1 further row is not shown.')).toBe(left === 1);
    expect(namesIn(body)).toStrictEqual(names(count - left));
  });

  test('has no mark-up but the two ends of the fold', () => {
    const html = walk(parse(toComment(reportOf(names(150))))).filter((node) => node.type === 'html');
    expect(html.map((node) => node.value)).toStrictEqual([
      '<details><summary>50 more</summary>',
      '</details>',
    ]);
  });

  test.each(['x', '|', '`'])(
    'never is longer than GitLab takes, even of names with 500 times %s',
    (character) => {
      const body = toComment(reportOf(names(3_000).map((name) => character.repeat(500) + name)));
      expect(body.length).toBeLessThan(1_000_000);
      expect(tablesIn(body)).toHaveLength(2);
    },
  );

  test('is as long as its rows together, however long one of them is', () => {
    const short = toComment(reportOf(names(2_000)));
    const long = toComment(reportOf(['y'.repeat(500), ...names(1_999)]));
    expect(long.length - short.length).toBeLessThan(600);
  });
});

test('a cell holds any text as one piece of code', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      expect(namesIn(toComment(reportOf([text])))).toStrictEqual([inCell(codeIn(phrase`${text}`))]);
    }),
    { numRuns: 500 },
  );
});

describe('details', () => {
  const block: fc.Arbitrary<Block> = fc.oneof(
    fc.record({ kind: fc.constant('text' as const), text: hostile.map((text) => phrase`${text}`) }),
    fc.record({
      kind: fc.constant('list' as const),
      items: fc.array(
        hostile.map((text) => phrase`${text}`),
        { maxLength: 3 },
      ),
    }),
    fc.record({
      kind: fc.constant('diff' as const),
      text: fc.array(hostile, { maxLength: 4 }).map((lines) => lines.map((line) => `+${line}`).join('\n')),
    }),
  );

  test('are folded under the name, and nothing in them acts or ends its fold or its code', () => {
    fc.assert(
      fc.property(hostile, fc.array(block, { maxLength: 4 }), (name, blocks) => {
        const details: readonly Detail[] = [{ summary: phrase`${name}: changed`, blocks }];
        const body = toComment({ ...reportOf(['a']), details });
        const nodes = walk(parse(body));
        const html = nodes.filter((node) => node.type === 'html').map((node) => node.value);
        expect(html).toHaveLength(2);
        expect(html[0]).toMatch(/^<details><summary><code>[^<>]*<\/code>: changed<\/summary>$/);
        expect(html[1]).toBe('</details>');
        expect(nodes.filter((node) => node.type === 'code')).toHaveLength(
          blocks.filter(({ kind }) => kind === 'diff').length,
        );
      }),
      { numRuns: 300 },
    );
  });

  test('go on in further comments, none is cut or lost unsaid, and no comment is longer than GitLab takes', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 300_000 }), { maxLength: 12 });
    fc.assert(
      fc.property(sizes, (all) => {
        const details: readonly Detail[] = all.map((size, index) => ({
          summary: phrase`pipeline ${`n${index}`}`,
          blocks: [{ kind: 'diff', text: `+${'x'.repeat(78)}\n`.repeat(size / 80) }],
        }));
        const bodies = toComments({ ...reportOf(['a']), details });
        expect(bodies.length).toBeLessThanOrEqual(4);
        let shown = 0;
        for (const [index, body] of bodies.entries()) {
          expect(body.length).toBeLessThan(1_000_000);
          const html = walk(parse(body)).filter((node) => node.type === 'html');
          expect(html.length % 2).toBe(0);
          shown += html.length / 2;
          if (index > 0) expect(body).toContain(`continued (${index + 1} of ${bodies.length})`);
        }
        const left = all.length - shown;
        const told = /(\d+) more pipelines? (?:is|are) not shown in detail/.exec(bodies.at(-1) ?? '');
        expect(Number(told?.[1] ?? 0)).toBe(left);
      }),
      { numRuns: 15 },
    );
  });
});
