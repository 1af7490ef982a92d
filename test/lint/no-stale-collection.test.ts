import { RuleTester } from 'oxlint/plugins-dev';
import { describe, test } from 'vitest';

import { noStaleCollection } from '../../lint/no-stale-collection.ts';

RuleTester.describe = describe;
RuleTester.it = test;

const errors = [{ messageId: 'stale' }];

new RuleTester().run('no-stale-collection', noStaleCollection, {
  valid: [
    'const known = new Map(); async function f(k) { const v = await g(); if (!known.has(k)) known.set(k, v); }',
    'const known = new Map(); async function f(k) { if (!known.has(k)) known.set(k, g()); await known.get(k); }',
    'async function f(k) { const own = new Map(); if (own.has(k)) return; own.set(k, await g()); }',
    'const all = []; async function f() { all.push(await g()); }',
    'const all = []; async function f() { if (all.length > 3) return; const one = await g(); if (all.length < 3) all.push(one); }',
    'const all = []; async function f() { if (all.length > 3) return; h(async () => { await g(); }); all.push(1); }',
  ],
  invalid: [
    {
      code: 'const known = new Map(); async function f(k) { const v = known.get(k); if (v) return v; known.set(k, await g()); }',
      errors,
    },
    {
      code: 'const taken = new Set(); const f = async (k) => { if (taken.has(k)) return; await g(); taken.add(k); };',
      errors,
    },
    { code: 'async function f(all) { if (all.length > 3) return; await g(); all.push(1); }', errors },
    {
      code: 'function outer() { const all = []; return async () => { if (all.includes(1)) return; await g(); all.push(1); }; }',
      errors,
    },
    {
      code: 'class A { async f(k) { if (this.all.has(k)) return; await g(); this.all.set(k, 1); } }',
      errors,
    },
    {
      code: 'async function f(memory, k) { if (memory.all.has(k)) return; for await (const x of g()) h(x); memory.all.set(k, 1); }',
      errors,
    },
  ],
});
