import * as fc from 'fast-check';
import { expect, it } from 'vitest';

import { parseMapping } from '../../../src/domain/mapping/parse-mapping.ts';
import { mappingText, type Assignment, type NewMapping } from '../../../src/domain/mapping/write-mapping.ts';

const name = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
    fc.constantFrom(
      'true',
      'null',
      '1.0',
      '~',
      '- a',
      'a: b',
      '# a',
      "it's",
      '"a"',
      '{a}',
      '@a',
      '1e3',
      'yes',
      '!x',
    ),
  )
  .map((text) => text.trim())
  .filter((text) => text !== '' && text.isWellFormed() && !/\p{Cc}/u.test(text));

const environment = fc.constantFrom('prod' as const, 'qa' as const);
const mapping: fc.Arbitrary<NewMapping> = fc
  .record({
    aicProject: name,
    workspaces: fc.uniqueArray(name, { minLength: 3, maxLength: 3 }),
    environments: fc.tuple(environment, environment, environment),
    main: fc.constantFrom('main', 'master', 'trunk', 'release/1.0'),
  })
  .map(({ aicProject, workspaces, environments, main }) => {
    const assign = (branch: string, at: 0 | 1 | 2): Assignment => ({
      branch,
      workspace: workspaces[at] ?? '',
      environment: environments[at],
    });
    return { aicProject, assignments: [assign(main, 0), assign('develop', 1), assign('sandbox', 2)] };
  });

it('is read back as it was meant, whatever the names', () => {
  fc.assert(
    fc.property(mapping, (wanted) => {
      const read = parseMapping(mappingText(wanted));
      if (!read.ok) throw new Error(JSON.stringify(read.failure));
      const [production] = wanted.assignments;
      expect([...read.value.exact]).toEqual(
        wanted.assignments.map(({ branch, workspace }) => [branch, workspace]),
      );
      expect(read.value.aicProject).toBe(wanted.aicProject);
      expect(read.value.roles.production).toBe(production.branch);
      for (const { workspace, environment: host } of wanted.assignments)
        expect(read.value.workspaces.get(workspace)?.environment ?? 'prod').toBe(host);
    }),
  );
});
