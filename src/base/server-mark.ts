/** The mark of a server that is not a product, so that no figure of it appears without the word. */
export interface ServerMark {
  /** The project's own emulator: it understands nothing, its times are a model's. */
  emulated: boolean;
  /** A recogniser that really listens, in the place of the one that is meant, such as `PocketSphinx, CPU`. */
  standIn?: string;
}

/** The mark among the parameters that a server's models have; a real server has none. */
export function markAmong(parameters: readonly Readonly<Record<string, string>>[]): ServerMark {
  const standIn = parameters.map(({ stand_in: name }) => name).find((name) => name !== undefined);
  return {
    emulated: parameters.some(({ emulated }) => emulated === "true"),
    ...(standIn === undefined ? {} : { standIn }),
  };
}

/** The mark of several servers that one set of figures is of. */
export function commonMark(marks: readonly Partial<ServerMark>[]): ServerMark {
  const standIns = new Set(marks.flatMap(({ standIn }) => (standIn === undefined ? [] : [standIn])));
  return {
    emulated: marks.some(({ emulated }) => emulated === true),
    ...(standIns.size === 0 ? {} : { standIn: [...standIns].join("; ") }),
  };
}

/** The mark as a value of a column or a label: `true`, `false`, or the word of a stand-in. */
export function markValue(mark: ServerMark): string {
  return mark.standIn === undefined ? String(mark.emulated) : (markWord(mark) ?? "");
}

/** The word that figures of such a server stand beside; undefined for any other server. */
export function markWord({ emulated, standIn }: Partial<ServerMark>): string | undefined {
  const words = [
    ...(emulated === true ? ["emulated"] : []),
    ...(standIn === undefined ? [] : [`stand-in: ${standIn}`]),
  ];
  return words.length === 0 ? undefined : words.join(", ");
}
