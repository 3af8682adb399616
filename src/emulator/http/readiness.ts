/** Whether the server takes work, as its health endpoints say. */
export class Readiness {
  #ready = true;
  readonly #watchers = new Set<() => void>();

  get ready(): boolean {
    return this.#ready;
  }

  set(ready: boolean): void {
    if (ready === this.#ready) return;
    this.#ready = ready;
    for (const watcher of this.#watchers) watcher();
  }

  /** Calls back at each change until the returned function is called. */
  onChange(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}
