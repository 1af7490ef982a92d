import { noStaleCollection } from './no-stale-collection.ts';

/** The project's own rules, for `.oxlintrc.json`. */
export default { meta: { name: 'aic-bot' }, rules: { 'no-stale-collection': noStaleCollection } };
