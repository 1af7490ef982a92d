import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { candidatesIn, type BranchView } from '../../../src/domain/deployment/decide-deployment.ts';
import { parseMapping } from '../../../src/domain/mapping/parse-mapping.ts';
import { decideOrder, type Order, type OrderScope } from '../../../src/domain/deployment/deploy-request.ts';
import { noProvenance } from '../../../src/domain/deployment/gate/provenance.ts';
import { ok } from '../../../src/domain/shared/result.ts';
import type { Pending } from '../../../src/domain/store/state.ts';
import { branchView, commit, mergeRequest, sha } from '../samples.ts';

const parsed = parseMapping('mapping: { develop: PIN QA }\n');
if (!parsed.ok) throw new Error('The mapping is wrong.');
const mapping = ok(parsed.value);

const nothingElse: OrderScope = { own: [], all: [] };

function order(changes: Partial<Order> = {}): Order {
  const settings = {
    force: false,
    reason: undefined,
    request: 'note:7:1:0',
    by: 'omar',
    byId: undefined,
    deliveries: [],
    place: undefined,
  };
  return { ...settings, kind: 'deploy', pipelines: [], ...changes };
}

function file(name: string): string {
  return `config/${name}.json`;
}

function pendingOf(name: string, path = file(name)): Pending {
  return { pipeline: name, path, base: sha(9), paused: false, held: false, provenance: noProvenance };
}

function view(changed: readonly string[], pending: readonly string[] = []): BranchView {
  return branchView({
    mapping,
    changes: { paths: changed.map(file), commits: [commit(1, 0)] },
    pending: pending.map((name) => pendingOf(name)),
  });
}

interface Case {
  readonly changed?: readonly string[];
  readonly pending?: readonly string[];
  readonly order?: Partial<Order>;
  readonly own?: readonly string[];
  readonly all?: readonly string[];
  readonly looksAt: readonly string[];
  /** Whether the head is the last deployed commit afterwards. */
  readonly reaches: 'head' | 'nothing';
}

