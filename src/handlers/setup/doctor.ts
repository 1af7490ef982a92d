import type { Environment } from '../../domain/aic/aic.ts';
import type { AicCatalogue } from '../../domain/aic/catalogue.ts';
import {
  doctorPrintout,
  failed,
  fine,
  skipped,
  type Finding,
  type Findings,
} from '../../domain/setup/doctor/finding.ts';
import { explainToOperator } from '../../domain/commands/operator-remedies.ts';
import { names, phrase, words } from '../../domain/report/phrase.ts';
import type { Printout } from '../../domain/report/printout.ts';
import type { Explanation } from '../../domain/report/reason.ts';
import type { Result } from '../../domain/shared/result.ts';
import { judgeOwner, judgeToken } from '../../domain/setup/doctor/token-findings.ts';
import { runCheck } from './run-check.ts';
import { examineProject } from './doctor-project.ts';
import type { DoctorGitLab, DoctorPorts } from './doctor-ports.ts';

const limitMs = 15_000;

/** Looks at everything that the bot needs, at once, and tells what it found: about itself, then about each of the projects. */
export async function doctor(ports: DoctorPorts, projects: readonly string[]): Promise<Printout> {
  ports.progress('Looking at settings, GitLab, AIC, mail and database');
  const [general, ...each] = await Promise.all([
    examineBot(ports),
    ...projects.map(async (project): Promise<Findings> => ({
      project,
      all: await examineProject(ports, project, limitMs),
    })),
  ]);
  return doctorPrintout([{ project: undefined, all: general }, ...each]);
}

async function examineBot(ports: DoctorPorts): Promise<readonly Finding[]> {
  const { gitlab, aic, mail, database } = ports;
  const checks = [
    runCheck('settings', limitMs, async () => settings(ports.settings.mistakes)),
    ...(gitlab === undefined
      ? [noSettings('GitLab', ['GITLAB_URL', 'GITLAB_TOKEN'])]
      : [
          runCheck('GitLab', limitMs, () => version(gitlab)),
          runCheck('token owner', limitMs, () => owner(gitlab)),
          runCheck('token', limitMs, () => token(gitlab, ports.clock.now())),
        ]),
    ...(aic.environments.length === 0 ? [noSettings('AIC', ['AIC_API_KEY'])] : []),
    ...aic.environments.map((environment) =>
      runCheck(aicCheck(environment), limitMs, () => key(aic, environment)),
    ),
    mail === undefined
      ? noSettings('mail', ['SMTP_URL'])
      : runCheck('mail', limitMs, async () => mailFindings(await mail())),
    database === undefined
      ? noSettings('database', ['DATABASE_URL'])
      : runCheck('database', limitMs, async () => databaseFindings(await database())),
  ];
  return (await Promise.all(checks)).flat();
}

async function noSettings(check: string, needed: readonly string[]): Promise<readonly Finding[]> {
  return [skipped(check, ['not looked at: that needs ', ...names(needed)])];
}

function settings(mistakes: readonly Explanation[]): readonly Finding[] {
  if (mistakes.length === 0) return [fine('settings', words('all that are needed are there'))];
  return mistakes.map((mistake) => failed('settings', mistake));
}

async function version({ inspection }: DoctorGitLab): Promise<readonly Finding[]> {
  const answered = await inspection.version();
  if (answered.ok) return [fine('GitLab', phrase`answers, version ${answered.value}`)];
  return [failed('GitLab', explainToOperator({ kind: 'upstream', failure: answered.failure }))];
}

async function owner({ inspection }: DoctorGitLab): Promise<readonly Finding[]> {
  const shown = await inspection.owner();
  if (shown.ok) return [judgeOwner(shown.value)];
  return [failed('token owner', explainToOperator({ kind: 'upstream', failure: shown.failure }))];
}

async function token({ bot }: DoctorGitLab, now: number): Promise<readonly Finding[]> {
  const shown = await bot.token();
  if (shown.ok) return judgeToken(shown.value, now);
  return [failed('token', explainToOperator({ kind: 'upstream', failure: shown.failure }))];
}

function aicCheck(environment: Environment): string {
  return environment === 'qa' ? 'AIC QA' : 'AIC';
}

async function key(aic: AicCatalogue, environment: Environment): Promise<readonly Finding[]> {
  const check = aicCheck(environment);
  const listed = await aic.projects(environment);
  if (listed.ok) {
    const count = listed.value.length === 1 ? '1 project' : `${listed.value.length} projects`;
    return [fine(check, words(`accepts the key and shows ${count}`))];
  }
  const { what, remedy } = explainToOperator({ kind: 'upstream', failure: listed.failure });
  const own = environment === 'qa' ? phrase`Check ${'AIC_QA_API_KEY'} and ${'AIC_QA_URL'}.` : remedy;
  return [failed(check, { what, remedy: own })];
}

function mailFindings(answer: Result<void, string>): readonly Finding[] {
  if (answer.ok) return [fine('mail', words('the server answers and takes the login'))];
  return [
    failed('mail', {
      what: phrase`The mail server cannot be used: ${answer.failure}`,
      remedy: phrase`Check host, port, user and password in ${'SMTP_URL'}. Until then mails wait; deployments do not.`,
    }),
  ];
}

function databaseFindings(probed: Result<'usable' | 'new', string>): readonly Finding[] {
  if (probed.ok)
    return [
      fine(
        'database',
        words(probed.value === 'new' ? 'there is none yet; it can be made' : 'can be written to'),
      ),
    ];
  return [
    failed('database', {
      what: phrase`The database cannot be used: ${probed.failure}`,
      remedy: phrase`Do as that says. Where it does not say what to do, check the path in ${'DATABASE_URL'} and that this account may write there.`,
    }),
  ];
}
