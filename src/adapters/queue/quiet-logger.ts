import { Logger } from 'graphile-worker';

/** graphile-worker says what it does on the console; here the lanes say it, in the bot's log. */
export const quietLogger = new Logger(() => () => {});
