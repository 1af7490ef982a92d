import { counted } from '../../report/count.ts';
import type { Difference } from './difference.ts';
import { phrase, words, type Phrase } from '../../report/phrase.ts';
import type { Detail } from '../../report/report.ts';
import type { Language } from './text-diff.ts';

type Kind = Difference['kind'];

const counts: readonly (readonly [Kind, string, string])[] = [
  ['stage-added', 'stage', ' added'],
  ['stage-removed', 'stage', ' removed'],
  ['stage-moved', 'stage', ' moved'],
  ['stage-renamed', 'stage', ' renamed'],
  ['task-added', 'task', ' added'],
  ['task-removed', 'task', ' removed'],
  ['task-moved', 'task', ' moved'],
  ['task-renamed', 'task', ' renamed'],
];

const languages: Readonly<Record<Language, string>> = { sql: 'SQL', python: 'PySpark', text: 'text' };

/** The differences in a few words, such as `1 task added, SQL changed in 2 places`. */
export function summaryOf(differences: readonly Difference[]): Phrase {
  const having = (kind: Kind) => differences.filter((one) => one.kind === kind).length;
  const parts = [
    ...counts.flatMap(([kind, what, how]) => (having(kind) === 0 ? [] : [counted(having(kind), what) + how])),
    ...variablesIn(differences),
    ...(['sql', 'python', 'text'] as const).flatMap((language) => {
      const places = differences.filter((one) => one.kind === 'text' && one.language === language).length;
      return places === 0
        ? []
        : [`${languages[language]} changed${places === 1 ? '' : ` in ${places} places`}`];
    }),
    ...(having('json') === 0 ? [] : ['other settings changed']),
    ...(having('left-out') === 0 ? [] : ['more than is shown here']),
  ];
  return words(parts.join(', '));
}

function variablesIn(differences: readonly Difference[]): readonly string[] {
  const all = differences.filter((one) => one.kind === 'variable');
  const added = all.filter(({ before }) => before === undefined).length;
  const others = all.length - added;
  return [
    ...(added === 0 ? [] : [`${counted(added, 'variable')} added`]),
    ...(others === 0 ? [] : [`${counted(others, 'variable')} changed`]),
  ];
}

/** The differences of one pipeline, to be folded away below its name. */
export function detailOf(name: Phrase, differences: readonly Difference[]): Detail {
  const items = differences.flatMap((one) => itemsOf(one));
  return {
    summary: [...name, ' – ', ...summaryOf(differences)],
    blocks: [
      ...(items.length === 0 ? [] : [{ kind: 'list', items } as const]),
      ...differences.flatMap(diffsOf).flatMap(
        ({ where, diff }) =>
          [
            { kind: 'text', text: phrase`${where}` },
            { kind: 'diff', text: diff },
          ] as const,
      ),
    ],
  };
}

function diffsOf(one: Difference): readonly { readonly where: string; readonly diff: string }[] {
  if (one.kind === 'text' || one.kind === 'json') return [one];
  return one.kind === 'task-added' ? one.code : [];
}

function itemsOf(one: Difference): readonly Phrase[] {
  switch (one.kind) {
    case 'stage-added':
    case 'stage-removed': {
      const what = one.kind === 'stage-added' ? 'added' : 'removed';
      const many = one.tasks.length === 0 ? 'without tasks' : `with ${counted(one.tasks.length, 'task')}`;
      return [phrase`stage ${one.stage} ${words(what)}, ${words(many)}`];
    }
    case 'stage-moved':
      return [
        phrase`stage ${one.stage} moved from place ${words(String(one.from))} to ${words(String(one.to))}`,
      ];
    case 'stage-renamed':
      return [phrase`stage ${one.from} renamed to ${one.to}`];
    case 'task-added':
      return [phrase`task ${one.task} (${one.type}) added to stage ${one.stage}`];
    case 'task-removed':
      return [phrase`task ${one.task} (${one.type}) removed from stage ${one.stage}`];
    case 'task-moved':
      return [
        one.from.stage === one.to.stage
          ? phrase`task ${one.task} moved from place ${words(String(one.from.position))} to ${words(String(one.to.position))} in stage ${one.to.stage}`
          : phrase`task ${one.task} moved from stage ${one.from.stage} to stage ${one.to.stage}, place ${words(String(one.to.position))}`,
      ];
    case 'task-renamed':
      return [phrase`task ${one.from} renamed to ${one.to} in stage ${one.stage}`];
    case 'variable':
      if (one.before === undefined) return [phrase`variable ${one.id} added: ${one.after ?? ''}`];
      if (one.after === undefined) return [phrase`variable ${one.id} removed, was ${one.before}`];
      return [phrase`variable ${one.id}: ${one.before} → ${one.after}`];
    case 'left-out':
      return [['not all is shown: ', one.why]];
    case 'text':
    case 'json':
      return [];
  }
}
