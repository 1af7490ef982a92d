import { violations } from './judge.ts';
import { lookAt, type Outcome } from './outcome.ts';
import type { Scenario } from './scenarios.ts';
import { setStage, type Stage } from './stage.ts';
import type { Stop } from './stop.ts';

/** A run of a scenario without a stop. */
export interface Calm {
  readonly outcome: Outcome;
  /** The boundaries that it passed. */
  readonly boundaries: readonly string[];
}

/** A run of a scenario with stops. */
export interface Case {
  /** The boundary of the first stop; undefined when the run had fewer. */
  readonly stoppedAfter: string | undefined;
  readonly wrong: readonly string[];
  readonly log: readonly string[];
}

/** Runs a scenario without a stop: what it leaves behind is what it must leave behind with one. */
export async function runCalmly(scenario: Scenario, atOnce: number): Promise<Calm> {
  const stage = await setStage({ stops: [], atOnce, ...settingsOf(scenario) });
  try {
    await play(scenario, stage);
    return { outcome: await lookAt(stage), boundaries: stage.boundaries() };
  } finally {
    await stage.close();
  }
}

/** Runs a scenario and stops the bot as told. */
export async function runWithStops(
  scenario: Scenario,
  stops: readonly Stop[],
  { calm, atOnce }: { readonly calm: Outcome; readonly atOnce: number },
): Promise<Case> {
  const stage = await setStage({ stops, atOnce, ...settingsOf(scenario) });
  let wrong: readonly string[];
  try {
    await play(scenario, stage);
    wrong = violations(await lookAt(stage), calm);
  } catch (error) {
    wrong = [error instanceof Error ? error.message : String(error)];
  }
  const stoppedAfter = stage.stopsPassed() > 0 ? stage.boundaries()[(stops[0]?.at ?? 0) - 1] : undefined;
  const log = stage.log();
  await stage.close();
  return { stoppedAfter, wrong, log };
}

function settingsOf({ settings }: Scenario) {
  return settings === undefined ? {} : { settings };
}

async function play(scenario: Scenario, stage: Stage): Promise<void> {
  await scenario.prepare(stage);
  if (scenario.fromStart === true) stage.arm();
  await stage.start();
  await stage.settled();
  await scenario.miss?.(stage);
  if (scenario.fromStart !== true) stage.arm();
  await scenario.act(stage);
  await stage.settled();
}
