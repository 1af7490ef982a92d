import { failed, type Finding } from '../../domain/setup/doctor/finding.ts';
import { phrase, words } from '../../domain/report/phrase.ts';

/**
 * Runs one check of the doctor's: whatever becomes of it, there is a finding in time, so that no check hides another.
 * @param limitMs it counts as failed after so long
 */
export async function runCheck(
  check: string,
  limitMs: number,
  look: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<readonly Finding[]>((resolve) => {
    const finding = failed(check, {
      what: words(`There was no answer within ${limitMs / 1000} s.`),
      remedy: words('Check the address and the network between, then run the command again.'),
    });
    timer = setTimeout(() => resolve([finding]), limitMs);
  });
  try {
    return await Promise.race([look(), late]);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const remedy = words('This is a mistake in aic-bot: please report it.');
    return [failed(check, { what: phrase`The check broke: ${said}`, remedy })];
  } finally {
    clearTimeout(timer);
  }
}
