import { alignStages, type StageSlot } from './align-stages.ts';
import { alignTasks, tasksIn, type TaskSlot } from './align-tasks.ts';
import { canonicalOf } from './fingerprint.ts';
import type { Json } from './json.ts';
import { jsonDiff } from './json-diff.ts';
import type { Content } from './pipeline-config.ts';
import { textDiff, type Language } from './text-diff.ts';
import { splitTexts } from './task-texts.ts';
import { variableDifferences } from './variable-differences.ts';

/** Something that differs between two versions of a pipeline, in the pipeline's own terms. Positions count from 1. */
export type Difference =
  | {
      readonly kind: 'stage-added' | 'stage-removed';
      readonly stage: string;
      readonly tasks: readonly string[];
    }
  | { readonly kind: 'stage-moved'; readonly stage: string; readonly from: number; readonly to: number }
  | { readonly kind: 'stage-renamed'; readonly from: string; readonly to: string }
  | {
      readonly kind: 'task-added' | 'task-removed';
      readonly stage: string;
      readonly task: string;
      readonly type: string;
      /** The code of an added task. */
      readonly code: readonly { readonly where: string; readonly diff: string }[];
    }
  | {
      readonly kind: 'task-moved';
      readonly task: string;
      readonly from: { readonly stage: string; readonly position: number };
      readonly to: { readonly stage: string; readonly position: number };
    }
  | { readonly kind: 'task-renamed'; readonly stage: string; readonly from: string; readonly to: string }
  /** Values that look secret are hidden. */
  | {
      readonly kind: 'variable';
      readonly id: string;
      readonly before: string | undefined;
      readonly after: string | undefined;
    }
  | { readonly kind: 'text'; readonly where: string; readonly language: Language; readonly diff: string }
  | { readonly kind: 'json'; readonly where: string; readonly diff: string };

/**
 * What differs between two versions of a pipeline; empty exactly where their fingerprints are equal. Stages are matched by their ids, tasks by theirs
 * over all stages, and what is left by likeness. Code and other texts are compared line by line; whatever else differs is compared as JSON.
 */
export function differencesBetween(before: Content, after: Content): readonly Difference[] {
  if (isSame({ ...before }, { ...after })) return [];
  const stages = alignStages(before, after);
  const tasks = alignTasks(stages);
  const found = [
    ...variableDifferences(before.variables, after.variables),
    ...stages.added.map((slot) => stageChange('stage-added', slot)),
    ...stages.removed.map((slot) => stageChange('stage-removed', slot)),
    ...stages.matched.flatMap(({ one, other, hasMoved }) => stageDifferences(one, other, hasMoved)),
    ...tasks.added.map((slot) => taskChange('task-added', slot)),
    ...tasks.removed.map((slot) => taskChange('task-removed', slot)),
    ...tasks.matched.flatMap(({ one, other, hasMoved }) => taskDifferences(one, other, hasMoved)),
  ];
  // Whatever is in none of these terms, such as the order of variables.
  return found.length > 0
    ? found
    : [{ kind: 'json', where: 'config', diff: jsonDiff({ ...before }, { ...after }) }];
}

function isSame(one: Json, other: Json): boolean {
  return canonicalOf(one) === canonicalOf(other);
}

function stageChange(kind: 'stage-added' | 'stage-removed', slot: StageSlot): Difference {
  return { kind, stage: slot.name, tasks: tasksIn(slot).map(({ name }) => name) };
}

function stageDifferences(one: StageSlot, other: StageSlot, hasMoved: boolean): readonly Difference[] {
  const found: Difference[] = [];
  if (hasMoved)
    found.push({ kind: 'stage-moved', stage: other.name, from: one.position, to: other.position });
  const isRenamed = one.name !== other.name;
  if (isRenamed) found.push({ kind: 'stage-renamed', from: one.name, to: other.name });
  const [before, after] = isRenamed
    ? [
        { ...one.shell, description: '' },
        { ...other.shell, description: '' },
      ]
    : [one.shell, other.shell];
  if (!isSame(before, after)) found.push({ kind: 'json', where: other.name, diff: jsonDiff(before, after) });
  return found;
}

function taskChange(kind: 'task-added' | 'task-removed', { stage, name, type, task }: TaskSlot): Difference {
  const texts = kind === 'task-added' ? splitTexts({}, task).texts : [];
  const code = texts.map(({ field, after }) => ({
    where: `${stage.name} › ${name} › ${field}`,
    diff: textDiff('', after),
  }));
  return { kind, stage: stage.name, task: name, type, code };
}

function taskDifferences(one: TaskSlot, other: TaskSlot, hasMoved: boolean): readonly Difference[] {
  const found: Difference[] = [];
  if (hasMoved)
    found.push({
      kind: 'task-moved',
      task: other.name,
      from: { stage: one.stage.name, position: one.position },
      to: { stage: other.stage.name, position: other.position },
    });
  const isRenamed = one.name !== other.name;
  if (isRenamed)
    found.push({ kind: 'task-renamed', stage: other.stage.name, from: one.name, to: other.name });
  if (isSame(one.task, other.task)) return found;
  const where = `${other.stage.name} › ${other.name}`;
  const { texts, before, after } = splitTexts(one.task, other.task);
  for (const { field, language, before: old, after: now } of texts) {
    if (old !== now)
      found.push({ kind: 'text', where: `${where} › ${field}`, language, diff: textDiff(old, now) });
  }
  const [rest, then] = isRenamed
    ? [
        { ...before, description: '' },
        { ...after, description: '' },
      ]
    : [before, after];
  if (!isSame(rest, then)) found.push({ kind: 'json', where, diff: jsonDiff(rest, then) });
  return found;
}
