import { violations } from './judge.ts';
import { lookAt, type Outcome } from './outcome.ts';
import type { Scenario } from './scenarios.ts';
import { setStage, type Stage } from './stage.ts';

/** A run of a scenario without a kill. */
export interface Calm {
  readonly outcome: Outcome;
  /** The boundaries that it passed. */
  readonly boundaries: readonly string[];
}

/** A run of a scenario with a kill. */
export interface Case {
  /** The boundary after which the bot was killed; undefined when the run had fewer. */
  readonly killedAfter: string | undefined;
  readonly wrong: readonly string[];
  readonly log: readonly string[];
}

/** Runs a scenario without a kill: what it leaves behind is what it must leave behind with one. */
export async function runCalmly(scenario: Scenario): Promise<Calm> {
  const stage = await setStage(undefined);
  try {
    await play(scenario, stage);
    return { outcome: await lookAt(stage), boundaries: stage.boundaries() };
  } finally {
    await stage.close();
  }
}

/** Runs a scenario and kills the bot after the boundary of this number, from 1. */
export async function runWithKill(scenario: Scenario, killAt: number, calm: Outcome): Promise<Case> {
  const stage = await setStage(killAt);
  let wrong: readonly string[];
  try {
    await play(scenario, stage);
    wrong = violations(await lookAt(stage), calm);
  } catch (error) {
    wrong = [error instanceof Error ? error.message : String(error)];
  }
  const killedAfter = stage.wasKilled() ? stage.boundaries().at(-1) : undefined;
  const log = stage.log();
  await stage.close();
  return { killedAfter, wrong, log };
}

async function play(scenario: Scenario, stage: Stage): Promise<void> {
  await scenario.prepare(stage);
  await stage.start();
  await stage.settled();
  stage.arm();
  await scenario.act(stage);
  await stage.settled();
}
