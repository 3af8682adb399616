/** How often the machine lets no process run: what a test that measures milliseconds may blame, and nothing else. */

/** Gaps of the event loop above `longerThanMs` while `work` went on. This process must have nothing else to do. */
export async function stallsDuring<T>(
  work: () => Promise<T>,
  longerThanMs: number,
): Promise<{ result: T; stallsMs: number[] }> {
  const stallsMs: number[] = [];
  let lastMs = performance.now();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    if (nowMs - lastMs > longerThanMs) stallsMs.push(nowMs - lastMs);
    lastMs = nowMs;
  }, 1);
  try {
    return { result: await work(), stallsMs };
  } finally {
    clearInterval(timer);
  }
}
