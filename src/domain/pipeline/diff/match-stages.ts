import { contentKey } from '../content-key.ts';
import { movedIn } from './in-order.ts';
import { isJsonObject, type JsonObject } from '../../shared/json.ts';
import { pairUp } from './matching.ts';
import type { Content } from '../config.ts';
import { mask } from '../../secrets/mask.ts';

/** A stage in one version of a pipeline. */
export interface StageSlot {
  /** Its description, else its id, else its place. */
  readonly name: string;
  /** Among the stages, from 1; 0 for the source and the sink. */
  readonly position: number;
  readonly id: string | undefined;
  /** All of it but its tasks. */
  readonly shell: JsonObject;
  readonly tasks: readonly JsonObject[];
}

/** The stages of two versions, matched. */
export interface AlignedStages {
  readonly matched: readonly {
    readonly one: StageSlot;
    readonly other: StageSlot;
    readonly hasMoved: boolean;
  }[];
  readonly added: readonly StageSlot[];
  readonly removed: readonly StageSlot[];
}

/** Matches the stages by id, else by content, else by description. Source and sink match themselves. */
export function alignStages(before: Content, after: Content): AlignedStages {
  const [old, now] = [slotsOf(before), slotsOf(after)];
  const { pairs, onlyBefore, onlyAfter } = pairUp(old, now, [
    ({ id }) => id,
    ({ shell, tasks }) => contentKey({ ...withoutId(shell), tasks }),
    ({ shell }) => textOf(shell['description']),
    // A single stage that is left over on either side is the same one, more likely than not.
    () => '',
  ]);
  const sorted = pairs.toSorted((a, b) => a.one.position - b.one.position);
  const moved = movedIn(sorted.map(({ other }) => other.position));
  const ends = [
    { one: endOf('source', before.sourceStage), other: endOf('source', after.sourceStage), hasMoved: false },
    { one: endOf('sink', before.sinkStage), other: endOf('sink', after.sinkStage), hasMoved: false },
  ];
  return {
    matched: [...sorted.map((pair, index) => ({ ...pair, hasMoved: moved.has(index) })), ...ends],
    added: onlyAfter,
    removed: onlyBefore,
  };
}

function slotsOf({ stages }: Content): readonly StageSlot[] {
  return stages.map((stage, index) => {
    const id = textOf(stage['stageId']);
    return {
      name: nameOf(textOf(stage['description']) ?? id ?? `stage ${index + 1}`),
      position: index + 1,
      id,
      ...split(stage),
    };
  });
}

function endOf(which: 'source' | 'sink', stage: JsonObject): StageSlot {
  return { name: `${which} stage`, position: 0, id: undefined, ...split(stage) };
}

/** A list of tasks in which something is no task stays with the stage. */
function split(stage: JsonObject): Pick<StageSlot, 'shell' | 'tasks'> {
  const tasks = stage['tasks'];
  if (!Array.isArray(tasks) || !tasks.every(isJsonObject)) return { shell: stage, tasks: [] };
  return { shell: { ...stage, tasks: [] }, tasks };
}

function withoutId(shell: JsonObject): JsonObject {
  return { ...shell, stageId: null };
}

const longestName = 200;

/** A name as it may be shown. */
export function nameOf(text: string): string {
  return mask(text.length <= longestName ? text : `${text.slice(0, longestName).toWellFormed()}…`);
}

/** A text with something in it; a number counts as its digits, as ids may be. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}
