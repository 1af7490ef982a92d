import { refusal } from '../../domain/commands/refusals.ts';
import type { OperatorJob } from '../../domain/jobs/job.ts';
import type { GivenCommand } from '../../domain/commands/operator-command.ts';
import { explainToOperator } from '../../domain/commands/operator-remedies.ts';
import { phrase } from '../../domain/report/phrase.ts';
import { isStop, type Explanation } from '../../domain/report/reason.ts';
import type { UpstreamFailure } from '../../domain/shared/upstream-failure.ts';
import { atWork, type Worker } from '../../domain/jobs/lane-holder.ts';
import type { Ended } from '../commands/command-context.ts';
import type { LaneDoor, Turn } from './lane-claim.ts';
import { operatorAudit } from './operator-audit-entry.ts';
import { prepareGiven } from './prepare-operator-command.ts';
import type { BranchPorts } from '../shared/ports.ts';

export interface OperatePorts {
  /** For what takes no lane. */
  readonly ports: BranchPorts;
  readonly door: LaneDoor;
  /** How long it is waited for a lane, in milliseconds. */
  readonly waitMs: number;
  /** Fires when the operator wants no more of it. */
  readonly stop: AbortSignal;
  /** Tells the operator once who has to be waited for. */
  readonly waitsFor: (worker: Worker) => void;
}

/**
 * How an operator's command ended. `stopped`: the operator wanted no more of it, and what had begun is left to the bot. `cut-off`: the process was
 * paused for so long that another one has taken the lane, and the command.
 */
export type Operated =
  | Extract<Ended, { kind: 'answered' | 'told' }>
  | { readonly kind: 'stopped'; readonly begun: boolean }
  | { readonly kind: 'cut-off' };

const betweenLooksMs = 250;

/**
 * Carries out an operator's command: at once, or in the lane of what it changes, as soon as that is free. What it is to do is found out again
 * in the lane, since the mapping may have changed while it waited.
 */
export async function operate(around: OperatePorts, given: GivenCommand): Promise<Operated> {
  const first = await prepareGiven(around.ports, given);
  if (!first.ok) return kept(around, given, failed(first.failure));
  let { lane } = first.value;
  if (lane === undefined) {
    const ended = await first.value.run();
    return kept(around, given, ended.kind === 'stopped' ? { kind: 'stopped', begun: false } : ended);
  }
  for (;;) {
    const turn = await waitForTurn(around, { ...given, kind: 'operator', lane });
    if ('kind' in turn) return kept(around, given, turn);
    const ended = await useTurn(turn, given, lane);
    if (ended.kind !== 'elsewhere') return ended;
    ({ lane } = ended);
  }
}

/** What ended outside a lane is in the audit log. */
async function kept({ ports }: OperatePorts, given: GivenCommand, ended: Operated): Promise<Operated> {
  if (ended.kind === 'answered' || ended.kind === 'told')
    await ports.store.record([operatorAudit(given, ended)], []);
  return ended;
}

async function waitForTurn(
  { door, waitMs, stop, waitsFor, ports }: OperatePorts,
  job: OperatorJob,
): Promise<Turn | Operated> {
  const until = ports.clock.now() + waitMs;
  for (let told = false; ;) {
    if (stop.aborted) return { kind: 'stopped', begun: false };
    const taken = await door.take(job);
    if (!('worker' in taken)) return taken;
    if (ports.clock.now() >= until) return busy(taken.worker, waitMs);
    if (!told) waitsFor(taken.worker);
    told = true;
    await new Promise<void>((resolve) => void setTimeout(resolve, betweenLooksMs));
  }
}

async function useTurn(
  turn: Turn,
  given: GivenCommand,
  lane: string,
): Promise<Operated | { readonly kind: 'elsewhere'; readonly lane: string }> {
  let ended;
  try {
    ended = await runIn(turn, given, lane);
    if (ended.kind === 'answered' || ended.kind === 'told')
      await turn.ports.store.record([operatorAudit(given, ended)], []);
  } catch (error) {
    const reason = 'an internal error at a terminal';
    if (await turn.end({ kind: 'again', reason })) throw error;
    return { kind: 'cut-off' };
  }
  const isWritten = await turn.end({ kind: ended.kind === 'stopped' ? 'stopped' : 'done' });
  if (!isWritten) return { kind: 'cut-off' };
  return ended.kind === 'stopped' ? { kind: 'stopped', begun: true } : ended;
}

async function runIn({ ports }: Turn, given: GivenCommand, lane: string) {
  const prepared = await prepareGiven(ports, given);
  if (!prepared.ok) return failed(prepared.failure);
  const { lane: now, run } = prepared.value;
  return now === undefined || now === lane ? run() : { kind: 'elsewhere' as const, lane: now };
}

function failed(failure: UpstreamFailure): Operated {
  const reason = { kind: 'upstream', failure } as const;
  return isStop(reason) ? { kind: 'stopped', begun: false } : refused(explainToOperator(reason));
}

function busy(worker: Worker, waitMs: number): Operated {
  return refused({
    what: [
      'Nothing was done: ',
      ...atWork(worker),
      `, longer than the ${waitMs / 1_000} s that the command waits.`,
    ],
    remedy: phrase`Run the command again later, or let it wait longer with ${'--wait SECONDS'}. A running deployment is stopped by the comment ${'/aic cancel'}.`,
  });
}

function refused(explanation: Explanation): Operated {
  return { kind: 'answered', done: false, report: refusal(explanation) };
}
