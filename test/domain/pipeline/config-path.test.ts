import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { configPath, pipelineName } from '../../../src/domain/pipeline/config-path.ts';

const anyName = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1 }),
  fc
    .array(fc.nat(0xff_ff), { minLength: 1 })
    .map((units) => units.map((unit) => String.fromCharCode(unit)).join('')),
  fc.string({ unit: fc.constantFrom(...'%2Fu5D8/.:| CONcon1¹\ud83d\ude00\u0080'.split('')), minLength: 1 }),
);

const awkward = [
  'a/b',
  '/leading',
  '.',
  '..',
  '...',
  'trailing.',
  ' both ',
  'CON',
  'con.txt',
  'nul .x',
  'COM1',
  'lpt9.a.b',
  'weird | name',
  '50% off',
  '%41',
  '%u',
  'a\\b',
  'tab\t, line\n, nul\0, delete\x7f, C1\x85',
  '名前',
  'Übersicht',
  '😀',
  '\ud83d',
  '\ude00\ud83d',
  'x'.repeat(200),
  '名'.repeat(200),
  '__proto__',
  'a.json',
  '.json',
];

describe('the path of a config', () => {
  it('leads back to the name, whatever it is', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        expect(pipelineName(configPath(name))).toBe(name);
      }),
      { numRuns: 2000 },
    );
  });

  it.each(awkward)('leads back to %j', (name) => {
    expect(pipelineName(configPath(name))).toBe(name);
  });

  it('is one safe file in the folder', () => {
    fc.assert(
      fc.property(fc.oneof(anyName, fc.constantFrom(...awkward)), (name) => {
        const path = configPath(name);
        expect(path).toMatch(/^config\/[^/\\:*?"<>|\p{Control}]+\.json$/u);
        expect(path.isWellFormed()).toBe(true);
        expect(path).not.toMatch(/^config\/(?:[ .]|(?:con|prn|aux|nul|com[1-9]|lpt[1-9]) *\.)/i);
        expect(path).not.toMatch(/[ .]\.json$/);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['Daily Sales', 'config/Daily Sales.json'],
    ['名前 é 😀 (v1.2)', 'config/名前 é 😀 (v1.2).json'],
    ['weird | name', 'config/weird %7C name.json'],
    ['a/b', 'config/a%2Fb.json'],
    ['..', 'config/%2E%2E.json'],
    ['CON', 'config/%43ON.json'],
    ['aux.log', 'config/%61ux.log.json'],
    ['console', 'config/console.json'],
    ['COM10', 'config/COM10.json'],
    ['50% off', 'config/50%25 off.json'],
    ['\x85', 'config/%C2%85.json'],
    ['\ud83d', 'config/%uD83D.json'],
    ['-f', 'config/-f.json'],
  ])('of %j is %j', (name, path) => {
    expect(configPath(name)).toBe(path);
  });
});

describe('a path that the Python library wrote', () => {
  it.each([
    ['config/50% off.json', '50% off'],
    ['config/100%.json', '100%'],
    ['config/a/b.json', 'a/b'],
    ['config/a|b.json', 'a|b'],
    ['config/CON.json', 'CON'],
    ['config/a%20b.json', 'a%20b'],
    ['config/50% off %7C.json', '50% off %7C'],
    ['config/a%2fb.json', 'a%2fb'],
    ['config/%uD83D%uDE00.json', '%uD83D%uDE00'],
  ])('%j holds %j', (path, name) => {
    expect(pipelineName(path)).toBe(name);
  });
});

describe('a path that is not a config', () => {
  it.each([
    'config/.json',
    'config/a.sql',
    'a.json',
    'code/a.json',
    'Config/a.json',
    'x/config/a.json',
    'config.json',
    '',
  ])('%j has no name', (path) => {
    expect(pipelineName(path)).toBeUndefined();
  });
});
