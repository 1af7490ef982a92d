import { alignStages, type StageSlot } from './match-stages.ts';
import { alignTasks, tasksIn, type TaskSlot } from './match-tasks.ts';
import { counted } from '../../report/count.ts';
import { jsonDiff } from './json-diff.ts';
import type { Content } from '../config.ts';
import { isSameJson } from '../../shared/same-json.ts';
import { textDiff } from './text-diff.ts';
import { splitTexts } from './split-task-texts.ts';
import { variableDifferences } from './diff-variables.ts';
import type { Difference } from './difference.ts';

/** So many differences of one pipeline are told, with so many characters of diffs: nobody reads more of them in a comment. */
const mostDifferences = 300;
const mostCharacters = 200_000;
/** Of more stages and tasks nothing is matched. */
const mostParts = 5_000;

/**
 * What differs between two versions of a pipeline; empty exactly where their fingerprints are equal. Stages are matched by their ids, tasks by theirs
 * over all stages, and what is left by likeness. Code and other texts are compared line by line; whatever else differs is compared as JSON. Secrets are hidden.
 * What is too much to be told is left out, and it says so. At each `yield` others may have their turn: the work between two is bounded.
 */
export function* differencesBetween(
  before: Content,
  after: Content,
): Generator<undefined, readonly Difference[]> {
  if (isSame(before, after)) return [];
  const found: Difference[] = [];
  let room = mostCharacters;
  for (const difference of allBetween(before, after)) {
    yield;
    if (difference === undefined) continue;
    room -= sizeOf(difference);
    if (found.length === mostDifferences || (room < 0 && found.length > 0)) {
      const many = `${counted(found.length, 'difference')} with ${mostCharacters - Math.max(0, room)} characters`;
      return [
        ...found,
        { kind: 'left-out', why: `there are more than these: ${many} are as much as is shown` },
      ];
    }
    found.push(difference);
  }
  if (found.length > 0) return found;
  // Whatever is in none of these terms, such as the order of variables.
  return [{ kind: 'json', where: 'config', diff: yield* jsonDiff({ ...before }, { ...after }) }];
}

function* allBetween(before: Content, after: Content): Generator<Difference | undefined, void> {
  yield* variableDifferences(before.variables, after.variables);
  const parts = Math.max(partsOf(before), partsOf(after));
  if (parts > mostParts) {
    yield { kind: 'left-out', why: `${parts} stages and tasks are too many to be compared` };
    return;
  }
  const stages = alignStages(before, after);
  yield;
  const tasks = yield* alignTasks(stages);
  yield* stages.added.map((slot) => stageChange('stage-added', slot));
  yield* stages.removed.map((slot) => stageChange('stage-removed', slot));
  for (const { one, other, hasMoved } of stages.matched) yield* stageDifferences(one, other, hasMoved);
  for (const slot of tasks.added) yield yield* taskChange('task-added', slot);
  for (const slot of tasks.removed) yield yield* taskChange('task-removed', slot);
  for (const { one, other, hasMoved } of tasks.matched) yield* taskDifferences(one, other, hasMoved);
}

function isSame(one: Content, other: Content): boolean {
  return isSameJson({ ...one }, { ...other });
}

function partsOf({ stages }: Content): number {
  return stages.reduce((sum, { tasks }) => sum + 1 + (Array.isArray(tasks) ? tasks.length : 0), 0);
}

function sizeOf(difference: Difference): number {
  switch (difference.kind) {
    case 'text':
    case 'json':
      return difference.diff.length;
    case 'task-added':
    case 'task-removed':
      return difference.code.reduce((sum, { diff }) => sum + diff.length, 0);
    case 'stage-added':
    case 'stage-removed':
    case 'stage-moved':
    case 'stage-renamed':
    case 'task-moved':
    case 'task-renamed':
    case 'variable':
    case 'left-out':
      return 0;
  }
}

function stageChange(kind: 'stage-added' | 'stage-removed', slot: StageSlot): Difference {
  return { kind, stage: slot.name, tasks: tasksIn(slot).map(({ name }) => name) };
}

function* stageDifferences(
  one: StageSlot,
  other: StageSlot,
  hasMoved: boolean,
): Generator<Difference | undefined, void> {
  if (hasMoved) yield { kind: 'stage-moved', stage: other.name, from: one.position, to: other.position };
  const isRenamed = one.name !== other.name;
  if (isRenamed) yield { kind: 'stage-renamed', from: one.name, to: other.name };
  const [before, after] = isRenamed
    ? [
        { ...one.shell, description: '' },
        { ...other.shell, description: '' },
      ]
    : [one.shell, other.shell];
  if (!isSameJson(before, after))
    yield { kind: 'json', where: other.name, diff: yield* jsonDiff(before, after) };
}

function* taskChange(
  kind: 'task-added' | 'task-removed',
  { stage, name, type, task }: TaskSlot,
): Generator<undefined, Difference> {
  const code: { readonly where: string; readonly diff: string }[] = [];
  const { texts, left } = kind === 'task-added' ? splitTexts({}, task) : { texts: [], left: false };
  const where = `${stage.name} › ${name}`;
  let room = mostCharacters;
  for (const { field, after } of texts) {
    if (room < 0) break;
    const diff = yield* textDiff('', after);
    room -= diff.length;
    code.push({ where: `${where} › ${field}`, diff });
  }
  if (left || code.length < texts.length) code.push({ where, diff: '@@ more texts, which are not shown @@' });
  return { kind, stage: stage.name, task: name, type, code };
}

function* taskDifferences(
  one: TaskSlot,
  other: TaskSlot,
  hasMoved: boolean,
): Generator<Difference | undefined, void> {
  if (hasMoved)
    yield {
      kind: 'task-moved',
      task: other.name,
      from: { stage: one.stage.name, position: one.position },
      to: { stage: other.stage.name, position: other.position },
    };
  const isRenamed = one.name !== other.name;
  if (isRenamed) yield { kind: 'task-renamed', stage: other.stage.name, from: one.name, to: other.name };
  if (isSameJson(one.task, other.task)) return;
  const where = `${other.stage.name} › ${other.name}`;
  const { texts, before, after } = splitTexts(one.task, other.task);
  for (const { field, language, before: old, after: now } of texts) {
    if (old !== now)
      yield { kind: 'text', where: `${where} › ${field}`, language, diff: yield* textDiff(old, now) };
  }
  const [rest, then] = isRenamed
    ? [
        { ...before, description: '' },
        { ...after, description: '' },
      ]
    : [before, after];
  if (!isSameJson(rest, then)) yield { kind: 'json', where, diff: yield* jsonDiff(rest, then) };
}
