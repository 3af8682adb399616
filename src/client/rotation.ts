/** Takes the addresses of one server name in turn, a session each, and counts. */
export class Rotation {
  readonly #addresses: readonly string[];
  readonly #sessions: number[];
  #next: number;

  /**
   * @param addresses IP addresses; none = the system chooses at each connection, and nothing is counted
   * @param first index of the address that comes first, so that workers don't all begin with the same
   */
  constructor(addresses: readonly string[] = [], first = 0) {
    this.#addresses = addresses;
    this.#sessions = addresses.map(() => 0);
    this.#next = addresses.length === 0 ? 0 : first % addresses.length;
  }

  /** All addresses; the one entry undefined stands for the name itself. */
  get all(): readonly (string | undefined)[] {
    return this.#addresses.length === 0 ? [undefined] : this.#addresses;
  }

  /** The address of the next session. Strictly in turn: by load, one that fails at once would draw all of them. */
  take(): string | undefined {
    const index = this.#next;
    const address = this.#addresses[index];
    if (address === undefined) return undefined;
    this.#next = (index + 1) % this.#addresses.length;
    this.#sessions[index] = (this.#sessions[index] ?? 0) + 1;
    return address;
  }

  /** Sessions so far by address; empty where nothing is counted. */
  counts(): Record<string, number> {
    return Object.fromEntries(this.#addresses.map((address, index) => [address, this.#sessions[index] ?? 0]));
  }
}
