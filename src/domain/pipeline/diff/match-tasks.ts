import { nameOf, textOf, type AlignedStages, type StageSlot } from './match-stages.ts';
import { contentKey } from '../content-key.ts';
import { movedIn } from './in-order.ts';
import type { JsonObject } from '../../shared/json.ts';
import { likeness, linesOf } from './similarity.ts';
import { pairUp, type Pair } from './matching.ts';

/** A task in one version of a pipeline. */
export interface TaskSlot {
  /** Its description, else its id, else its place. */
  readonly name: string;
  readonly type: string;
  /** In its stage, from 1. */
  readonly position: number;
  readonly stage: StageSlot;
  readonly task: JsonObject;
}

/** The tasks of two versions, matched. */
export interface AlignedTasks {
  readonly matched: readonly (Pair<TaskSlot> & { readonly hasMoved: boolean })[];
  readonly added: readonly TaskSlot[];
  readonly removed: readonly TaskSlot[];
}

/** More tasks without a match than this are not compared with one another. */
const mostCompared = 40;

/** Matches tasks by id over all stages, else by content, else by type and description, else those that are most alike. */
export function* alignTasks(stages: AlignedStages): Generator<undefined, AlignedTasks> {
  const before = [...stages.matched.map(({ one }) => one), ...stages.removed].flatMap(tasksIn);
  const after = [...stages.matched.map(({ other }) => other), ...stages.added].flatMap(tasksIn);
  const first = pairUp(before, after, [
    ({ task }) => textOf(task['id']),
    ({ task }) => contentKey({ ...task, id: null }),
    ({ task, type }) => {
      const description = textOf(task['description']);
      return description === undefined ? undefined : `${type} ${description}`;
    },
  ]);
  yield;
  const second = yield* pairAlike(first.onlyBefore, first.onlyAfter);
  const pairs = [...first.pairs, ...second.pairs];
  const sameStage = new Map(stages.matched.map(({ one, other }) => [one, other]));
  return { matched: withMoves(pairs, sameStage), added: second.onlyAfter, removed: second.onlyBefore };
}

/** The tasks of a stage, in their order. */
export function tasksIn(stage: StageSlot): readonly TaskSlot[] {
  return stage.tasks.map((task, index) => ({
    name: nameOf(textOf(task['description']) ?? textOf(task['id']) ?? `task ${index + 1}`),
    type: (textOf(task['type']) ?? 'task').slice(0, 50).toWellFormed(),
    position: index + 1,
    stage,
    task,
  }));
}

interface Alike extends Pair<TaskSlot> {
  readonly likeness: number;
}

/** The likeliest first, of the same type. */
function* pairAlike(before: readonly TaskSlot[], after: readonly TaskSlot[]) {
  if (before.length * after.length > mostCompared * mostCompared)
    return { pairs: [], onlyBefore: before, onlyAfter: after };
  const lines = new Map<TaskSlot, ReadonlySet<string>>();
  for (const slot of [...before, ...after]) {
    lines.set(slot, linesOf(slot.task));
    yield;
  }
  const all: Alike[] = [];
  for (const one of before) {
    for (const other of after) {
      if (one.type.toUpperCase() !== other.type.toUpperCase()) continue;
      const [its, others] = [lines.get(one), lines.get(other)];
      all.push({ one, other, likeness: its && others ? likeness(its, others) : 0 });
    }
    yield;
  }
  const alike = all
    .filter((pair) => pair.likeness >= 0.5)
    .toSorted((one, other) => other.likeness - one.likeness);
  const pairs: Pair<TaskSlot>[] = [];
  const taken = new Set<TaskSlot>();
  for (const { one, other } of alike) {
    if (taken.has(one) || taken.has(other)) continue;
    pairs.push({ one, other });
    taken.add(one).add(other);
  }
  return {
    pairs,
    onlyBefore: before.filter((slot) => !taken.has(slot)),
    onlyAfter: after.filter((slot) => !taken.has(slot)),
  };
}

/** A task has moved to another stage, or past others of its own. */
function withMoves(
  pairs: readonly Pair<TaskSlot>[],
  sameStage: ReadonlyMap<StageSlot, StageSlot>,
): AlignedTasks['matched'] {
  const byStage = new Map<StageSlot, Pair<TaskSlot>[]>();
  const moved = new Set<Pair<TaskSlot>>();
  for (const pair of pairs) {
    if (sameStage.get(pair.one.stage) !== pair.other.stage) moved.add(pair);
    else {
      const its = byStage.get(pair.one.stage);
      if (its === undefined) byStage.set(pair.one.stage, [pair]);
      else its.push(pair);
    }
  }
  for (const its of byStage.values()) {
    const sorted = its.toSorted((a, b) => a.one.position - b.one.position);
    const passed = movedIn(sorted.map(({ other }) => other.position));
    sorted.forEach((pair, index) => {
      if (passed.has(index)) moved.add(pair);
    });
  }
  return pairs.map((pair) => ({ ...pair, hasMoved: moved.has(pair) }));
}
