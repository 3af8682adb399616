/* eslint-disable no-restricted-globals -- the library writes to it, not we, and has no switch for that */
/**
 * Runs a call of the Opus decoder without its words on the console: it writes each error there besides returning it, and whoever
 * called is told by a status or an exit code.
 */
export function withoutConsole<Result>(act: () => Result): Result {
  const { error } = console;
  console.error = () => undefined;
  try {
    return act();
  } finally {
    console.error = error;
  }
}