describe('an order', () => {
  test('leaves what it does not name with all that this came from, also before', () => {
    const gated = parseMapping('mapping: { develop: Q }\nworkspaces: { Q: { require: [approved] } }\n');
    if (!gated.ok) throw new Error('The mapping is wrong.');
    const [earlier, later] = [
      { ...noProvenance, mergeRequests: [mergeRequest(5).iid] },
      { ...noProvenance, mergeRequests: [mergeRequest(6).iid] },
    ];
    const decision = decideOrder(
      {
        ...view(['x']),
        mapping: ok(gated.value),
        pending: [{ ...pendingOf('x'), held: true, provenance: earlier }],
        provenance: new Map([[file('x'), later]]),
      },
      order({ pipelines: ['y'], force: true }),
      { own: [], all: [file('x'), file('y')] },
    );
    expect(decision).toMatchObject({
      kind: 'deploy',
      left: [{ name: 'x', base: sha(9), provenance: { mergeRequests: [5, 6] } }],
    });
  });

  test.each<readonly [string, Case]>([
    ['what changed', { changed: ['a', 'b'], looksAt: ['a', 'b'], reaches: 'head' }],
    ['what is pending, too', { changed: ['a'], pending: ['p'], looksAt: ['a', 'p'], reaches: 'head' }],
    ['what its merge request changed', { own: ['m'], looksAt: ['m'], reaches: 'head' }],
    [
      'only what is named',
      {
        changed: ['a', 'b'],
        order: { pipelines: ['a'] },
        all: ['a', 'b'],
        looksAt: ['a'],
        reaches: 'nothing',
      },
    ],
    [
      'what is named though it did not change',
      { changed: ['a'], order: { pipelines: ['c'] }, all: ['a', 'c'], looksAt: ['c'], reaches: 'nothing' },
    ],
    [
      'what is named and all that changed',
      {
        changed: ['a'],
        order: { pipelines: ['a', 'c'] },
        all: ['a', 'c'],
        looksAt: ['a', 'c'],
        reaches: 'head',
      },
    ],
    [
      'everything by force',
      { order: { force: true }, all: ['a', 'b'], looksAt: ['a', 'b'], reaches: 'head' },
    ],
    [
      'only what is pending, to retry',
      { changed: ['a'], pending: ['p'], order: { kind: 'retry' }, looksAt: ['p'], reaches: 'nothing' },
    ],
    [
      'what is pending and all that changed, to retry',
      { changed: ['p'], pending: ['p', 'q'], order: { kind: 'retry' }, looksAt: ['p', 'q'], reaches: 'head' },
    ],
  ])(
    'looks at %s',
    (_what, { changed = [], pending, order: changes, own = [], all = [], looksAt, reaches }) => {
      const scope = { own: own.map(file), all: all.map(file) };
      const decision = decideOrder(view(changed, pending), order(changes), scope);
      if (decision?.kind !== 'deploy') throw new Error(`It decided: ${decision?.kind}`);
      expect(decision.candidates.map(({ name }) => name)).toEqual(looksAt);
      expect(decision.state.deployed).toBe(reaches === 'head' ? sha(1) : sha(0));
      expect(decision.at).toBe(sha(1));
    },
  );

  test('overwrites what was changed by hand only by force', () => {
    const policy = (force: boolean) => {
      const decision = decideOrder(view(['a']), order({ force }), nothingElse);
      return decision?.kind === 'deploy' && decision.target.drift;
    };
    expect([policy(false), policy(true)]).toEqual(['block', 'overwrite']);
  });

  test('compares what is pending with what it was before it became so', () => {
    const decision = decideOrder(view(['p'], ['p']), order(), nothingElse);
    expect(decision).toMatchObject({ candidates: [{ name: 'p', paths: [file('p')], base: sha(9) }] });
  });

  test('about nothing is nothing to do', () => {
    expect(decideOrder(view([]), order(), nothingElse)).toEqual({ kind: 'nothing' });
    expect(decideOrder(view(['a']), order({ kind: 'retry' }), nothingElse)).toEqual({ kind: 'nothing' });
  });

  test('with a name that nothing has does nothing, and tells the nearest', () => {
    const scope = { own: [], all: [file('orders'), file('sales')] };
    expect(decideOrder(view(['orders']), order({ pipelines: ['ordres', 'sales'] }), scope)).toEqual({
      kind: 'unknown',
      unknown: [{ name: 'ordres', nearest: ['orders'] }],
    });
  });

  test('for a branch without a workspace, or without a mapping, is undecided', () => {
    expect(
      decideOrder({ ...view(['a']), ...branchView({ branch: 'other', mapping }) }, order(), nothingElse),
    ).toBeUndefined();
    expect(decideOrder(branchView({}), order(), nothingElse)).toBeUndefined();
  });

  test('never makes a changed file count as deployed that it does not look at', () => {
    // Two files may hold one pipeline: "a/b" stands in "config/a/b.json" where a person wrote it.
    const path = fc.constantFrom(file('a'), file('b'), file('a/b'), file('a%2Fb'), file('c'), 'config/x.txt');
    const paths = fc.uniqueArray(path);
    const name = fc.constantFrom('a', 'b', 'a/b', 'c');
    const wish = fc.record({
      kind: fc.constantFrom('deploy' as const, 'retry' as const),
      pipelines: fc.uniqueArray(name, { maxLength: 2 }),
      force: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.record({ changed: paths, waiting: paths, own: paths, all: paths }),
        wish,
        (scene, wanted) => {
          const pending = candidatesIn(scene.waiting).flatMap((one) =>
            one.paths.map((each) => pendingOf(one.name, each)),
          );
          const changes = { paths: scene.changed, commits: [commit(1, 0)] };
          const all = [...new Set([...scene.all, ...scene.changed])];
          const scope = { own: scene.own, all };
          const decision = decideOrder(branchView({ mapping, changes, pending }), order(wanted), scope);
          if (decision?.kind !== 'deploy') return;
          const looked = new Set(decision.candidates.flatMap((candidate) => candidate.paths));
          const changed = candidatesIn(scene.changed).flatMap((candidate) => candidate.paths);
          const missed = changed.filter((each) => !looked.has(each));
          expect(decision.state.deployed).toBe(missed.length === 0 ? sha(1) : sha(0));
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
