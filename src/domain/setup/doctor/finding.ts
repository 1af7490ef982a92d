import { plain } from '../../report/text.ts';
import type { Phrase } from '../../report/phrase.ts';
import type { Mark, Printout } from '../../report/printout.ts';
import type { Explanation } from '../../report/reason.ts';

/**
 * What a check found. `warning`: works, but not for long or not as it should. `skipped`: could not be looked at, because of something
 * else that is told beside it.
 */
export interface Finding {
  /** What was looked at, in a word or two. */
  readonly check: string;
  readonly status: 'fine' | 'warning' | 'failed' | 'skipped';
  readonly what: Phrase;
  readonly remedy: Phrase | undefined;
}

export function fine(check: string, what: Phrase): Finding {
  return { check, status: 'fine', what, remedy: undefined };
}

export function warned(check: string, { what, remedy }: Explanation): Finding {
  return { check, status: 'warning', what, remedy };
}

export function failed(check: string, { what, remedy }: Explanation): Finding {
  return { check, status: 'failed', what, remedy };
}

export function skipped(check: string, what: Phrase): Finding {
  return { check, status: 'skipped', what, remedy: undefined };
}

/** The findings about the bot itself, or about one project. */
export interface Findings {
  readonly project: string | undefined;
  readonly all: readonly Finding[];
}

const marks: Readonly<Record<Finding['status'], Mark>> = {
  fine: 'well',
  warning: 'warning',
  failed: 'failed',
  skipped: 'plain',
};

/** What `doctor` tells. Warnings leave the exit code alone. */
export function doctorPrintout(groups: readonly Findings[]): Printout {
  const every = groups.flatMap(({ all }) => all);
  const count = (status: Finding['status']) => every.filter((finding) => finding.status === status).length;
  const failures = count('failed');
  const parts = [
    failures === 0 ? `None of ${every.length} checks failed` : `${failures} of ${every.length} checks failed`,
    ...(count('warning') === 0
      ? []
      : [count('warning') === 1 ? '1 warning' : `${count('warning')} warnings`]),
    ...(count('skipped') === 0 ? [] : [`${count('skipped')} not looked at`]),
  ];
  return {
    isWell: failures === 0,
    outcome: [
      every.every(({ status }) => status === 'fine')
        ? `All ${every.length} checks are fine.`
        : `${parts.join(', ')}.`,
    ],
    sections: groups.map(({ project, all }) => ({
      title: project === undefined ? undefined : [{ code: project }],
      lines: all.map(({ check, status, what, remedy }) => ({
        mark: marks[status],
        label: check,
        text: what,
        remedy,
      })),
    })),
    data: {
      checks: groups.flatMap(({ project, all }) =>
        all.map(({ check, status, what, remedy }) => ({
          ...(project === undefined ? {} : { project }),
          check,
          status,
          text: plain(what),
          ...(remedy === undefined ? {} : { remedy: plain(remedy) }),
        })),
      ),
    },
  };
}
