/**
 * An object without the properties that are undefined: for optional properties, which under `exactOptionalPropertyTypes` are
 * absent or have a value. Not for hot paths: it makes an object more.
 */
export function defined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
