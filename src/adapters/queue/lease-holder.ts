import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import process from 'node:process';

/** Who holds leases: one start of one process. */
export interface Holder {
  /** Random. */
  readonly id: string;
  /** Who that is for people, such as `the bot`. */
  readonly who: string;
  readonly host: string;
  readonly pidSpace: string;
  readonly pid: number;
}

/** This process, as the holder of leases. */
export function thisProcess(who: string): Holder {
  return { id: crypto.randomUUID(), who, host: hostname(), pidSpace: pidSpace(), pid: process.pid };
}

/**
 * Whether a holder's process has certainly ended, which lets its lanes go on at once instead of after their lease.
 *
 * This is safe: within one namespace of process ids, the kernel gives an id to one living process at most. So an id that nobody has, and one
 * that is ours by now, belonged to a process that is gone and writes nothing any more. Of another host nothing is known, nor of another
 * container on this one, which has ids of its own; and an id that was given to a third process looks alive. All these wait for their lease to expire.
 */
export function hasEnded(other: Holder, self: Holder): boolean {
  if (other.host !== self.host || other.pidSpace !== self.pidSpace || other.id === self.id) return false;
  return other.pid === self.pid || !isAlive(other.pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user is alive, too; it may only not be signalled (EPERM).
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

/** Linux's namespace of process ids, which differs between containers. Elsewhere a host has but one. */
function pidSpace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}
